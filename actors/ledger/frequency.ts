import type { ColumnsOf } from './columns.ts'
import { fenMax } from './money.ts'
import { riskWindowsMs } from './riskRules.ts'

const windows = riskWindowsMs.length
const buckets = 8
/**
 * A bucket is a seventh of its window: the eight newest always cover the whole window, so that no window anywhere sees
 * more than its rule allows, and nothing counts for longer than eight sevenths of it.
 */
const bucketsMs = riskWindowsMs.map((windowMs) => Math.ceil(windowMs / (buckets - 1)))

/** Payments of the last hour, counted in a ring of buckets for each window. */
export const ringSchema = {
  /** By window: number of the newest bucket, which is log time by its length. */
  newest: 'u32x3',
  counts: 'u32x24',
} as const
/** And their amounts, in fen. */
export const amountRingSchema = { ...ringSchema, fen: 'f64x24' } as const

export type Rings = ColumnsOf<typeof ringSchema>
export type AmountRings = ColumnsOf<typeof amountRingSchema>

const isBucketInWindow = (bucket: number, now: number): boolean => bucket > now - buckets

/** Payments in a window that ends now. */
export function paymentsIn({ newest, counts }: Rings, row: number, window: number, nowMs: number): number {
  return sumOf(counts, newest[row * windows + window]!, row, window, nowMs)
}

/** Fen in a window that ends now. */
export function fenIn({ newest, fen }: AmountRings, row: number, window: number, nowMs: number): number {
  return sumOf(fen, newest[row * windows + window]!, row, window, nowMs)
}

function sumOf(values: Uint32Array | Float64Array, newest: number, row: number, window: number, nowMs: number): number {
  const now = Math.floor(nowMs / bucketsMs[window]!)
  let sum = 0
  for (let back = 0; back < buckets && isBucketInWindow(newest - back, now); back++) {
    sum += values[placeOf(row, window, newest - back)]!
  }
  return sum
}

const placeOf = (row: number, window: number, bucket: number): number =>
  (row * windows + window) * buckets + (bucket % buckets)

/** Counts a payment, or with `sign` -1 takes one back that was counted in this frame. */
export function countPayment(rings: Rings | AmountRings, row: number, nowMs: number, sign: 1 | -1, fen = 0): void {
  for (let window = 0; window < windows; window++) {
    const bucket = Math.floor(nowMs / bucketsMs[window]!)
    roll(rings, row, window, bucket)
    const at = placeOf(row, window, bucket)
    rings.counts[at]! += sign
    if ('fen' in rings) rings.fen[at] = Math.min(fenMax, Math.max(0, rings.fen[at]! + sign * fen))
  }
}

/** Empties the buckets that time has passed over. */
function roll(rings: Rings | AmountRings, row: number, window: number, bucket: number): void {
  const newest = rings.newest[row * windows + window]!
  for (let next = Math.max(newest, bucket - buckets) + 1; next <= bucket; next++) {
    rings.counts[placeOf(row, window, next)] = 0
    if ('fen' in rings) rings.fen[placeOf(row, window, next)] = 0
  }
  rings.newest[row * windows + window] = bucket
}
