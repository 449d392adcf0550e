import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Check } from './runCheck.ts'

export type SkippedCheck = { name: string; reason: string }

export const root = join(import.meta.dirname, '../..')
const bin = join(root, 'node_modules/.bin')
const proto = join(root, 'edge/proto')

/** What `npm run check` runs, in the order of how soon each answers. */
export function plannedChecks(): (Check | SkippedCheck)[] {
  return [
    tool('format and lint', 'biome', ['ci', '--max-diagnostics=50', '.']),
    tool('types', 'tsc', ['--noEmit', '--project', '.']),
    script('import rules', 'importRules.ts'),
    tool('unused code', 'knip', ['--no-progress']),
    script('tidiness', 'tidy.ts'),
    script('licences', 'licences.ts'),
    { ...tool('protobuf lint', 'buf', ['lint']), cwd: proto },
    { ...tool('protobuf breaking change', 'buf', ['breaking', '--against', 'jiaozi_v1.binpb']), cwd: proto },
    script('generated documents', 'generate.ts', '--check'),
    composeFile(),
  ]
}

function tool(name: string, program: string, args: readonly string[]): Check {
  return { name, command: join(bin, program), args, cwd: root, timeoutMs: 120_000 }
}

function script(name: string, file: string, ...args: string[]): Check {
  const command = process.execPath
  return { name, command, args: [join(import.meta.dirname, file), ...args], cwd: root, timeoutMs: 120_000 }
}

/** No package brings docker-compose, so a machine without it is told, CI included. */
function composeFile(): Check | SkippedCheck {
  const name = 'compose file'
  const compose = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'docker-compose'))
    .find((path) => existsSync(path))
  if (compose === undefined) return { name, reason: 'docker-compose is not on PATH' }
  return {
    name,
    command: compose,
    args: ['--profile', 'two-regions', 'config', '--quiet'],
    cwd: root,
    timeoutMs: 60_000,
  }
}
