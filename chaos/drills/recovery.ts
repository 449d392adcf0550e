import type { Drill } from './drill.ts'
import { recoverySteps } from './judge/recoverySteps.ts'
import { outagesAfter, type Window } from './judge/recoveryTime.ts'
import type { Check, Recovery } from './result.ts'
import type { Payment } from './traffic/payment.ts'
import type { Moment, Timeline } from './watch/timeline.ts'

/** How long what was done kept anybody waiting: of several times the worst. Undefined when nothing was done at all. */
export function recoveryOf(
  { episodes, nowMs }: Pick<Timeline, 'episodes' | 'nowMs'>,
  payments: readonly Payment[],
  lateMs: number,
): Recovery | undefined {
  const recoveries = episodes.flatMap(({ moments, measured }, i) => {
    if (!measured) return []
    const nextFaultMs = episodes[i + 1]?.fromMs
    return recoveryFrom(moments, payments, { untilMs: nextFaultMs ?? nowMs(), nextFaultMs }, lateMs) ?? []
  })
  return recoveries.toSorted((a, b) => b.recoveryMs - a.recoveryMs)[0]
}

const beganMs = (moments: ReadonlyMap<Moment, number>): number | undefined =>
  moments.get('injected') ?? moments.get('decided')

function recoveryFrom(
  moments: ReadonlyMap<Moment, number>,
  payments: readonly Payment[],
  end: Pick<Window, 'untilMs' | 'nextFaultMs'>,
  lateMs: number,
): Recovery | undefined {
  const fromMs = beganMs(moments)
  if (fromMs === undefined) return undefined
  const outages = outagesAfter(payments, { fromMs, ...end }, lateMs)
  const servedMs = Math.max(...outages.map((outage) => outage.servedMs))
  const decidedMs = moments.get('decided')
  return {
    recoveryMs: Math.round(servedMs - fromMs),
    ...(decidedMs !== undefined && { afterWordMs: Math.max(0, Math.round(servedMs - decidedMs)) }),
    steps: recoverySteps(moments, servedMs),
    outages,
  }
}

export function boundChecks({ recoveryMsMax, afterWordMsMax }: Drill, recovery: Recovery | undefined): Check[] {
  const bound = (name: string, tookMs: number | undefined, mostMs: number | undefined): Check[] => {
    if (mostMs === undefined) return []
    if (tookMs === undefined) return [{ name, verdict: 'unknown', detail: 'it was not measured' }]
    const back = Number.isFinite(tookMs) ? `${tookMs} ms` : 'a shard never came back'
    return [{ name, verdict: tookMs <= mostMs ? 'pass' : 'fail', detail: `${back}, at most ${mostMs} ms` }]
  }
  return [
    ...bound('clients were served again in time', recovery?.recoveryMs, recoveryMsMax),
    ...bound('clients were served again in time after the word', recovery?.afterWordMs, afterWordMsMax),
  ]
}
