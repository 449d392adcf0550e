import type { Options, Scenario } from 'k6/options'
import type { Profile } from '../profiles/profiles.ts'
import { curveOf } from '../profiles/schedule.ts'
import type { Prepared } from './prepared.ts'

/** Users that k6 keeps ready: enough for every request of one second to be on its way at once. */
const usersPerRate = 1
const usersMin = 20
/** k6 takes whole rates alone: over so many seconds a profile's share of a whole rate is a whole number. */
const rateUnitS = 10
/** For k6 to make its users in, between reading these options and setup. */
const setupMarginS = 60

/** What k6 is told of a run: its rates, and the gates of the profile as thresholds. */
export function optionsOf(profile: Profile, head: Omit<Prepared, 'requests'>, nowMs: number): Options {
  const { name, gates } = profile
  const waitS = Math.max(0, Math.ceil((head.startsAtMs - nowMs) / 1_000))
  return {
    scenarios: { [name]: scenarioOf(profile, head) },
    thresholds: {
      dropped_iterations: ['count==0'],
      unprepared_iterations: ['count==0'],
      checks: [`rate>=${gates.checksRateMin}`],
      payment_ms: [`p(99)<=${gates.p99MsMax}`, `p(99.9)<=${gates.p999MsMax}`],
    },
    summaryTrendStats: ['med', 'p(99)', 'p(99.9)', 'max'],
    // Setup waits for the time that the requests were made for.
    setupTimeout: `${waitS + setupMarginS}s`,
    noUsageReport: true,
    tlsVersion: { min: 'tls1.3', max: 'tls1.3' },
  }
}

/**
 * An even rate is a ramp too, since k6 begins the n-th iteration of a ramp when the area under it is n, and so never more
 * than were prepared for that area. A constant rate it counts in periods of whole nanoseconds from 0 on: one iteration
 * more at the end of a run, dozens of them at a high rate, for which nothing was signed.
 */
function scenarioOf(
  profile: Profile,
  { ratePerSecond, seconds }: Pick<Prepared, 'ratePerSecond' | 'seconds'>,
): Scenario {
  const { startShare, stages } = curveOf(profile)
  const rateAt = (share: number): number => Math.round(share * ratePerSecond * rateUnitS)
  return {
    executor: 'ramping-arrival-rate',
    startRate: rateAt(startShare),
    timeUnit: `${rateUnitS}s`,
    stages: stages.map(({ durationShare, rateShare }) => ({
      duration: `${Math.round(durationShare * seconds * 1_000)}ms`,
      target: rateAt(rateShare),
    })),
    preAllocatedVUs: Math.max(usersMin, Math.ceil(ratePerSecond * usersPerRate)),
    gracefulStop: '30s',
  }
}
