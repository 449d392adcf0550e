import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Play } from './transfers.ts'

/**
 * How a payment ended, and what exactly was said of it. `unknown` after all tries is a failure of the system, never of
 * the payment.
 */
export type Ending = ({ kind: 'completed' } | { kind: 'refused'; reason: string } | { kind: 'unknown' }) & {
  answer: string
}

/** One payment as it will be sent, the same bytes on every try. */
export type Order = { payer: number; payee: number; fen: number; signed: Readonly<Record<string, string>> }
export type Sign = (payer: number, payee: number, fen: number) => Order
/** Sends an order and asks again under the same id until it has ended, or its patience has. */
export type Pay = (order: Order) => Promise<Ending>

export type Paid = { order: Order; ending: Ending }

export type PlayResult = {
  paid: Paid[]
  endings: Map<string, number>
  completedFen: bigint
  seconds: number
  /** Of what was answered once and for all, in microseconds. */
  latency: RecordableHistogram
}

const latencyMaxUs = 600_000_000

/**
 * Plays transfers in their order: each payer's own one after the other, many payers at once. `inFlightMax` bounds how
 * far the play runs ahead of the slowest.
 */
export async function playTransfers(
  play: Play,
  sign: Sign,
  pay: Pay,
  inFlightMax: number,
  onProgress: (done: number) => void,
): Promise<PlayResult> {
  const result: PlayResult = {
    paid: [],
    endings: new Map(),
    completedFen: 0n,
    seconds: 0,
    latency: createHistogram({ lowest: 1, highest: latencyMaxUs, figures: 3 }),
  }
  const lastOf = new Map<number, Promise<void>>()
  const running = new Set<Promise<void>>()
  const beganMs = performance.now()
  let done = 0
  for (const { payer, payee, fen } of play.transfers) {
    while (running.size >= inFlightMax) await Promise.race(running)
    const before = lastOf.get(payer) ?? Promise.resolve()
    const one = before.then(async () => {
      const startedMs = performance.now()
      const order = sign(payer, payee, fen)
      const ending = await pay(order)
      const tookUs = Math.round((performance.now() - startedMs) * 1_000)
      if (ending.kind !== 'unknown') result.latency.record(Math.min(latencyMaxUs, Math.max(1, tookUs)))
      result.paid.push({ order, ending })
      count(result, ending, fen)
      onProgress(++done)
    })
    lastOf.set(payer, one)
    running.add(one)
    const leave = (): boolean => running.delete(one)
    one.then(leave, leave)
  }
  await Promise.all(running)
  result.seconds = (performance.now() - beganMs) / 1_000
  return result
}

function count(result: PlayResult, ending: Ending, fen: number): void {
  const name = ending.kind === 'refused' ? `refused: ${ending.reason}` : ending.kind
  result.endings.set(name, (result.endings.get(name) ?? 0) + 1)
  if (ending.kind === 'completed') result.completedFen += BigInt(fen)
}

/** Runs `work` over all items, `width` at a time, and ends with the first error. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T, i: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++
      await work(items[i]!, i)
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
}
