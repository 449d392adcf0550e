import { expect, test } from 'vitest'
import { httpVerdict } from './http.ts'

test('a run passes only if every payment of every row was completed', () => {
  expect(httpVerdict([{ completed: 5, refusedOrUnknown: 0 }])).toBe('pass')
  expect(
    httpVerdict([
      { completed: 5, refusedOrUnknown: 0 },
      { completed: 5, refusedOrUnknown: 1 },
    ]),
  ).toBe('fail')
  expect(httpVerdict([{ completed: 0, refusedOrUnknown: 0 }])).toBe('fail')
})
