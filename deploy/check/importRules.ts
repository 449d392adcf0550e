import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseResult } from 'dependency-cruiser'

const configFile = '../../.dependency-cruiser.cjs'
const roomNames = ['actors', 'edge', 'load', 'chaos', 'deploy', 'tests']

/** A whole clone has several hundred files; far fewer means that the cruise went blind, not that all is well. */
const modulesMin = 300

export type ImportFindings = { moduleCount: number; violations: string[] }

/**
 * Holds the imports of every room under `folder` against the rules of `.dependency-cruiser.cjs`.
 * @param folder the root of the repository, or of a tree laid out like it
 */
export async function importFindings(folder: string): Promise<ImportFindings> {
  const { forbidden, options } = createRequire(import.meta.url)(configFile)
  const present = readdirSync(folder)
  const rooms = roomNames.filter((room) => present.includes(room))
  const { output } = await cruise(rooms, { ...options, baseDir: folder, validate: true, ruleSet: { forbidden } })
  const { summary, modules } = output as ICruiseResult
  return {
    moduleCount: modules.filter(({ source }) => rooms.some((room) => source.startsWith(`${room}/`))).length,
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
  }
}

async function main(): Promise<boolean> {
  const { moduleCount, violations } = await importFindings(join(import.meta.dirname, '../..'))
  for (const violation of violations) process.stdout.write(`${violation}\n`)
  process.stdout.write(`${moduleCount} files seen\n`)
  if (moduleCount < modulesMin) process.stdout.write(`at least ${modulesMin} must be seen: the parser is blind\n`)
  return violations.length === 0 && moduleCount >= modulesMin
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = (await main()) ? 0 : 1
