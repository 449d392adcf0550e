import { setTimeout as sleep } from 'node:timers/promises'
import { OpenLoop, type OpenLoopResult } from '../../generator/openLoop.ts'
import { requestMaker } from '../../profiles/preparedRequests.ts'
import { warmUpMs } from '../../profiles/profiles.ts'
import { dueTimesMs } from '../../profiles/schedule.ts'
import type { Region } from '../../region.ts'
import type { HttpBench } from '../http.ts'
import { memoryBytesOf } from '../processTree.ts'
import { cpuPerOperationUs, type RegionCpu, regionCpuOf } from '../regionCpu.ts'
import { spreadOf } from '../repeats.ts'
import { type LadderRow, type LatencyMs, latencyOf } from './ladderRow.ts'
import type { RungOptions } from './rung.ts'

const connectionsMax = 256
/** Signing takes about this long; ids are made for when it is over. */
const signaturesPerSecond = 5_000
const payments = {
  name: 'payments',
  what: 'payments alone, between any two wallets',
  mix: { pay: 100, repeat: 0, refused: 0, payroll: 0, balance: 0 },
  hotPayeePercent: 0,
  hotPayerPercent: 0,
  stages: [],
  gates: { checksRateMin: 0, p99MsMax: 0, p999MsMax: 0 },
}

/** Processors and disk are read this long before the warm-up ends: what the reading holds up is not measured then. */
const readAheadMs = 500
const meteredFromMs = warmUpMs - readAheadMs

/** One repeat. All of it lies behind the warm-up. */
export type OpenLoopRun = {
  readonly perSecond: number
  readonly latency: LatencyMs
  /** Of one payment. */
  readonly cpuUs: RegionCpu
  readonly bytesWrittenPerPayment: number
  readonly memoryBytes: number
}

/**
 * Payments sent by the clock, `ratePerSecond` of them whatever becomes of those before, each counted from when it was
 * due. A closed loop sends less while a system stands still, and so measures its standing still only once a caller.
 * @throws Error when a payment did not complete
 */
export async function openLoopRow(
  region: Region,
  bench: HttpBench,
  ratePerSecond: number,
  named: Pick<LadderRow, 'name' | 'what' | 'on'>,
  { seconds, repeats }: RungOptions,
): Promise<LadderRow> {
  const runs: OpenLoopRun[] = []
  while (runs.length < repeats) runs.push(await run(region, bench, ratePerSecond, seconds, runs.length))
  const median = (pick: (run: OpenLoopRun) => number): number => spreadOf(runs.map(pick)).median
  return {
    ...named,
    perSecond: spreadOf(runs.map(({ perSecond }) => perSecond)),
    repeats,
    latencyMs: {
      p50: median(({ latency }) => latency.p50),
      p99: median(({ latency }) => latency.p99),
      p999: median(({ latency }) => latency.p999 ?? 0),
      max: Math.max(...runs.map(({ latency }) => latency.max)),
    },
    bytesWrittenPerPayment: median((run) => run.bytesWrittenPerPayment),
    cpuSecondsPerMillion: Object.fromEntries(
      (Object.keys(runs[0]!.cpuUs) as (keyof RegionCpu)[]).map((group) => [group, median(({ cpuUs }) => cpuUs[group])]),
    ),
    memoryBytes: median(({ memoryBytes }) => memoryBytes),
  }
}

/** What processors and disk had done when the metered part began and when it ended, and what is held in memory then. */
export type OpenLoopReadings = {
  readonly cpu: readonly [RegionCpu, RegionCpu]
  readonly bytesWritten: readonly [number, number]
  readonly memoryBytes: number
}

/** @throws Error when a payment did not complete: what is left then is no figure of this rate */
export function openLoopRunOf(
  { due, dropped, right, wrong, payments, seconds }: OpenLoopResult,
  dueMs: Float64Array,
  { cpu, bytesWritten, memoryBytes }: OpenLoopReadings,
): OpenLoopRun {
  if (right < due) {
    const what = [...wrong].map(([answer, count]) => `${answer}, ${count} times`)
    throw new Error(
      `${due - right} of ${due} payments did not complete: ${[`${dropped} not sent`, ...what].join('; ')}`,
    )
  }
  const metered = dueMs.reduce((count, ms) => count + (ms >= meteredFromMs ? 1 : 0), 0)
  return {
    perSecond: payments.count / (seconds - warmUpMs / 1_000),
    latency: latencyOf(payments),
    cpuUs: cpuPerOperationUs(...cpu, metered),
    bytesWrittenPerPayment: (bytesWritten[1] - bytesWritten[0]) / Math.max(1, metered),
    memoryBytes,
  }
}

async function run(
  region: Region,
  { payers, address, host, bytesWritten }: HttpBench,
  ratePerSecond: number,
  seconds: number,
  seed: number,
): Promise<OpenLoopRun> {
  const { edgeUrl, pids } = region.facts()
  const dueMs = dueTimesMs(payments, ratePerSecond, seconds + warmUpMs / 1_000)
  const startsAtMs = Date.now() + (dueMs.length / signaturesPerSecond) * 1_000
  const make = requestMaker({ profile: payments, wallets: payers, edgeUrl, startsAtMs, seed })
  const signedAheadMax = dueMs.length
  const loop = new OpenLoop({ address, host, dueMs, make, signedAheadMax, connectionsMax, warmUpMs })
  loop.prepare()
  const read = async () => [regionCpuOf(pids), await bytesWritten()] as const
  const [result, before] = await Promise.all([loop.run(), sleep(meteredFromMs).then(read)])
  const after = await read()
  return openLoopRunOf(result, dueMs, {
    cpu: [before[0], after[0]],
    bytesWritten: [before[1], after[1]],
    memoryBytes: Object.values(pids).reduce((total, pid) => total + memoryBytesOf(pid), 0),
  })
}
