import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { bucketCount, bucketOf } from '../ledger/ids.ts'
import { bucketsOf, defaultPlacement, shardOf } from './placement.ts'

describe('placement', () => {
  test.prop([fc.integer({ min: 1, max: 64 }), fc.nat(Number.MAX_SAFE_INTEGER)])(
    'a number lives in the shard of its bucket',
    (shardCount, number) => {
      const placement = defaultPlacement(shardCount)
      expect(shardOf(placement, number)).toBe((number % 4_096) % shardCount)
      expect(bucketsOf(placement, shardOf(placement, number))).toContain(bucketOf(number))
    },
  )

  test.prop([fc.integer({ min: 1, max: 64 })])('every bucket has exactly one shard', (shardCount) => {
    const placement = defaultPlacement(shardCount)
    const all = Array.from({ length: shardCount }, (_, shard) => bucketsOf(placement, shard)).flat()
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: bucketCount }, (_, bucket) => bucket))
  })

  test.each([0, 1.5, -1, 5_000])('a shard count of %s is refused', (shardCount) => {
    expect(() => defaultPlacement(shardCount)).toThrow('shard count')
  })
})
