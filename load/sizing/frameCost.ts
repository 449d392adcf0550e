import type { Costs } from './costs.ts'

/** Processor microseconds of one thing that a group of processes does. */
export type FrameCost = { readonly paymentUs: number; readonly frameUs: number }

const fittedRows = [
  { name: 'l1.b64', payments: 64 },
  { name: 'l1.b1024.c1', payments: 1_024 },
  { name: 'l1.b1024.c4', payments: 1_024 },
  { name: 'l1.b8000', payments: 8_000 },
] as const
export const shardsMeasured = 4

/** Records in the logs for one payment to anybody: its debit, and its credit unless that lies in the same shard. */
export function recordsOfPayment(shards: number): number {
  return 1 + (shards - 1) / shards
}

/**
 * Frames that a batch from one shard makes when its payees are anywhere: its own, and one to each other shard that it
 * pays into.
 */
export function framesOfBatch(payments: number, shards: number): number {
  return 1 + (shards - 1) * (1 - (1 - 1 / shards) ** payments)
}

/**
 * Splits what a payment costs into a part of its own and a part of its frames, from rows whose frames hold few and many
 * payments: least squares of the relative error. `group` is one of the processes that the rows tell apart.
 */
export function fitFrameCost({ figures }: Costs, group: string): FrameCost {
  const points = fittedRows.flatMap(({ name, payments }) => {
    const us = figures[`${name}.cpu_seconds_per_million.${group}`]
    if (us === undefined || us <= 0) return []
    return [{ us, frames: framesOfBatch(payments, shardsMeasured) / payments }]
  })
  if (points.length < 2) throw new Error(`the costs hold fewer than two rows of l1 with the CPU of ${group}`)
  const sum = (of: (point: { us: number; frames: number }) => number): number =>
    points.reduce((total, point) => total + of(point) / point.us ** 2, 0)
  const [ones, x, xx, y, xy] = [
    sum(() => 1),
    sum(({ frames }) => frames),
    sum(({ frames }) => frames ** 2),
    sum(({ us }) => us),
    sum(({ us, frames }) => us * frames),
  ]
  const frameUs = (ones * xy - x * y) / (ones * xx - x * x)
  const paymentUs = (y - frameUs * x) / ones
  if (paymentUs < 0) return { paymentUs: 0, frameUs: xy / xx }
  if (frameUs < 0) return { paymentUs: y / ones, frameUs: 0 }
  return { paymentUs, frameUs }
}
