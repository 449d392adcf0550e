import { hash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runMain } from '../log/process.ts'
import { makeReport, type Verdict, writeReport } from '../log/report.ts'
import { runSeeds } from './seeds.ts'
import { type SimulationResult, simulate } from './simulate.ts'

const usage = `npm run sim -- [options]: runs whole installations in one thread each on virtual time, and audits them
  --regions N  1 (default), or 2 with the witness between them
  --seeds N    how many seeds to run (default 20)
  --seed S     the first of them (default 1)
  --steps      print every event of seed S alone, to follow it step by step
  --json FILE  write the report
`
const seedMax = 0xffff_ffff

/** What is known of all seeds together. */
class Tally {
  readonly failures: SimulationResult[] = []
  readonly happened = new Map<string, number>()
  passed = 0
  events = 0
  virtualMs = 0
  readonly #regions: number
  /** Over the digests of all seeds in their order, 16 hexadecimal digits. */
  digest = ''

  constructor(regions: number) {
    this.#regions = regions
  }

  add(result: SimulationResult): void {
    this.digest = hash('sha256', this.digest + result.digest).slice(0, 16)
    this.events += result.events
    this.virtualMs += result.virtualMs
    for (const [kind, times] of result.counts) this.happened.set(kind, (this.happened.get(kind) ?? 0) + times)
    if (result.violations.length === 0) this.passed += 1
    else this.failures.push(result)
    if (result.violations.length > 0 && this.failures.length === 1) sayFailure(result, this.#regions)
  }
}

runMain('sim', async () => {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      regions: { type: 'string', default: '1' },
      steps: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const first = wholeNumber('--seed', values.seed, 0)
  const seeds = values.steps ? 1 : wholeNumber('--seeds', values.seeds, 1)
  const regions = wholeNumber('--regions', values.regions, 1, 2)
  const tally = new Tally(regions)
  if (values.steps) tally.add(await simulate(first, { regions, print: say }))
  else await runSeeds({ first, count: seeds, regions }, (result) => tally.add(result))
  const virtualS = Math.round(tally.virtualMs / 1_000)
  say(`${tally.passed} of ${seeds} seeds held: ${tally.events} events in ${virtualS} s of virtual time`)
  say(`digest ${tally.digest}`)
  if (values.json !== undefined) report(values.json, { seeds, seed: first, regions }, tally)
  process.exitCode = tally.failures.length === 0 ? 0 : 1
})

function wholeNumber(option: string, text: string, min: number, max = seedMax): number {
  const number = Number(text)
  if (!/^\d{1,10}$/.test(text) || number < min || number > max) {
    throw new Error(`${option} must be a whole number from ${min} to ${max}, not ${text}`)
  }
  return number
}

function report(file: string, settings: Record<string, number>, tally: Tally): void {
  const { failures, passed, events, virtualMs, digest, happened } = tally
  const verdict: Verdict = failures.length === 0 ? 'pass' : 'fail'
  const figures = {
    'seeds.passed': passed,
    'seeds.failed': failures.length,
    // A number holds the first 48 bits of it exactly; the notes have all of it.
    digest: Number.parseInt(digest.slice(0, 12), 16),
    events,
    virtual_ms: virtualMs,
    ...Object.fromEntries([...happened].sort().map(([kind, times]) => [`happened.${kind}`, times])),
  }
  const rows = failures.map(({ seed, digest, violations }) => ({ seed, digest, violations }))
  writeReport(file, makeReport('sim', settings, { verdict, figures, rows, notes: [`digest ${digest}`] }))
}

function sayFailure({ seed, violations }: SimulationResult, regions: number): void {
  say(`seed ${seed} broke ${violations.length} laws; the first: ${violations[0]}`)
  say(`repeat it with: npm run sim --${regions > 1 ? ` --regions ${regions}` : ''} --seed ${seed} --steps`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
