import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { makeReport, writeReport } from '../../actors/log/report.ts'
import { drillsFolder } from '../../deploy/drillsFolder.ts'
import type { Drill } from './drill.ts'
import { Heals } from './heals.ts'
import { type Installation, installation } from './installation.ts'
import { type DrillOptions, parseDrillOptions, UsageError, usage } from './options.ts'
import { figuresOf, findingsOf, recoveryNotes } from './report/figures.ts'
import { clock, span } from './report/markup.ts'
import { drillPage } from './report/page.ts'
import { type DrillResult, verdictOf } from './result.ts'
import { runDrill } from './runDrill.ts'

const exitUsage = 2
const exitInterrupted = 130
const heals = new Heals()

const say = (line: string): void => void process.stdout.write(`${line}\n`)

function list(drills: readonly Drill[]): void {
  for (const { name, title, regions, dangerous } of drills) {
    const marks = [regions === 2 ? 'two regions' : '', dangerous ? 'needs --yes' : ''].filter(Boolean).join(', ')
    say(`  ${name.padEnd(22)} ${title}${marks === '' ? '' : ` (${marks})`}`)
  }
}

/** @throws UsageError when people may use the installation and nobody said that it may be struck */
function assertAllowed({ chosen, yes, data }: DrillOptions, own: boolean): void {
  const dangerous = chosen.filter((drill) => drill.dangerous)
  if (own || yes || dangerous.length === 0) return
  const names = dangerous.map(({ name }) => name).join(', ')
  throw new UsageError(`${names}: strikes the installation on ${data}, which runs; --yes says that this is wanted`)
}

/** Beside the installation that was struck, where its console shows them; one that was made for the drill is gone soon. */
const reportsOf = ({ own }: Installation, { report, data }: DrillOptions): string =>
  report ?? (own ? 'drill-reports' : drillsFolder(data))

async function runOne(place: Installation, drill: Drill, options: DrillOptions): Promise<DrillResult> {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '')
  const folder = resolve(reportsOf(place, options), `${drill.name}-${stamp}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  say(`\n${drill.name}: ${drill.title}`)
  const result = await runDrill(place.site(), drill, {
    quick: options.quick,
    perSecond: options.perSecond,
    recordFile: join(folder, 'answers.jsonl'),
    heals,
    onEvent: ({ atMs, kind, text }) => say(`  ${clock(atMs).padStart(7)}  ${kind.padEnd(6)} ${text}`),
  })
  writeFileSync(join(folder, 'report.html'), drillPage(result))
  writeReport(
    join(folder, 'report.json'),
    makeReport(`drill.${drill.name}`, settingsOf(options), findingsOf(result), tmpdir()),
  )
  show(result, folder)
  return result
}

const settingsOf = ({ chosen, quick, perSecond }: DrillOptions): Record<string, unknown> => ({
  drills: chosen.map(({ name }) => name),
  quick,
  perSecond,
})

function show({ name, verdict, checks, sets, recovery }: DrillResult, folder: string): void {
  for (const check of checks) say(`  ${check.verdict.padEnd(7)} ${check.name}: ${check.detail}`)
  const rto = recovery === undefined ? '' : `, clients without service for ${span(recovery.recoveryMs)}`
  const told =
    sets === undefined ? '' : `: ${sets.answered} answered, ${sets.lost.length} lost, ${sets.doubled.length} doubled`
  say(`${verdict}: ${name}${told}${rto}`)
  say(`  ${relative(process.cwd(), join(folder, 'report.html'))}`)
}

async function main(options: DrillOptions): Promise<number> {
  if (options.task === 'list') {
    list(options.chosen)
    return 0
  }
  const place = await installation(options.data, options.task === 'all', options.chosen)
  const end = async (): Promise<void> => {
    for (const failure of await heals.all()) process.stderr.write(`drill: ${failure}\n`)
    await place.close()
  }
  const interrupt = (): void => void end().finally(() => process.exit(exitInterrupted))
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  const results: DrillResult[] = []
  try {
    assertAllowed(options, place.own)
    for (const drill of options.chosen) {
      await place.prepare(drill, results.length > 0 && results.at(-1)!.verdict !== 'pass')
      results.push(await runOne(place, drill, options))
    }
  } finally {
    await end()
  }
  const verdict = verdictOf(results)
  if (options.json !== undefined) writeAll(options, results)
  if (results.length > 1)
    say(`\n${verdict}: ${results.filter((one) => one.verdict === 'pass').length} of ${results.length} drills passed`)
  return verdict === 'pass' ? 0 : 1
}

function writeAll(options: DrillOptions, results: readonly DrillResult[]): void {
  const counted = (wanted: DrillResult['verdict']): number => results.filter(({ verdict }) => verdict === wanted).length
  const figures = {
    'drills.passed': counted('pass'),
    'drills.failed': counted('fail'),
    'drills.unknown': counted('unknown'),
    ...Object.assign({}, ...results.map(figuresOf)),
  }
  const rows = results.flatMap(({ name, verdict, seconds, checks }) => [
    { what: 'drill', drill: name, verdict, seconds },
    ...checks.filter((check) => check.verdict !== 'pass').map((check) => ({ what: 'check', drill: name, ...check })),
  ])
  const found = { verdict: verdictOf(results), figures, rows, notes: [...recoveryNotes] }
  writeReport(options.json!, makeReport('drill', settingsOf(options), found, tmpdir()))
}

try {
  const options = parseDrillOptions(process.argv.slice(2))
  if (options === undefined) process.stdout.write(usage)
  else process.exitCode = await main(options)
} catch (error) {
  process.stderr.write(`drill: ${(error as Error).message}\n`)
  process.exitCode = error instanceof UsageError ? exitUsage : 1
}
// Kept connections to the edges would hold the process for a while.
process.exit()
