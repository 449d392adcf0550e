import { fenMax } from './money.ts'

/** What is known of how a wallet pays: an average amount, and its last devices. */
export const habitSchema = {
  wallet: 'u32',
  payments: 'u32',
  /** Eight times the moving average in fen: each payment moves it by an eighth of the difference. */
  sum: 'f64',
  devices: 'u32x4',
  firstMs: 'f64x4',
  usedMs: 'f64x4',
} as const

type Habits = {
  readonly payments: Uint32Array
  readonly sum: Float64Array
  readonly devices: Uint32Array
  readonly firstMs: Float64Array
  readonly usedMs: Float64Array
}

/** Fewer payments than these are no habit. */
export const habitAfterPayments = 5
const weight = 8
/** What a payment counts for at most, so that eight times as much is still exact. */
const countedMax = 2 ** 48
const devicesKept = 4

/** Whether an amount is more than so many times what the wallet pays on average; never before it has a habit. */
export function isUnusual(habits: Habits, row: number, amount: number, factor: number): boolean {
  if (row < 0 || habits.payments[row]! < habitAfterPayments) return false
  const average = Math.floor(habits.sum[row]! / weight)
  return average <= Math.floor(fenMax / factor) && amount > average * factor
}

/** Whether the wallet has paid with this device before, so long ago. A device that is not told is never known. */
export function isKnownDevice(habits: Habits, row: number, device: number, beforeMs: number): boolean {
  if (row < 0 || device === 0) return false
  for (let at = row * devicesKept; at < (row + 1) * devicesKept; at++) {
    if (habits.devices[at] === device) return habits.firstMs[at]! <= beforeMs
  }
  return false
}

/** Learns from a payment that was made. */
export function learn(habits: Habits, row: number, amount: number, device: number, nowMs: number): void {
  const counted = Math.min(countedMax, amount)
  const { sum, payments } = habits
  const before = payments[row] === 0 ? counted * weight : sum[row]!
  sum[row] = before - Math.floor(before / weight) + counted
  payments[row] = Math.min(0xffff_ffff, payments[row]! + 1)
  if (device !== 0) learnDevice(habits, row, device, nowMs)
}

function learnDevice({ devices, firstMs, usedMs }: Habits, row: number, device: number, nowMs: number): void {
  let place = row * devicesKept
  for (let at = place; at < (row + 1) * devicesKept; at++) {
    if (devices[at] === device) {
      usedMs[at] = nowMs
      return
    }
    if (usedMs[at]! < usedMs[place]!) place = at
  }
  devices[place] = device
  firstMs[place] = nowMs
  usedMs[place] = nowMs
}
