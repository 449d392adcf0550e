import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { writeReport } from '../../actors/log/report.ts'
import { whyNotWritable } from '../reportFile.ts'
import { type Asked, benches } from './benches.ts'
import { UsageError } from './benchOptions.ts'
import { requireDisk } from './disk.ts'
import { endWith, stopOnInterruption } from './interruption.ts'

function usage(): string {
  const each = [...benches].map(([name, { about, optionLines }]) => {
    return [`  ${name.padEnd(10)} ${about}`, ...optionLines.map((line) => `${' '.repeat(13)}${line}`)].join('\n')
  })
  return `Usage: npm run bench -- NAME [options]\n\n${each.join('\n\n')}\n\n  --json FILE writes the report of any of them.\n`
}

const tty = process.stdout.isTTY
const clearLine = '\r\x1b[2K'
const say = (line: string): void => {
  if (tty) process.stdout.write(`${clearLine}  ${line}`)
}

function refuse(why: string): never {
  process.stderr.write(`bench: ${why}\n`)
  process.exit(2)
}

/** Exits with the usage where that is asked for, or with what is wrong. */
function asked([name = '', ...args]: readonly string[]): Asked {
  const bench = benches.get(name)
  if (bench === undefined) {
    if (name !== '' && name !== '--help') refuse(`there is no ${name}: one of ${[...benches.keys()].join(', ')}`)
    process.stdout.write(usage())
    process.exit(name === '' ? 2 : 0)
  }
  try {
    const read = bench.read(args)
    if (read !== undefined) return read
  } catch (error) {
    if (error instanceof UsageError) refuse(error.message)
    throw error
  }
  process.stdout.write(usage())
  process.exit(0)
}

/** A region that is not given a folder, or does not run there, has its data where temporary files are. */
function requireDisks({ data }: Readonly<Record<string, unknown>>): void {
  try {
    for (const folder of [tmpdir(), data]) if (typeof folder === 'string' && existsSync(folder)) requireDisk(folder)
  } catch (error) {
    refuse((error as Error).message)
  }
}

const { settings, json, run } = asked(process.argv.slice(2))
requireDisks(settings)
const unwritable = json === undefined ? undefined : whyNotWritable(json)
if (unwritable !== undefined) refuse(unwritable)
stopOnInterruption('bench')
const { report, lines } = await run(say).catch((error: unknown) => {
  const why = error instanceof Error ? error.message : String(error)
  return endWith(error instanceof UsageError ? 2 : 1, `${tty ? clearLine : ''}bench: ${why}\n`)
})
if (tty) process.stdout.write(clearLine)
for (const line of lines) console.log(line)
if (json !== undefined) writeReport(json, report)
await endWith(report.verdict === 'pass' ? 0 : 1)
