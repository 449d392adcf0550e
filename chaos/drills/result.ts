import type { Verdict } from '../../actors/log/report.ts'
import type { MoneyStatement } from './judge/money.ts'
import type { RecoverySteps } from './judge/recoverySteps.ts'
import type { Outage } from './judge/recoveryTime.ts'
import type { Offence, SetFindings } from './judge/setAlgebra.ts'
import type { Payment } from './traffic/payment.ts'
import type { FaultWindow, Ownership, TimelineEvent } from './watch/timeline.ts'

export type Check = { readonly name: string; readonly verdict: Verdict; readonly detail: string }

export type Recovery = {
  /** From the fault to the return of the last shard. */
  readonly recoveryMs: number
  /** From the word to there; absent when nobody had to say one. */
  readonly afterWordMs?: number
  readonly steps: RecoverySteps
  readonly outages: readonly Outage[]
}

export type Baseline = {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lateMs: number
}

/** Everything that a drill's report is made of. */
export type DrillResult = {
  readonly name: string
  readonly title: string
  readonly claim: string
  readonly startedAt: Date
  readonly seconds: number
  readonly regions: readonly string[]
  readonly shardCount: number
  readonly perSecond: number
  readonly verdict: Verdict
  readonly checks: readonly Check[]
  readonly figures: Readonly<Record<string, number>>
  readonly notes: readonly string[]
  readonly baseline?: Baseline
  readonly recovery?: Recovery
  readonly sets?: SetFindings
  readonly possiblyLost: readonly Offence[]
  readonly money: readonly MoneyStatement[]
  readonly payments: readonly Payment[]
  readonly events: readonly TimelineEvent[]
  readonly faults: readonly FaultWindow[]
  readonly ownerships: readonly Ownership[]
}

/** A drill passes when everything held; what could not be shown is never a pass. */
export function verdictOf(checks: readonly { readonly verdict: Verdict }[]): Verdict {
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'fail'
  return checks.length > 0 && checks.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'unknown'
}
