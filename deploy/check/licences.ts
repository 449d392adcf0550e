import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isPermitted } from './licenceExpression.ts'

type LockedPackage = { version?: string; license?: string; dev?: boolean; link?: boolean }

const root = join(import.meta.dirname, '../..')

/** Fewer than this many packages means that the lock file was not understood, not that all is well. */
const packagesMin = 40

/**
 * `npm run check`: everything that a production install brings is under a permissive licence. The lock file is asked,
 * since packages for other platforms are not installed here; it copies the licence from each package.json.
 */
function main(): boolean {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>
  }
  const shipped = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && !entry.dev && !entry.link)
  const refused = shipped
    .map(([path, entry]) => ({ path, version: entry.version, licence: entry.license ?? installedLicence(path) }))
    .filter(({ licence }) => licence === undefined || !isPermitted(licence))
  for (const { path, version, licence } of refused) {
    process.stdout.write(`${path.replace(/^.*node_modules\//, '')} ${version}: ${licence ?? 'names no licence'}\n`)
  }
  process.stdout.write(`${shipped.length} packages of production looked at\n`)
  return refused.length === 0 && shipped.length >= packagesMin
}

function installedLicence(path: string): string | undefined {
  const file = join(root, path, 'package.json')
  if (!existsSync(file)) return undefined
  const { license } = JSON.parse(readFileSync(file, 'utf8')) as { license?: unknown }
  return typeof license === 'string' ? license : undefined
}

process.exitCode = main() ? 0 : 1
