import type { Costs } from './costs.ts'
import { assumptions, type Size } from './model.ts'
import type { PredictionCheck } from './prediction.ts'

const number = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value >= 100 ? 0 : value >= 1 ? 1 : 3 })
const terabytes = (bytes: number): string => `${number(bytes / 1e12)} TB`
const gigabytes = (bytes: number): string => `${number(bytes / 1e9)} GB`

/** Lines of a Markdown table, readable in a terminal too. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)]
}

export function sizeText(size: Size): string {
  const { request, parts, growth, layers } = size
  const { tps, wallets, batchedPercent, batchSize } = request
  const per = (us: number | undefined): string => (us === undefined ? '-' : number(us))
  const lines = [
    `### ${number(tps)} payments/s, ${number(wallets)} wallets, ${batchedPercent}% in batches of ${number(batchSize)}`,
    '',
    ...table(
      ['each of two regions', 'CPU µs a payment', 'cores'],
      [
        ...parts.map(({ name, usPerPayment, cores }) => [name, per(usPerPayment), number(Math.ceil(cores))]),
        [
          'all',
          per(parts.reduce((sum, { usPerPayment }) => sum + usPerPayment, 0)),
          number(Math.ceil(size.coresPerRegion)),
        ],
      ],
    ),
    '',
    ...table(
      ['each of two regions', 'amount'],
      [
        [`machines of ${assumptions.coresPerMachine} cores`, number(size.machinesPerRegion)],
        ['shards', number(size.shards)],
        ['wallets a shard', number(Math.ceil(wallets / size.shards))],
        [`edges of ${assumptions.coresPerEdge} cores`, number(size.edges)],
        ['memory of the ledger, one replica', gigabytes(size.memoryBytesPerRegion)],
        ['logs a day, before they are archived', terabytes(size.logBytesPerDay)],
        ['journal and archive a day', terabytes(size.journalBytesPerDay)],
        ['written at the peak', `${gigabytes(size.diskBytesPerSecondAtPeak)}/s`],
        [`disks of ${number(assumptions.diskBytesPerSecond / 1e6)} MB/s`, number(size.disksPerRegion)],
        ['journal partitions a day', number(size.partitionsPerDay)],
      ],
    ),
    '',
    ...table(
      ['security layer', 'µs a signed payment', 'µs in a batch', 'cores'],
      layers.map(({ name, singleUs, batchedUs, cores }) => [
        name,
        per(singleUs),
        per(batchedUs),
        number(Math.ceil(cores)),
      ]),
    ),
    '',
    ...table(
      [
        'shards',
        'frames a payment',
        'workers and log, cores',
        'thread busy',
        'log busy',
        'p50 ms',
        'p99 ms',
        'piles up',
        'keeps up',
      ],
      growth.map(({ shards, simulation, workerAndLogCores, keepsUp }) => [
        number(shards),
        number(simulation.framesPerPayment),
        number(Math.ceil(workerAndLogCores)),
        `${Math.round(simulation.workerBusy * 100)}%`,
        `${Math.round(simulation.logBusy * 100)}%`,
        number(simulation.p50Ms),
        number(simulation.p99Ms),
        `${Math.max(0, Math.round(simulation.backlogGrowth * 100))}%`,
        keepsUp ? 'yes' : 'no',
      ]),
    ),
    ...(size.keepsUp
      ? []
      : ['', `No number of shards that was tried keeps up with the 99th percentile within ${request.p99MsMax} ms.`]),
  ]
  return lines.join('\n')
}

export function costsText({ figures, provenance }: Costs): string {
  const runs = provenance.map(({ command, commit, when, cores, versions }) => {
    const software = Object.entries(versions).map(([name, version]) =>
      name === 'runtime' ? version : `${name} ${version}`,
    )
    return `- \`${command}\` at ${commit}, ${when.slice(0, 10)}, ${cores} cores, ${software.join(', ')}`
  })
  const rows = Object.entries(figures).map(([name, value]) => [`\`${name}\``, number(value)])
  return [...runs, '', ...table(['figure', 'measured'], rows)].join('\n')
}

export function checkText(checks: readonly PredictionCheck[]): string {
  const known = (value: number | undefined): string => (value === undefined ? 'not measured' : number(value))
  return table(
    ['batches of 1,024', 'predicted/s', 'measured/s', 'error', 'within 20%', 'CPU µs predicted', 'measured'],
    checks.map((check) => [
      `${check.shards} shard${check.shards === 1 ? '' : 's'}`,
      number(check.predictedPerSecond),
      known(check.measuredPerSecond),
      check.error === undefined ? '-' : `${check.error > 0 ? '+' : ''}${Math.round(check.error * 100)}%`,
      check.holds === undefined ? 'unknown' : check.holds ? 'yes' : 'NO',
      number(check.predictedUs),
      known(check.measuredUs),
    ]),
  ).join('\n')
}
