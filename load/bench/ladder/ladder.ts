import { tmpdir } from 'node:os'
import { makeReport, type Report, type Verdict } from '../../../actors/log/report.ts'
import { figuresOfRow, type LadderRow } from './ladderRow.ts'
import { ladderTable } from './ladderTable.ts'
import { type Rung, type RungFindings, type RungOptions, warmUpSeconds } from './rung.ts'

export type LadderReport = { readonly report: Report; readonly lines: readonly string[] }

/**
 * Climbs the rungs in their order and makes one report and one table of what they found.
 * @param settings what was asked; they are reported, and what a rung does not need is not among them
 * @param judge what the figures together say, with lines for a reader
 */
export async function climb(
  name: string,
  rungs: readonly Rung[],
  settings: Partial<RungOptions>,
  say: (line: string) => void,
  judge: (figures: Readonly<Record<string, number>>) => Judgement = () => ({ verdict: 'pass', figures: {}, lines: [] }),
): Promise<LadderReport> {
  const options: RungOptions = { seconds: 15, repeats: 3, quick: false, runtime: 'node', ...settings }
  const found: RungFindings[] = []
  const climbed = options.quick && rungs.length > 1 ? rungs.filter(({ slow }) => !slow) : rungs
  for (const rung of climbed) rung.require?.()
  for (const rung of climbed) found.push(await rung.run(options, (line) => say(`${rung.name}: ${line}`)))
  const rows = found.flatMap((one) => one.rows)
  const measured = figuresOf(found, rows)
  const { verdict, figures: judged, lines } = judge(measured)
  const notes = [...found.flatMap((one) => one.notes), ...notesOf(settings)]
  const versions = Object.assign({}, ...found.map((one) => one.versions))
  const findings = {
    verdict,
    figures: { ...measured, ...judged },
    rows: rows.map((row) => ({ ...row })),
    notes,
    versions,
  }
  // Every rung keeps its data in the folder for temporary files, so that disk is the one that matters.
  const report = makeReport(name, { ...settings }, findings, tmpdir())
  const more = Object.entries(Object.assign({}, ...found.map(({ figures }) => figures)) as Record<string, number>)
  const parts = [
    rows.length === 0 ? [] : ladderTable(rows),
    more.map(([figure, value]) => `${figure.padEnd(40)} ${value.toLocaleString('en')}`),
    lines,
    [machineLine(report), ...notes],
  ]
  return {
    report,
    lines: parts.filter(({ length }) => length > 0).flatMap((part, i) => (i === 0 ? part : ['', ...part])),
  }
}

export type Judgement = {
  readonly verdict: Verdict
  readonly figures: Readonly<Record<string, number>>
  readonly lines: readonly string[]
}

function figuresOf(found: readonly RungFindings[], rows: readonly LadderRow[]): Record<string, number> {
  const figures: Record<string, number> = {}
  for (const row of rows) Object.assign(figures, figuresOfRow(row))
  for (const { figures: more } of found) Object.assign(figures, more)
  return figures
}

function notesOf({ seconds, repeats, quick }: Partial<RungOptions>): string[] {
  if (seconds === undefined) return []
  const times = `${repeats} repeat${repeats === 1 ? '' : 's'} of ${seconds} s`
  const what = `${times}, ${warmUpSeconds} s of warm-up before each cut; payments/s is their median`
  return [what, ...(quick ? ['quick: a look, not a figure to quote'] : [])]
}

/** Where and on what it was measured, in one line. */
function machineLine({ commit, machine, versions }: Report): string {
  const gibibytes = Math.round(machine.memoryBytes / 2 ** 30)
  const fsync = `fsync of 4 KiB p50 ${machine.fsyncP50Us} µs, p99 ${machine.fsyncP99Us} µs`
  const software = Object.entries(versions).map(([name, version]) =>
    name === 'runtime' ? version : `${name} ${version}`,
  )
  return `${machine.cores} cores, ${gibibytes} GiB, ${fsync}; ${software.join(', ')}; commit ${commit}`
}
