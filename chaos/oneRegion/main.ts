import { tmpdir } from 'node:os'
import { makeReport, type Report, type Verdict, writeReport } from '../../actors/log/report.ts'
import { type ChaosOptions, parseChaosOptions, UsageError } from './options.ts'
import { runScenario, type ScenarioResult } from './runScenario.ts'
import { Stage } from './stage.ts'

const exitUsage = 2
const exitInterrupted = 130

function show({ name, verdict, seconds, counts, recoveriesMs, figures, notes }: ScenarioResult): void {
  const { ok, refused, unknown } = counts
  const back = recoveriesMs.length === 0 ? '' : `, back after ${recoveriesMs.join(', ')} ms`
  const answers = `${ok} done, ${refused} refused, ${unknown} unknown at first`
  process.stdout.write(`${verdict.padEnd(7)} ${name.padEnd(28)} ${seconds} s: ${answers}${back}\n`)
  for (const [figure, value] of Object.entries(figures)) process.stdout.write(`        ${figure} ${value}\n`)
  for (const note of notes) process.stdout.write(`        ${note}\n`)
}

function verdictOf(results: readonly ScenarioResult[]): Verdict {
  if (results.some(({ verdict }) => verdict === 'fail')) return 'fail'
  return results.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'unknown'
}

function figuresOf(results: readonly ScenarioResult[]): Report['figures'] {
  const count = (wanted: Verdict): number => results.filter(({ verdict }) => verdict === wanted).length
  const figures: Report['figures'] = {
    'scenarios.passed': count('pass'),
    'scenarios.failed': count('fail'),
    'scenarios.unknown': count('unknown'),
    'operations.done': results.reduce((sum, { counts }) => sum + counts.ok, 0),
    'operations.unknown_at_first': results.reduce((sum, { counts }) => sum + counts.unknown, 0),
  }
  const recoveries = results.flatMap(({ recoveriesMs }) => recoveriesMs)
  if (recoveries.length > 0) figures['recovery.max_ms'] = Math.max(...recoveries)
  for (const { name, recoveriesMs } of results) {
    if (recoveriesMs.length > 0) figures[`recovery.${name}.max_ms`] = Math.max(...recoveriesMs)
  }
  for (const { name, figures: own } of results) {
    for (const [figure, value] of Object.entries(own)) figures[`${name}.${figure}`] = value
  }
  return figures
}

async function main({ chosen, seed, outageS, json }: ChaosOptions): Promise<Verdict> {
  const stage = await Stage.open()
  const interrupt = (): void => void stage.close().finally(() => process.exit(exitInterrupted))
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  const results: ScenarioResult[] = []
  let left: string[] = []
  try {
    for (const scenario of chosen) {
      const result = await runScenario(stage, scenario, { seed, outageS })
      results.push(result)
      show(result)
    }
  } finally {
    left = await stage.close()
  }
  const figures: Report['figures'] = { ...figuresOf(results), 'processes.left_behind': left.length }
  const verdict = left.length === 0 ? verdictOf(results) : 'fail'
  const notes = left.map((name) => `the region left ${name} behind when it was stopped`)
  for (const note of notes) process.stdout.write(`${note}\n`)
  process.stdout.write(`${verdict}: ${figures['scenarios.passed']} of ${results.length} scenarios passed\n`)
  if (json !== undefined) {
    const settings = { seed, outageS, scenarios: chosen.map(({ name }) => name) }
    const rows = results.map((row) => ({ ...row, notes: row.notes.join('; ') }))
    writeReport(json, makeReport('chaos', settings, { verdict, figures, rows, notes }, tmpdir()))
  }
  return verdict
}

try {
  const options = parseChaosOptions(process.argv.slice(2))
  if (typeof options === 'string') process.stdout.write(options)
  else process.exitCode = (await main(options)) === 'pass' ? 0 : 1
} catch (error) {
  process.stderr.write(`chaos: ${(error as Error).message}\n`)
  process.exitCode = error instanceof UsageError ? exitUsage : 1
}
// Kept connections to the edge would hold the process for a while.
process.exit()
