import { parseArgs } from 'node:util'
import { makeReport, type Report, type Verdict, writeReport } from '../../actors/log/report.ts'
import { UsageError, whole } from '../generator/loadOptions.ts'
import { whyNotWritable } from '../reportFile.ts'
import { type Costs, costsOf, readCosts, readReport, writeCosts } from './costs.ts'
import { shardsMeasured } from './frameCost.ts'
import { assumptions, type Size, sizeOf } from './model.ts'
import { checkPrediction, type PredictionCheck, predictPerSecond } from './prediction.ts'
import { checkText, costsText, sizeText } from './sizeText.ts'

const usage = `Usage: npm run size -- [options]

What it takes to carry a load, from costs that were measured (load/sizing/costs.json says where and when).

  --tps N              payments a second at the peak (default 1000000)
  --wallets N          (default 1000000000)
  --batched N          parts of a hundred that come in batches which an institution signs once (default 0)
  --batch-size N       payments a batch (default 1000)
  --p99-ms N           what a payment may take inside the shards (default 250)
  --inputs             prints the measured costs too
  --check FILE         compares predictions with runs of 1, 2 and 4 shards in the report of bench ladder or shards
  --costs-from FILES   makes load/sizing/costs.json anew from reports of npm run bench, separated by commas
  --json FILE          writes the report
`

const tty = process.stdout.isTTY
const say = (line: string): void => {
  if (tty) process.stdout.write(`\r\x1b[2K  ${line}`)
}

function readOptions(args: readonly string[]) {
  const option = (fallback: string) => ({ type: 'string', default: fallback }) as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        tps: option('1000000'),
        wallets: option('1000000000'),
        batched: option('0'),
        'batch-size': option('1000'),
        'p99-ms': option('250'),
        inputs: { type: 'boolean', default: false },
        check: { type: 'string' },
        'costs-from': { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0]!)
  }
}

function figuresOf(size: Size): Record<string, number> {
  const figures: Record<string, number> = {
    'size.shards': size.shards,
    'size.edges': size.edges,
    'size.cores_per_region': Math.ceil(size.coresPerRegion),
    'size.machines_per_region': size.machinesPerRegion,
    'size.memory_bytes_per_region': Math.round(size.memoryBytesPerRegion),
    'size.log_bytes_per_day': Math.round(size.logBytesPerDay),
    'size.journal_bytes_per_day': Math.round(size.journalBytesPerDay),
    'size.disks_per_region': size.disksPerRegion,
    'size.partitions_per_day': size.partitionsPerDay,
  }
  for (const { name, cores } of size.parts) figures[`size.cores.${name.replaceAll(' ', '_')}`] = Math.ceil(cores)
  return figures
}

function runCheck(costs: Costs, { figures, machine }: Report): { checks: PredictionCheck[]; verdict: Verdict } {
  const checks = checkPrediction(costs, figures, machine.cores)
  if (checks.some(({ holds }) => holds === false)) return { checks, verdict: 'fail' }
  return { checks, verdict: checks.every(({ holds }) => holds) ? 'pass' : 'unknown' }
}

function main(args: readonly string[]): number {
  const values = readOptions(args)
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const anew = values['costs-from']?.split(',').map(readReport)
  const runs = values.check === undefined ? undefined : readReport(values.check)
  const unwritable = values.json === undefined ? undefined : whyNotWritable(values.json)
  if (unwritable !== undefined) throw new UsageError(unwritable)
  const costs = anew === undefined ? readCosts() : costsOf(anew)
  const request = {
    tps: whole('tps', values.tps, 1, 100_000_000),
    wallets: whole('wallets', values.wallets, 1, 1e12),
    batchedPercent: whole('batched', values.batched, 0, 100),
    batchSize: whole('batch-size', values['batch-size'], 1, 8_000),
    p99MsMax: whole('p99-ms', values['p99-ms'], 1, 60_000),
  }
  const size = sizeOf(costs, request, say)
  if (anew !== undefined) {
    // Costs that leave something out must not take the place of those that do not: a size and a check are made of them first.
    predictPerSecond(costs, shardsMeasured, anew[0]!.machine.cores)
    writeCosts(costs)
  }
  if (tty) process.stdout.write('\r\x1b[2K')
  if (values.inputs) console.log(`${costsText(costs)}\n`)
  console.log(sizeText(size))
  const checked = runs === undefined ? undefined : runCheck(costs, runs)
  if (checked !== undefined) console.log(`\n${checkText(checked.checks)}`)
  const verdict = size.keepsUp ? (checked?.verdict ?? 'pass') : 'fail'
  if (values.json !== undefined) {
    const grown = size.growth.map(({ simulation, ...choice }) => ({ ...choice, ...simulation }))
    const rows = [...size.parts, ...size.layers, ...grown, ...(checked?.checks ?? [])].map((row) => ({ ...row }))
    const notes = ['a model: measured costs, a simulation of queues, and the assumptions in the settings']
    const found = { verdict, figures: figuresOf(size), rows, notes }
    writeReport(values.json, makeReport('size', { ...request, assumptions }, found))
  }
  return verdict === 'pass' ? 0 : 1
}

try {
  process.exit(main(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`size: ${error instanceof Error ? error.message : error}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}
