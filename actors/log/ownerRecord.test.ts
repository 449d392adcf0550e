import { describe, expect, test } from 'vitest'
import {
  firstOwnerRecord,
  heldTo,
  liesWithin,
  type OwnerSegment,
  parseOwnerRecord,
  placeOf,
  positionOf,
} from './ownerRecord.ts'

const segments: OwnerSegment[] = [
  { epoch: 0, region: 'a', first: 1, last: 10 },
  { epoch: 1, region: 'b', first: 5, last: 4 },
  { epoch: 2, region: 'a', first: 14, last: 15 },
  { epoch: 5, region: 'b', first: 5 },
]

describe('owner records', () => {
  test.each([
    [1, 0, 1],
    [10, 0, 10],
    [11, 2, 14],
    [12, 2, 15],
    [13, 5, 5],
    [20, 5, 12],
  ])('position %i lies in epoch %i at sequence %i, and back', (position, epoch, seq) => {
    const place = placeOf(segments, position)!
    expect([place.segment.epoch, place.seq]).toEqual([epoch, seq])
    expect(positionOf(segments, epoch, seq)).toBe(position)
  })

  test('an epoch without a segment is named', () => {
    expect(() => positionOf(segments, 3, 1)).toThrow('no segment has epoch 3')
  })

  test.each([
    [0, 10, true],
    [0, 11, false],
    [1, 10, true],
    [1, 11, false],
    [2, 10, true],
    [2, 12, true],
    [2, 13, false],
    [5, 12, true],
    [5, 11, false],
    [5, 1_000, true],
    [3, 11, false],
  ])('a state of epoch %i at position %i belongs to the log: %s', (epoch, seq, belongs) => {
    expect(liesWithin(segments, { epoch, seq })).toBe(belongs)
  })

  test.each([
    [0, 7, 7],
    [0, 10, 10],
    [0, 13, 10],
    [1, 14, 10],
    [2, 12, 12],
    [2, 40, 12],
    [5, 40, 40],
  ])('of what was read in epoch %i up to position %i the log still holds what comes up to %i', (epoch, seq, held) => {
    expect(heldTo(segments, { epoch, seq })).toBe(held)
  })

  test('of an epoch that it has not heard of a record says nothing', () => {
    expect(() => heldTo(segments, { epoch: 6, seq: 20 })).toThrow('knows nothing of epoch 6')
  })

  test('what a witness holds is read whole or not at all', () => {
    const whole = { epoch: 5, owner: 'b', mode: 'sync', segments }
    expect(parseOwnerRecord(whole)).toEqual(whole)
    expect(parseOwnerRecord(firstOwnerRecord('a', 'alone')).segments).toEqual([{ epoch: 0, region: 'a', first: 1 }])
    for (const broken of [
      { ...whole, owner: 'a' },
      { ...whole, epoch: 4 },
      { ...whole, mode: 'both' },
      { ...whole, segments: segments.slice(0, 3) },
      { ...whole, segments: [...segments].reverse() },
      { ...whole, segments: [{ epoch: 0, region: 'a', first: 9, last: 7 }, segments[3]] },
    ]) {
      expect(() => parseOwnerRecord(broken)).toThrow('owner record is not usable')
    }
  })
})
