import { expect, test } from 'vitest'
import { RestRule } from './restRule.ts'

test('a follower rests while a rest would bring several entries, and no longer', () => {
  const rule = new RestRule(50, 1, 1_000)
  expect(rule.rests(5, 1_050)).toBe(true)
  expect(rule.rests(8, 1_100)).toBe(false)
  expect(rule.rests(8, 9_000)).toBe(false)
  expect(rule.rests(72, 9_800)).toBe(true)
})

test('entries that come in one moment are many', () => {
  expect(new RestRule(50, 1, 1_000).rests(2, 1_000)).toBe(true)
  expect(new RestRule(50, 1, 1_000).rests(1, 1_000)).toBe(false)
})
