import type { Customer } from './customers.ts'
import type { History } from './history.ts'

/**
 * From a moment on, how long it took until in every shard a payment had been asked for and completed.
 * @returns undefined when some shard has not come back at all
 */
export function recoveryMs(history: History, customers: readonly Customer[], sinceMs: number): number | undefined {
  const back = new Map(customers.map(({ shard }) => [shard, Number.POSITIVE_INFINITY]))
  for (const operation of history.operations) {
    if (operation.kind !== 'payment' || operation.outcome !== 'ok' || operation.invokedMs < sinceMs) continue
    const { shard } = customers[operation.payer]!
    back.set(shard, Math.min(back.get(shard)!, operation.endedMs))
  }
  const lastMs = Math.max(...back.values())
  return Number.isFinite(lastMs) ? lastMs - sinceMs : undefined
}
