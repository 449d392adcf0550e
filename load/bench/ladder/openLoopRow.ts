import { OpenLoop, type OpenLoopResult } from '../../generator/openLoop.ts'
import { requestMaker } from '../../profiles/preparedRequests.ts'
import { warmUpMs } from '../../profiles/profiles.ts'
import { dueTimesMs } from '../../profiles/schedule.ts'
import type { Region } from '../../region.ts'
import type { HttpBench } from '../http.ts'
import { bytesWrittenOf, memoryBytesOf } from '../processTree.ts'
import { cpuPerOperationUs, type RegionCpu, regionCpuOf } from '../regionCpu.ts'
import { spreadOf } from '../repeats.ts'
import { type LadderRow, latencyOf } from './ladderRow.ts'
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

type Run = {
  readonly result: OpenLoopResult
  readonly cpuUs: RegionCpu
  readonly bytesWritten: number
  readonly memoryBytes: number
}

export type OpenLoopRow = {
  readonly row: LadderRow
  /** Payments that were due and not completed, over all repeats. */
  readonly notCompleted: number
}

/**
 * Payments sent by the clock, `ratePerSecond` of them whatever becomes of those before, each counted from when it was
 * due. A closed loop sends less while a system stands still, and so measures its standing still only once a caller.
 */
export async function openLoopRow(
  region: Region,
  bench: HttpBench,
  ratePerSecond: number,
  named: Pick<LadderRow, 'name' | 'what' | 'on'>,
  { seconds, repeats }: RungOptions,
): Promise<OpenLoopRow> {
  const runs: Run[] = []
  while (runs.length < repeats) runs.push(await run(region, bench, ratePerSecond, seconds, runs.length))
  const median = (pick: (run: Run) => number): number => spreadOf(runs.map(pick)).median
  const latencies = runs.map(({ result }) => latencyOf(result.payments))
  const medianMs = (pick: (latency: (typeof latencies)[number]) => number): number =>
    spreadOf(latencies.map(pick)).median
  const row: LadderRow = {
    ...named,
    perSecond: spreadOf(runs.map(({ result }) => result.right / result.seconds)),
    repeats,
    latencyMs: {
      p50: medianMs(({ p50 }) => p50),
      p99: medianMs(({ p99 }) => p99),
      p999: medianMs(({ p999 }) => p999 ?? 0),
      max: Math.max(...latencies.map(({ max }) => max)),
    },
    bytesWrittenPerPayment: median(({ bytesWritten, result }) => bytesWritten / Math.max(1, result.right)),
    cpuSecondsPerMillion: Object.fromEntries(
      (Object.keys(runs[0]!.cpuUs) as (keyof RegionCpu)[]).map((group) => [group, median(({ cpuUs }) => cpuUs[group])]),
    ),
    memoryBytes: median(({ memoryBytes }) => memoryBytes),
  }
  return { row, notCompleted: runs.reduce((sum, { result }) => sum + result.due - result.right, 0) }
}

async function run(
  region: Region,
  { payers, address, host }: HttpBench,
  ratePerSecond: number,
  seconds: number,
  seed: number,
): Promise<Run> {
  const { edgeUrl, pids } = region.facts()
  const dueMs = dueTimesMs(payments, ratePerSecond, seconds + warmUpMs / 1_000)
  const startsAtMs = Date.now() + (dueMs.length / signaturesPerSecond) * 1_000
  const make = requestMaker({ profile: payments, wallets: payers, edgeUrl, startsAtMs, seed })
  const signedAheadMax = dueMs.length
  const loop = new OpenLoop({ address, host, dueMs, make, signedAheadMax, connectionsMax, warmUpMs })
  loop.prepare()
  const sum = (of: (pid: number) => number): number => Object.values(pids).reduce((total, pid) => total + of(pid), 0)
  const [cpuBefore, bytesBefore] = [regionCpuOf(pids), sum(bytesWrittenOf)]
  const result = await loop.run()
  return {
    result,
    cpuUs: cpuPerOperationUs(cpuBefore, regionCpuOf(pids), result.due),
    bytesWritten: sum(bytesWrittenOf) - bytesBefore,
    memoryBytes: sum(memoryBytesOf),
  }
}
