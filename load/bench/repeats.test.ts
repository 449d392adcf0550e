import { expect, test } from 'vitest'
import { spreadOf } from './repeats.ts'

test('the middle of repeats is not moved by one that went wrong', () => {
  expect(spreadOf([100, 3, 98])).toEqual({ median: 98, min: 3, max: 100 })
  expect(spreadOf([4, 1])).toEqual({ median: 2.5, min: 1, max: 4 })
  expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 })
})
