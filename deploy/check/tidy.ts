import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './checks.ts'

const linesMax = 450
const nothingNames = /^(utils?|helpers?|managers?|common|misc|shared)\./i
/** Written so that this file does not find itself. */
const leftOpen = /\b(TO[D]O|FIX[M]E)\b/
const source = /\.(ts|mjs|cjs)$/
const text = /\.(ts|mjs|cjs|md|json|yml|yaml|sql|proto|sh)$/
const generated =
  /(^|\/)(gen|migrations)\/|package-lock\.json$|^docs\/reference\/openapi\.json$|^edge\/client\/api\.ts$/

/** What is wrong with one file's name and text that no formatter, linter or type says. */
export function untidiness(path: string, content: string): string[] {
  const found: string[] = []
  if (source.test(path) && nothingNames.test(basename(path)))
    found.push(`${path}: the name says nothing of what it holds`)
  const lines = content.split('\n')
  if (source.test(path) && lines.length > linesMax) found.push(`${path}: ${lines.length} lines, at most ${linesMax}`)
  for (const [i, line] of lines.entries()) {
    if (leftOpen.test(line)) found.push(`${path}:${i + 1}: work that is left open belongs into an issue`)
    if (/^(<{7}|>{7}) /.test(line)) found.push(`${path}:${i + 1}: a conflict that nobody resolved`)
    if (/\/(root|home\/\w+)\//.test(line)) found.push(`${path}:${i + 1}: a path of one machine`)
  }
  if (content !== '' && !content.endsWith('\n')) found.push(`${path}: no line feed at its end`)
  return found
}

/** A test that is run alone hides all the others. */
export function hiddenTests(path: string, content: string): string[] {
  if (!path.endsWith('.test.ts')) return []
  const alone = /\b(test|describe|it)\.only\(/
  return content
    .split('\n')
    .flatMap((line, i) => (alone.test(line) ? [`${path}:${i + 1}: a test that is run alone`] : []))
}

function main(): boolean {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  const paths = listed.toString().split('\0')
  const checked = paths.filter((path) => text.test(path) && !generated.test(path) && existsSync(join(root, path)))
  const found = checked.flatMap((path) => {
    const content = readFileSync(join(root, path), 'utf8')
    return [...untidiness(path, content), ...hiddenTests(path, content)]
  })
  for (const line of found) process.stdout.write(`${line}\n`)
  process.stdout.write(`${checked.length} files seen\n`)
  return found.length === 0 && checked.length > 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main() ? 0 : 1
