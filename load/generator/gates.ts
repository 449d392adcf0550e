import type { Profile } from '../profiles/profiles.ts'
import type { OpenLoopResult } from './openLoop.ts'

export type Gate = { readonly name: string; readonly holds: boolean; readonly value: string; readonly bound: string }

/** What a run must keep to; the same gates are thresholds in k6. A run without a single measured payment keeps none. */
export function gatesOf({ gates }: Pick<Profile, 'gates'>, result: OpenLoopResult): Gate[] {
  const { due, dropped, right, payments } = result
  const rate = due === 0 ? 0 : right / due
  const measured = payments.count > 0
  const latency = (name: string, percentile: number, mostMs: number): Gate => {
    const ms = payments.percentile(percentile) / 1_000
    const value = measured ? `${ms.toFixed(1)} ms` : 'no payment measured'
    return { name, holds: measured && ms <= mostMs, value, bound: `≤ ${mostMs} ms` }
  }
  return [
    { name: 'sent when due', holds: due > 0 && dropped === 0, value: `${dropped} dropped`, bound: '0 dropped' },
    {
      name: 'right answers',
      holds: rate >= gates.checksRateMin,
      value: `${(rate * 100).toFixed(3)}%`,
      bound: `≥ ${gates.checksRateMin * 100}%`,
    },
    latency('payments p99', 99, gates.p99MsMax),
    latency('payments p99.9', 99.9, gates.p999MsMax),
  ]
}
