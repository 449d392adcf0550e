import type { Costs } from './costs.ts'

/** Processor microseconds that a group of processes needs for a payment, in all its records, and for a frame. */
export type FrameCost = { readonly paymentUs: number; readonly frameUs: number }

/** The same for one record of a payment, of which a frame holds any number. */
export type RecordCost = { readonly recordUs: number; readonly frameUs: number }

/** `sources`: how many shards of the one thread their batches pay from at once. */
const fittedRows = [
  { name: 'l1.b64', payments: 64, sources: 4 },
  { name: 'l1.b1024.c1', payments: 1_024, sources: 1 },
  { name: 'l1.b1024.c4', payments: 1_024, sources: 4 },
  { name: 'l1.b8000', payments: 8_000, sources: 4 },
] as const
export const shardsMeasured = 4

/** Records in the logs for one payment to anybody: its debit, and its credit unless that lies in the same shard. */
export function recordsOfPayment(shards: number): number {
  return 1 + (shards - 1) / shards
}

/**
 * Frames that a batch from one shard makes when its payees are anywhere: its own, and one to each other shard that it
 * pays into, of which it has a share where batches of other shards under the same thread are on their way.
 * @param sources shards of one thread that batches pay from at once
 */
export function framesOfBatch(payments: number, shards: number, sources = 1): number {
  const owed = 1 - (1 - 1 / shards) ** payments
  return 1 + (sources === 1 ? shards - 1 : shards / sources) * owed
}

/** Shards that a batch pays out of when its payers are anywhere: as many frames does the edge send for it. */
export function partsOfBatch(payments: number, shards: number): number {
  return shards * (1 - (1 - 1 / shards) ** payments)
}

export function usOfFrame({ recordUs, frameUs }: RecordCost, records: number): number {
  return frameUs + recordUs * records
}

/** `group` is one of the processes that the rows tell apart. */
export function fitFrameCost(costs: Costs, group: string): FrameCost {
  const { payment, frame } = splitFigure(costs, `cpu_seconds_per_million.${group}`)
  return { paymentUs: payment, frameUs: frame }
}

/** What the fit says of a payment over the shards that were measured, for one of the records that it makes there. */
export function costOfRecord(costs: Costs, group: string): RecordCost {
  const { paymentUs, frameUs } = fitFrameCost(costs, group)
  return { recordUs: paymentUs / recordsOfPayment(shardsMeasured), frameUs }
}

/** Bytes that reach the disks of the logs for a record of a payment in a batch, and for a frame whatever it holds. */
export function bytesOfRecord(costs: Costs): { readonly record: number; readonly frame: number } {
  const { payment, frame } = splitFigure(costs, 'bytes_written_per_payment')
  return { record: payment / recordsOfPayment(shardsMeasured), frame }
}

/**
 * Splits what a payment takes into a part of its own and a part of its frames, from rows whose frames hold few and many
 * payments: least squares of the relative error.
 */
function splitFigure({ figures }: Costs, figure: string): { payment: number; frame: number } {
  const points = fittedRows.flatMap(({ name, payments, sources }) => {
    const y = figures[`${name}.${figure}`]
    if (y === undefined || y <= 0) return []
    return [{ y, x: framesOfBatch(payments, shardsMeasured, sources) / payments }]
  })
  if (points.length < 2) throw new Error(`the costs hold fewer than two rows of l1 with ${figure}`)
  const sum = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((total, point) => total + of(point) / point.y ** 2, 0)
  const [ones, x, xx, y, xy] = [
    sum(() => 1),
    sum((point) => point.x),
    sum((point) => point.x ** 2),
    sum((point) => point.y),
    sum((point) => point.y * point.x),
  ]
  const frame = (ones * xy - x * y) / (ones * xx - x * x)
  const payment = (y - frame * x) / ones
  if (payment < 0) return { payment: 0, frame: xy / xx }
  if (frame < 0) return { payment: y / ones, frame: 0 }
  return { payment, frame }
}
