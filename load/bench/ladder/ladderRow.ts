import type { RecordableHistogram } from 'node:perf_hooks'
import type { Spread } from '../repeats.ts'

export type LatencyMs = {
  readonly p50: number
  readonly p99: number
  /** Absent from a peer that does not say it. */
  readonly p999?: number
  readonly max: number
}

/** One line of the ladder, whoever measured it. What was not measured is absent, never 0. */
export type LadderRow = {
  /** What its figures are called, such as `l1.b8000`. */
  readonly name: string
  /** In words: "batches of 8,000, 8 in flight". */
  readonly what: string
  /** Payments a second, to completed, over the repeats. */
  readonly perSecond: Spread
  readonly repeats: number
  /** Of one call, which may hold many payments, over all repeats. */
  readonly latencyMs?: LatencyMs
  /** Bytes that reached the disk for one payment, everything that writes counted. */
  readonly bytesWrittenPerPayment?: number
  /** Processor seconds of a million payments, by what the processes do; the load generator is one of them. */
  readonly cpuSecondsPerMillion?: Readonly<Record<string, number>>
  /** Of the machine's cores, how many other programs left to this row: what it used and what lay idle. */
  readonly coresLeft?: number
  /** Memory of all processes of the system, what they share counted once. */
  readonly memoryBytes?: number
  /** What was switched on: fsync, sealing, replicas. */
  readonly on: readonly string[]
}

export const rounded = (value: number, digits = 0): number => Math.round(value * 10 ** digits) / 10 ** digits

/** @param histogram in microseconds */
export function latencyOf(histogram: RecordableHistogram): LatencyMs {
  const ms = (percentile: number): number => rounded(histogram.percentile(percentile) / 1_000, 3)
  return { p50: ms(50), p99: ms(99), p999: ms(99.9), max: rounded(histogram.max / 1_000, 3) }
}

export function totalCpu(row: LadderRow): number | undefined {
  if (row.cpuSecondsPerMillion === undefined) return undefined
  return Object.values(row.cpuSecondsPerMillion).reduce((sum, seconds) => sum + seconds, 0)
}

/** The figures of a row, named after it. */
export function figuresOfRow(row: LadderRow): Record<string, number> {
  const figures: Record<string, number> = {}
  const add = (suffix: string, value: number | undefined, digits = 0): void => {
    if (value !== undefined) figures[`${row.name}.${suffix}`] = rounded(value, digits)
  }
  add('per_second', row.perSecond.median)
  if (row.repeats > 1) {
    add('per_second_min', row.perSecond.min)
    add('per_second_max', row.perSecond.max)
  }
  add('p50_ms', row.latencyMs?.p50, 3)
  add('p99_ms', row.latencyMs?.p99, 3)
  add('p999_ms', row.latencyMs?.p999, 3)
  add('max_ms', row.latencyMs?.max, 3)
  add('bytes_written_per_payment', row.bytesWrittenPerPayment)
  add('cpu_seconds_per_million', totalCpu(row), 2)
  for (const [group, seconds] of Object.entries(row.cpuSecondsPerMillion ?? {})) {
    add(`cpu_seconds_per_million.${group}`, seconds, 2)
  }
  add('cores_left', row.coresLeft, 2)
  add('memory_bytes', row.memoryBytes)
  return figures
}
