import { expect, test } from 'vitest'
import { Departures } from './departures.ts'
import { GatherRule } from './gatherRule.ts'

const alone = () => new Departures(() => undefined)

/** A rule under which `unfinished` payments are on their way, and `tookMs` is what payments take. */
const ruleWith = (unfinished: number, tookMs: number, departures = alone()): GatherRule => {
  const rule = new GatherRule(departures)
  for (let n = 0; n < 200; n++) {
    rule.begin()
    rule.end(tookMs)
  }
  for (let n = 0; n < unfinished; n++) rule.begin()
  return rule
}

test('a payment that is the only one, or has one other beside it, never waits', () => {
  expect(ruleWith(1, 20).holdMs(1, 1_000, 1_000)).toBe(0)
  expect(ruleWith(2, 20).holdMs(1, 1_000, 1_000)).toBe(0)
  expect(ruleWith(3, 20).holdMs(1, 1_000, 1_000)).toBeGreaterThan(0)
})

test('they wait no longer than two fifths of what payments take, counted from the first', () => {
  const rule = ruleWith(10, 20)
  expect(rule.holdMs(1, 1_000, 1_000)).toBeCloseTo(8, 1)
  expect(rule.holdMs(1, 1_000, 1_004)).toBeCloseTo(4, 1)
  expect(rule.holdMs(1, 1_000, 1_009)).toBe(0)
})

test('when another shard’s frame leaves, they go along once half of their time is over', () => {
  const departures = alone()
  const rule = ruleWith(10, 20, departures)
  departures.add(1_003)
  expect(rule.holdMs(1, 1_000, 1_003)).toBeCloseTo(1, 1)
  departures.add(1_005)
  expect(rule.holdMs(1, 1_000, 1_005)).toBe(0)
  expect(rule.holdMs(1, 1_000, 1_006)).toBeCloseTo(2, 1)
})

test('two dozen leave at once, however many are unfinished', () => {
  const rule = ruleWith(1_000, 20)
  expect(rule.holdMs(23, 1_000, 1_000)).toBeGreaterThan(0)
  expect(rule.holdMs(24, 1_000, 1_000)).toBe(0)
})

test('however slow the shard is, no payment waits longer than 100 ms for others', () => {
  expect(ruleWith(10, 5_000).holdMs(1, 1_000, 1_000)).toBe(100)
})

test('the first burst after the start leaves at once', () => {
  const rule = new GatherRule(alone())
  for (let n = 0; n < 100; n++) rule.begin()
  expect(rule.holdMs(1, 1_000, 1_000)).toBe(0)
})

test('a clock that was set back holds nothing up for longer', () => {
  const rule = ruleWith(10, 20)
  expect(rule.holdMs(1, 90_000, 1_000)).toBeLessThanOrEqual(8)
  rule.begin()
  rule.end(-90_000)
  expect(rule.holdMs(1, 1_000, 1_000)).toBeLessThanOrEqual(8)
})
