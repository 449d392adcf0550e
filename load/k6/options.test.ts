import { fc, test } from '@fast-check/vitest'
import type { ConstantArrivalRateScenario, RampingArrivalRateScenario, Scenario } from 'k6/options'
import { expect } from 'vitest'
import { type Profile, profiles } from '../profiles/profiles.ts'
import { dueTimesMs } from '../profiles/schedule.ts'
import { optionsOf } from './options.ts'

const startsAtMs = Date.parse('2026-03-01T08:00:00Z')

function optionsFor(profile: Profile, ratePerSecond: number, seconds: number, nowMs = startsAtMs) {
  const head = { profile: 'canonical', edgeUrls: [], ratePerSecond, seconds, startsAtMs } as const
  return optionsOf(profile, head, nowMs)
}

const nsOf = (text = '1s'): number => {
  const [, amount, unit] = /^(\d+)(ms|s)$/.exec(text)!
  return Number(amount) * (unit === 's' ? 1e9 : 1e6)
}

/** How many iterations k6 begins at most, by the arithmetic of its two executors of arrival rates. */
function iterationsMax(scenario: Scenario): number {
  if (scenario.executor === 'constant-arrival-rate') {
    const { rate, timeUnit, duration } = scenario as ConstantArrivalRateScenario
    // It counts in periods of whole nanoseconds from 0, its end included.
    return Math.floor(nsOf(duration) / Math.floor(nsOf(timeUnit) / rate)) + 1
  }
  const { startRate, timeUnit, stages } = scenario as RampingArrivalRateScenario
  let [from, area] = [startRate! / nsOf(timeUnit), 0]
  for (const { duration, target } of stages) {
    if (!Number.isInteger(target)) throw new Error(`k6 takes whole rates, not ${target}`)
    const to = target / nsOf(timeUnit)
    area += nsOf(duration) * ((to - from) / 2 + from)
    from = to
  }
  return Math.floor(area)
}

const anyProfile = fc.constantFrom<Profile>(...Object.values(profiles))
const anyRate = fc.integer({ min: 1, max: 1_000 })
const anyDuration = fc.integer({ min: 1, max: 200 })

test.prop([anyProfile, anyRate, anyDuration])(
  'k6 begins no more iterations than were prepared, and leaves out two at most',
  (profile, ratePerSecond, seconds) => {
    const prepared = dueTimesMs(profile, ratePerSecond, seconds).length
    const begun = iterationsMax(optionsFor(profile, ratePerSecond, seconds).scenarios![profile.name]!)
    expect(begun).toBeLessThanOrEqual(prepared)
    expect(begun).toBeGreaterThanOrEqual(prepared - 2)
  },
)

test('a payroll of 25 requests a second for a minute begins the 810 iterations that are prepared for it', () => {
  const payroll = profiles['payroll-burst']
  expect(dueTimesMs(payroll, 25, 60)).toHaveLength(810)
  expect(iterationsMax(optionsFor(payroll, 25, 60).scenarios![payroll.name]!)).toBe(810)
})

test('stages last as long as the run, to the millisecond', () => {
  for (const profile of Object.values(profiles)) {
    const { stages } = optionsFor(profile, 7, 61).scenarios![profile.name] as RampingArrivalRateScenario
    expect(stages.reduce((sum, { duration }) => sum + nsOf(duration), 0)).toBe(61e9)
  }
})

test.prop([fc.integer({ min: -600, max: 3_600 })])(
  'setup is given the time that it waits for the run to begin, and k6 to make its users before',
  (startsIn) => {
    const { setupTimeout } = optionsFor(profiles.canonical, 200, 60, startsAtMs - startsIn * 1_000)
    expect(nsOf(setupTimeout)).toBeGreaterThanOrEqual(Math.max(0, startsIn) * 1e9 + 60e9)
  },
)
