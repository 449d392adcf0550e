import type { Costs } from './costs.ts'
import { fitFrameCost, framesOfBatch } from './frameCost.ts'

const groups = ['worker', 'nats', 'generator'] as const
const batch = 1_024
const workersMax = 2
const shardCounts = [1, 2, 4] as const
const errorMax = 0.2

export type PredictionCheck = {
  readonly shards: number
  readonly predictedPerSecond: number
  readonly measuredPerSecond: number | undefined
  /** Processor microseconds of a payment: what the prediction stands on, and does not depend on who else is at work. */
  readonly predictedUs: number
  readonly measuredUs: number | undefined
  readonly error: number | undefined
  readonly holds: boolean | undefined
}

/**
 * Payments a second of batches of 1,024 on one machine: its cores as busy as they were in the rows that the costs come
 * from, unless the one thread of each worker is the limit.
 */
export function predictPerSecond(costs: Costs, shards: number, cores: number, busyShare: number): number {
  const machine = (cores * busyShare * 1e6) / groups.reduce((sum, group) => sum + predictUs(costs, shards, group), 0)
  return Math.min(machine, (Math.min(shards, workersMax) * 1e6) / predictUs(costs, shards, 'worker'))
}

function predictUs(costs: Costs, shards: number, group: string): number {
  const { paymentUs, frameUs } = fitFrameCost(costs, group)
  return paymentUs + (frameUs * framesOfBatch(batch, shards)) / batch
}

/** Share of the machine's cores that batches of 1,024 kept busy, four in flight over four shards. */
export function busyShareOf(figures: Readonly<Record<string, number>>, cores: number): number | undefined {
  for (const row of ['l1.b1024.c4', 'l1.shards4.b1024']) {
    const perSecond = figures[`${row}.per_second`]
    const us = groups.map((group) => figures[`${row}.cpu_seconds_per_million.${group}`])
    if (perSecond === undefined || us.includes(undefined)) continue
    return (perSecond * us.reduce<number>((sum, value) => sum + value!, 0)) / 1e6 / cores
  }
  return undefined
}

/**
 * Predicts runs of 1, 2 and 4 shards and compares them with what a ladder measured. The costs must not come from these
 * rows; they come from batches of other shapes over four shards.
 */
export function checkPrediction(
  costs: Costs,
  measured: Readonly<Record<string, number>>,
  cores: number,
): PredictionCheck[] {
  const busyShare = busyShareOf(measured, cores) ?? busyShareOf(costs.figures, cores)
  if (busyShare === undefined)
    throw new Error('no row says how busy batches of 1,024 over four shards keep the machine')
  return shardCounts.map((shards) => {
    const predictedPerSecond = predictPerSecond(costs, shards, cores, busyShare)
    const measuredPerSecond = measured[`l1.shards${shards}.b1024.per_second`]
    const error = measuredPerSecond === undefined ? undefined : predictedPerSecond / measuredPerSecond - 1
    const holds = error === undefined ? undefined : Math.abs(error) <= errorMax
    const predictedUs = groups.reduce((sum, group) => sum + predictUs(costs, shards, group), 0)
    const measuredUs = measured[`l1.shards${shards}.b1024.cpu_seconds_per_million`]
    return { shards, predictedPerSecond, measuredPerSecond, predictedUs, measuredUs, error, holds }
  })
}
