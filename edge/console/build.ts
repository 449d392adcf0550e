import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const appFolder = join(import.meta.dirname, 'app')
const builtFolder = join(appFolder, 'dist')
const stampName = '.sources'
const vite = join(root, 'node_modules/vite/bin/vite.js')
const buildTimeoutMs = 60_000
const run = promisify(execFile)

/** What the built files depend on: their sources, and the versions of what they are built with and from. */
function sourcesDigest(): string {
  const hash = createHash('sha256')
  const files = readdirSync(appFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(builtFolder))
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of [...files.toSorted(), join(root, 'package-lock.json')]) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

/**
 * Builds the console's files when there are none or their sources are others by now.
 * @returns whether anything was built
 * @throws Error with what Vite said, or when Vite is not installed
 */
export async function buildConsole(): Promise<boolean> {
  const digest = sourcesDigest()
  if (isBuilt(digest)) return false
  if (!existsSync(vite))
    throw new Error('the console cannot be built: vite is not installed (npm ci without --omit=dev)')
  const folder = `${builtFolder}-${process.pid}`
  const args = [vite, 'build', '--config', join(appFolder, 'vite.config.ts'), '--outDir', folder]
  try {
    await run(process.execPath, args, {
      cwd: root,
      timeout: buildTimeoutMs,
      env: { ...process.env, NO_COLOR: '1', NODE_ENV: 'production' },
    })
    writeFileSync(join(folder, stampName), digest)
    putInPlace(folder, digest)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return true
}

function isBuilt(digest: string): boolean {
  const stamp = join(builtFolder, stampName)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest
}

/** Whoever reads meanwhile finds the old files, the new ones, or for a moment none; another's equal build is as good. */
function putInPlace(folder: string, digest: string): void {
  try {
    rmSync(builtFolder, { recursive: true, force: true })
    renameSync(folder, builtFolder)
  } catch (error) {
    if (!isBuilt(digest)) throw error
  }
}
