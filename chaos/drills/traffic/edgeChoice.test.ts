import { expect, test } from 'vitest'
import { EdgeChoice } from './edgeChoice.ts'

test('an edge that was silent is left alone for half a minute, for that way only', () => {
  let nowMs = 0
  const choice = new EdgeChoice(
    2,
    () => nowMs,
    () => 0,
  )
  expect(choice.edgeFor('0>0')).toBe(0)
  choice.heard('0>0', 0, 'silent')
  expect([choice.edgeFor('0>0'), choice.edgeFor('0>1')]).toEqual([1, 0])
  nowMs = 30_000
  expect(choice.edgeFor('0>0')).toBe(0)
})

test('with every edge in trouble any is asked, and an answer ends the trouble', () => {
  const choice = new EdgeChoice(
    2,
    () => 0,
    () => 0,
  )
  choice.heard('0>0', 0, 'busy')
  choice.heard('0>0', 1, 'silent')
  expect(choice.edgeFor('0>0')).toBe(0)
  choice.heard('0>0', 1, 'completed')
  expect(choice.edgeFor('0>0')).toBe(1)
})

test('a payment that is pending does not speak against its edge', () => {
  const choice = new EdgeChoice(
    2,
    () => 0,
    () => 0,
  )
  choice.heard('0>0', 0, 'pending')
  expect(choice.edgeFor('0>0')).toBe(0)
})
