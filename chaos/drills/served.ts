import { setTimeout as sleep } from 'node:timers/promises'
import { finalAnswer, type Payment } from './traffic/payment.ts'
import type { Timeline } from './watch/timeline.ts'

const pollMs = 20

/** What did before a fault was not done again in time. */
export class NotRecovered extends Error {}

/** Waits until in each of the shards a probe has completed that was sent from now on. */
export async function servedSince(
  payments: readonly Payment[],
  timeline: Timeline,
  shards: ReadonlySet<number>,
  withinMs: number,
): Promise<void> {
  const sinceMs = timeline.nowMs()
  const served = new Set<number>()
  let seen = payments.length
  while (served.size < shards.size) {
    // Only what came since is looked at, and again while it waits.
    let firstOpen: number | undefined
    for (let n = seen; n < payments.length; n++) {
      const { probe, payerShard, sentAtMs } = payments[n]!
      if (!probe || sentAtMs < sinceMs || served.has(payerShard) || !shards.has(payerShard)) continue
      if (finalAnswer(payments[n]!)?.outcome === 'completed') served.add(payerShard)
      else firstOpen ??= n
    }
    seen = firstOpen ?? payments.length
    if (served.size === shards.size) return
    if (timeline.nowMs() > sinceMs + withinMs) {
      const away = [...shards].filter((shard) => !served.has(shard))
      throw new NotRecovered(`shard ${away.join(', ')} served no probe within ${withinMs / 1_000} s`)
    }
    await sleep(pollMs)
  }
}
