import { expect, test } from 'vitest'
import { Departures } from './departures.ts'

test('the first frame of a turn asks the others, and those that come along ask nobody', () => {
  let asked = 0
  const departures = new Departures(() => {
    asked += 1
  })
  departures.add(1_000)
  departures.add(1_000.2)
  expect(asked).toBe(1)
  departures.add(1_004)
  expect(asked).toBe(2)
})

test('a turn is over soon, and before the first frame there is none', () => {
  const departures = new Departures(() => undefined)
  expect(departures.isNow(0)).toBe(false)
  departures.add(1_000)
  expect([1_000, 1_000.5, 1_000.6].map((ms) => departures.isNow(ms))).toEqual([true, true, false])
})

test('under a clock that was set back no turn goes on', () => {
  const departures = new Departures(() => undefined)
  departures.add(90_000)
  expect(departures.isNow(1_000)).toBe(false)
})
