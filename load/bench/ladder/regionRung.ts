import { setTimeout as sleep } from 'node:timers/promises'
import { connectTown } from '../../demo/town.ts'
import { type Region, startRegion } from '../../region.ts'
import { type HttpBench, type HttpRow, openHttpBench } from '../http.ts'
import { stoppedOnInterruption } from '../interruption.ts'
import type { RequestStock } from '../paymentLoad.ts'
import { cpuSecondsOf, memoryBytesOf } from '../processTree.ts'
import { spreadOf } from '../repeats.ts'
import { systemVersions } from '../systemVersions.ts'
import { verifyLimitPerSecond } from '../verifyLimit.ts'
import { type LadderRow, rounded } from './ladderRow.ts'
import { openLoopRow } from './openLoopRow.ts'
import { riskRulesNote, setRiskRules } from './riskRules.ts'
import type { Rung, RungFindings, RungOptions } from './rung.ts'

const concurrencies = [1, 8, 64, 256]
const quietPollMs = 250
const quietWithinMs = 120_000
/** A projector that uses less of a core than this has nothing left to follow. */
const quietCpuShare = 0.05

const on = ['fsync', 'sealed', 'TLS 1.3', 'P-256 signatures', 'limits', '1 replica']
/** Sent by the clock, in everything's company. */
const openRatesPerSecond = [500, 1_000]

/** Of L3: the whole thing, as far as a payment between two wallets has to do with it. */
const onWithEverything = [...on, 'risk rules', 'archive', 'projection']
/** With two cores for everything a second worker wakes up more often than it relieves the first. */
const workers = '1'
/** Who follows the logs without a part in completing a payment. */
const followers = ['projector', 'archiver']

/** L2 and L3: signed single payments over HTTPS against a region of its own, without and with the journal in Postgres. */
export const regionRung: Rung = { name: 'l2, l3', run: benchRegion }

async function benchRegion(options: RungOptions, say: (line: string) => void): Promise<RungFindings> {
  say('starting a region')
  const { runtime } = options
  const region = await stoppedOnInterruption(() => startRegion(['--workers', workers, '--runtime', runtime]))
  try {
    const bench = await openHttpBench(region, say)
    const measure = (level: string, what: string): Promise<LadderRow[]> =>
      rowsOf(bench, region, bench.stockTo('anywhere'), { level, what, concurrencies }, options)
    await untilQuiet(region)
    let l2: LadderRow[]
    signalFollowers(region, 'SIGSTOP')
    try {
      l2 = await measure('l2', 'signed payment over HTTPS')
      const two = { level: 'l2.two_shards', what: 'the same, always between two shards', concurrencies: [64] }
      l2.push(...(await rowsOf(bench, region, bench.stockTo('elsewhere'), two, options)))
    } finally {
      signalFollowers(region, 'SIGCONT')
    }
    await setRiskRules(region.facts(), connectTown(region.facts(), 1))
    say('the projector catches up')
    await untilQuiet(region)
    const l3 = (await measure('l3', 'the same, judged by risk rules, projected')).map((row) => ({
      ...row,
      on: onWithEverything,
    }))
    const open: LadderRow[] = []
    for (const rate of openRatesPerSecond) {
      say(`open loop, ${rate} a second`)
      const named = { name: `l3.open${rate}`, what: `the same, ${rate} due a second`, on: onWithEverything }
      open.push(await openLoopRow(region, bench, rate, named, options))
    }
    await bench.close()
    const verifyLimit = verifyLimitPerSecond()
    const c64 = l2.find(({ name }) => name === 'l2.c64')!.perSecond.median
    return {
      rows: [...l2, ...l3, ...open],
      figures: {
        'l2.verify_limit_per_second': verifyLimit,
        'l2.c64_over_verify_limit': rounded(c64 / verifyLimit, 3),
      },
      notes: [
        'l2, l3: to completed, any wallet pays any other, over all shards; a closed loop, one kept connection a caller',
        'l2, l3: requests are signed ahead, as payers do on their devices; all processes and the load share the cores',
        `l2, l3: every process of the region on ${runtime}`,
        'l2, l3: one worker; l2: archiver and projector stand still, no risk rule is in force',
        `l3: archiver and projector follow; ${riskRulesNote}`,
        'l3: payments between wallets have no callbacks, so that none is sent here; those of orders have (l3.orders)',
        'l3.open: sent when due, whatever became of those before; latency from then to completed; between any two wallets',
      ],
      versions: await systemVersions(runtime),
    }
  } finally {
    await region.stop()
  }
}

function signalFollowers(region: Region, signal: NodeJS.Signals): void {
  const { pids } = region.facts()
  for (const name of followers) {
    if (pids[name] === undefined) throw new Error(`the region has no ${name} to pause`)
    process.kill(pids[name], signal)
  }
}

type Rows = { readonly level: string; readonly what: string; readonly concurrencies: readonly number[] }

async function rowsOf(
  bench: HttpBench,
  region: Region,
  stock: RequestStock,
  { level, what, concurrencies }: Rows,
  { seconds, repeats }: RungOptions,
): Promise<LadderRow[]> {
  const rows: LadderRow[] = []
  for (const concurrency of concurrencies) {
    const runs: Run[] = []
    while (runs.length < repeats) runs.push(await run(bench, region, stock, concurrency, seconds))
    rows.push(
      ladderRowOf(`${level}.c${concurrency}`, `${what}, ${concurrency} caller${concurrency === 1 ? '' : 's'}`, runs),
    )
  }
  return rows
}

export type Run = { readonly row: HttpRow; readonly bytesWritten: number; readonly memoryBytes: number }

/** One repeat of a row. @throws Error when a payment did not complete */
export async function run(
  bench: HttpBench,
  region: Region,
  stock: RequestStock,
  concurrency: number,
  seconds: number,
): Promise<Run> {
  let [before, bytesWritten, memoryBytes] = [0, 0, 0]
  const window = {
    async began() {
      before = await bench.bytesWritten()
    },
    async ended() {
      bytesWritten = (await bench.bytesWritten()) - before
      memoryBytes = Object.values(region.facts().pids).reduce((total, pid) => total + memoryBytesOf(pid), 0)
    },
  }
  const row = await bench.row(stock, concurrency, seconds, window)
  if (row.refusedOrUnknown > 0) throw new Error(`${row.refusedOrUnknown} payments did not complete`)
  return { row, bytesWritten, memoryBytes }
}

export function ladderRowOf(name: string, what: string, runs: readonly Run[]): LadderRow {
  const median = (pick: (run: Run) => number): number => spreadOf(runs.map(pick)).median
  const groups = Object.keys(runs[0]!.row.cpuUsPerPayment) as (keyof HttpRow['cpuUsPerPayment'])[]
  return {
    name,
    what,
    perSecond: spreadOf(runs.map(({ row }) => row.perSecond)),
    repeats: runs.length,
    latencyMs: {
      p50: median(({ row }) => row.p50Ms),
      p99: median(({ row }) => row.p99Ms),
      p999: median(({ row }) => row.p999Ms),
      max: Math.max(...runs.map(({ row }) => row.maxMs)),
    },
    bytesWrittenPerPayment: median(({ row, bytesWritten }) => bytesWritten / Math.max(1, row.completed)),
    cpuSecondsPerMillion: Object.fromEntries(
      groups.map((group) => [group, median(({ row }) => row.cpuUsPerPayment[group])]),
    ),
    memoryBytes: median((run) => run.memoryBytes),
    on,
  }
}

/** Waits until the projector has written what is in the logs. @throws Error when it does not come to rest. */
export async function untilQuiet(region: Region): Promise<void> {
  const deadlineMs = performance.now() + quietWithinMs
  let [atMs, cpu] = [performance.now(), cpuSecondsOf(region.facts().pids.projector ?? 0)]
  while (performance.now() < deadlineMs) {
    await sleep(quietPollMs)
    const [nowMs, now] = [performance.now(), cpuSecondsOf(region.facts().pids.projector ?? 0)]
    if ((now - cpu) * 1_000 < quietCpuShare * (nowMs - atMs)) return
    ;[atMs, cpu] = [nowMs, now]
  }
  throw new Error(`the projector did not catch up within ${quietWithinMs} ms`)
}
