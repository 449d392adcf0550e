import { readFileSync, writeFileSync } from 'node:fs'
import type { Report } from '../../actors/log/report.ts'
import { UsageError } from '../generator/loadOptions.ts'

/** Where figures come from: one report of a command of ours. */
export type Provenance = {
  readonly command: string
  readonly commit: string
  readonly when: string
  readonly cores: number
  readonly versions: Readonly<Record<string, string>>
  readonly figures: readonly string[]
}

/** Measured costs, each with the run that measured it. */
export type Costs = { readonly figures: Readonly<Record<string, number>>; readonly provenance: readonly Provenance[] }

const kept = [
  /^l0\.(single|batch)\.cpu_seconds_per_million$/,
  /^l1\.(b64|b1024\.c1|b1024\.c4|b8000)\.(per_second|cores_left|bytes_written_per_payment|cpu_seconds_per_million\.\w+)$/,
  /^l2\.c256\.(bytes_written_per_payment|cpu_seconds_per_million\.\w+)$/,
  /^l3\.c256\.(bytes_written_per_payment|cpu_seconds_per_million\.\w+)$/,
  /^cost\./,
  /^state\.bytes_per_(wallet|id)$/,
]

export const costsFile = new URL('costs.json', import.meta.url)

export function readCosts(): Costs {
  return JSON.parse(readFileSync(costsFile, 'utf8')) as Costs
}

export function writeCosts(costs: Costs): void {
  writeFileSync(costsFile, `${JSON.stringify(costs, null, 2)}\n`)
}

/** @throws UsageError when it cannot be read, or is something else */
export function readReport(file: string): Report {
  let report: Partial<Report> | null
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Partial<Report> | null
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
    }
    report = null
  }
  if (typeof report?.figures !== 'object' || typeof report.commit !== 'string') {
    throw new UsageError(`${file} is not a report of npm run bench`)
  }
  return report as Report
}

/** Takes what the model needs out of reports; a later one takes the place of an earlier one's figures. */
export function costsOf(reports: readonly Report[]): Costs {
  const figures: Record<string, number> = {}
  const source = new Map<string, Report>()
  for (const report of reports) {
    const { fsyncP50Us, fsyncP99Us } = report.machine
    const all = { ...report.figures, 'fsync.p50_us': fsyncP50Us, 'fsync.p99_us': fsyncP99Us }
    for (const [name, value] of Object.entries(all)) {
      if (!name.startsWith('fsync.') && !kept.some((pattern) => pattern.test(name))) continue
      figures[name] = value
      source.set(name, report)
    }
  }
  const provenance = reports.flatMap((report) => {
    const names = [...source].filter(([, from]) => from === report).map(([name]) => name)
    return names.length === 0 ? [] : [provenanceOf(report, names)]
  })
  return { figures, provenance }
}

function provenanceOf({ name, settings, commit, when, machine, versions }: Report, figures: string[]): Provenance {
  const options = Object.entries(settings).map(([key, value]) => (value === true ? `--${key}` : `--${key} ${value}`))
  const command = `npm run ${name.replace('.', ' -- ')} ${options.filter((one) => !one.endsWith(' false')).join(' ')}`
  return { command, commit, when, cores: machine.cores, versions, figures }
}

/** @throws Error that names the figure: a size is never made up of a guess */
export function figureOf({ figures }: Costs, name: string): number {
  const value = figures[name]
  if (value === undefined) throw new Error(`the costs hold no ${name}: measure it and run npm run size -- --costs-from`)
  return value
}
