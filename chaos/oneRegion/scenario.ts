import { setTimeout as sleep } from 'node:timers/promises'
import type { Customers } from './customers.ts'
import { recoveryMs } from './recovery.ts'
import type { Stage } from './stage.ts'

/** A region did not do again, in time, what it did before the fault. */
export class NotRecovered extends Error {}

/** What a scenario works with while its traffic runs. */
export type Field = {
  readonly stage: Stage
  readonly customers: Customers
  readonly random: () => number
  /** How long Postgres stays away, in seconds. */
  readonly outageS: number
}

/** What a scenario measured beside the verdict; the unit is in the name. */
export type Measured = {
  /** From each fault on, how long until every shard had completed a payment again. */
  recoveriesMs: number[]
  figures?: Record<string, number>
}

export type Scenario = {
  readonly name: string
  /** What happens, in one line. */
  readonly title: string
  /** Share of recharges and redemptions in the traffic. */
  readonly sagaShare?: number
  run(field: Field): Promise<Measured>
}

const recoverWithinMs = 30_000

/** Waits until every shard has completed a payment that was asked for after `sinceMs`, and says how long it took. */
export async function recovered({ customers }: Field, sinceMs: number): Promise<number> {
  const deadlineMs = performance.now() + recoverWithinMs
  for (;;) {
    const tookMs = recoveryMs(customers.history, customers.customers, sinceMs)
    if (tookMs !== undefined) return Math.round(tookMs)
    if (performance.now() > deadlineMs) {
      throw new NotRecovered(`not every shard completed a payment within ${recoverWithinMs / 1_000} s`)
    }
    await sleep(20)
  }
}
