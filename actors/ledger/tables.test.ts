import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeTransit } from './frameBuilder.ts'
import { bodyViews } from './frameInput.ts'
import { Lane } from './lanes.ts'
import { NumberTable } from './numberTable.ts'
import { transitGroup, transitRecord } from './records.ts'
import { SenderFrames } from './senderFrames.ts'
import { slotBytes } from './slots.ts'
import { transitPlaces } from './transitParts.ts'

describe('the table of numbers', () => {
  test('finds every number it was given and no other, also when full to its capacity', () => {
    const unique = fc.uniqueArray(
      fc.maxSafeNat().map((n) => n + 1),
      { minLength: 1, maxLength: 200 },
    )
    fc.assert(
      fc.property(unique, fc.nat(0xffff_ffff), (numbers, key) => {
        const column = new Float64Array(numbers.length)
        const table = new NumberTable(column, key)
        for (const [row, number] of numbers.entries()) {
          expect(table.row(number)).toBe(-1)
          column[row] = number
          table.add(row)
        }
        for (const [row, number] of numbers.entries()) expect(table.row(number)).toBe(row)
        table.rebuild(numbers.length)
        for (const [row, number] of numbers.entries()) expect(table.row(number)).toBe(row)
        for (const stranger of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, -numbers[0]!]) {
          expect(table.row(stranger)).toBe(-1)
        }
      }),
    )
  })
})

describe('which frames of a sender were applied', () => {
  test('agrees with a set over the last 48 frames; what is older counts as applied', () => {
    const jumps = fc.array(fc.integer({ min: -60, max: 60 }), { maxLength: 200 })
    fc.assert(
      fc.property(jumps, fc.nat(200), (moves, saveAt) => {
        let frames = new SenderFrames()
        const seen = new Set<number>()
        let highest = Number.NEGATIVE_INFINITY
        let counter = 1_000
        for (const [n, move] of moves.entries()) {
          counter = Math.max(0, counter + move)
          const expected = !seen.has(counter) && counter > highest - 48
          expect([n, counter, frames.first(5, counter)]).toEqual([n, counter, expected])
          seen.add(counter)
          highest = Math.max(highest, counter)
          if (n === saveAt) {
            const saved = frames.save()
            frames = new SenderFrames()
            frames.load(saved)
          }
        }
      }),
    )
  })

  test('senders do not disturb each other, and counters may be as large as a frame carries', () => {
    const frames = new SenderFrames()
    const last = 2 ** 53 - 1
    expect([frames.first(1, last), frames.first(2, last), frames.first(1, last), frames.first(2, last - 1)]).toEqual([
      true,
      true,
      false,
      true,
    ])
    expect(frames.first(1, 0)).toBe(false)
  })

  test('of very many senders those that have been silent longest are forgotten', () => {
    const frames = new SenderFrames()
    for (let sender = 0; sender < 1_024; sender++) {
      frames.first(sender, 1)
      frames.first(0, sender + 2)
    }
    frames.first(5_000, 1)
    expect(frames.first(0, 1_025)).toBe(false)
    expect(frames.first(1, 1)).toBe(true)
  })
})

test('a transit record and its group take a slot each', () => {
  expect([transitRecord.size, transitGroup.size]).toEqual([slotBytes, slotBytes])
})

describe('a lane', () => {
  const perChunk = 8_192
  const id = new Uint32Array(4)
  const put = (lane: Lane, value: number): void => lane.owe(1, 0, 0, 0, 0, value)
  const read = (lane: Lane, number: number, count: number): number[] => {
    const target = new Uint8Array(count * transitRecord.size)
    const copied = lane.copy(number, count, target, 0)
    const view = new DataView(target.buffer)
    const at = transitRecord.at.amount
    return Array.from({ length: copied }, (_, i) => view.getFloat64(i * transitRecord.size + at, true))
  }
  const whole = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
  const reloaded = (lane: Lane): Lane => {
    const copy = new Lane()
    const { records, groups } = lane.views()
    copy.loadRecords(lane.kept, lane.next, whole(records))
    copy.loadGroups(lane.groups.kept, lane.groups.next, whole(groups))
    return copy
  }
  /** By record: the token of the group that it is sent under. */
  const tokens = (lane: Lane, number: number, count: number): number[] => {
    const frame = bodyViews(encodeTransit(0, 0, lane, number, count))
    return [...transitPlaces(frame)].map(({ group }) => frame.view.getFloat64(group + transitGroup.at.token, true))
  }

  test('gives back what was put in, across the borders of its chunks', () => {
    const lane = new Lane()
    for (let n = 0; n < 2 * perChunk + 10; n++) put(lane, n)
    expect(read(lane, perChunk - 2, 4)).toEqual([perChunk - 2, perChunk - 1, perChunk, perChunk + 1])
    expect(read(lane, 5, 2 * perChunk)).toEqual(Array.from({ length: 2 * perChunk }, (_, i) => i + 5))
    expect(read(lane, 2 * perChunk + 8, 99)).toEqual([2 * perChunk + 8, 2 * perChunk + 9])
    expect(read(lane, lane.next, 5)).toEqual([])
    expect(read(lane, lane.next + 5, 5)).toEqual([])
  })

  test('forgets what it is told to and keeps the rest', () => {
    const lane = new Lane()
    for (let n = 0; n < 3 * perChunk; n++) put(lane, n)
    for (const kept of [1, perChunk - 1, perChunk, perChunk + 1, 2 * perChunk + 5]) {
      lane.trim(kept)
      expect(lane.kept).toBe(kept)
      expect(read(lane, kept, 2)).toEqual([kept, kept + 1])
      expect(() => read(lane, kept - 1, 1)).toThrow('no longer kept')
    }
    lane.trim(3)
    expect(lane.kept).toBe(2 * perChunk + 5)
  })

  test('forgets no more than it has, and goes on counting', () => {
    const lane = new Lane()
    for (let n = 0; n < 3; n++) put(lane, n)
    lane.trim(1_000_000)
    expect([lane.kept, lane.next]).toEqual([3, 3])
    for (let n = 3; n < perChunk + 3; n++) put(lane, n)
    expect(read(lane, perChunk - 1, 4)).toEqual([perChunk - 1, perChunk, perChunk + 1, perChunk + 2])
    lane.trim(perChunk)
    lane.trim(perChunk + 3)
    put(lane, 77)
    expect(read(lane, perChunk + 3, 9)).toEqual([77])
  })

  test('agrees with an array over any history, before and after a snapshot', () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant('put' as const), n: fc.integer({ min: 1, max: 3_000 }) }),
      fc.record({ op: fc.constant('trim' as const), n: fc.nat(12_000) }),
      fc.record({ op: fc.constant('reload' as const), n: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let lane = new Lane()
        let kept = 0
        let next = 0
        for (const { op, n } of steps) {
          if (op === 'put') for (let i = 0; i < n; i++) put(lane, next++)
          if (op === 'trim') {
            lane.trim(n)
            kept = Math.max(kept, Math.min(n, next))
          }
          if (op === 'reload') lane = reloaded(lane)
          expect([lane.kept, lane.next]).toEqual([kept, next])
          expect(read(lane, kept, next - kept)).toEqual(Array.from({ length: next - kept }, (_, i) => kept + i))
        }
      }),
      { numRuns: 40 },
    )
  })

  test('sends each record under the group it was put in, wherever a frame begins and whatever was forgotten', () => {
    const step = fc.record({ records: fc.integer({ min: 1, max: 5 }), trim: fc.nat(100), reload: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.nat(), fc.nat(), (steps, from, most) => {
        let lane = new Lane()
        const groupOf: number[] = []
        for (const [token, { records, trim, reload }] of steps.entries()) {
          lane.begin(1, 2, token, id, 0)
          for (let n = 0; n < records; n++) {
            groupOf.push(token)
            put(lane, groupOf.length)
          }
          // What comes last is never acknowledged in the same moment.
          lane.trim(Math.min(trim, lane.next - 1))
          if (reload) lane = reloaded(lane)
        }
        const first = lane.kept + (from % (lane.next - lane.kept))
        const count = 1 + (most % (lane.next - first))
        expect(tokens(lane, first, count)).toEqual(groupOf.slice(first, first + count))
        const groups = new Set(groupOf.slice(lane.kept)).size
        expect(lane.groups.next - lane.groups.kept).toBe(groups)
      }),
    )
  })

  test('knows its groups where the count of records goes beyond 32 bits', () => {
    const lane = new Lane()
    const start = 2 ** 32 - 2
    lane.loadRecords(start, start, new Uint8Array(0))
    for (const token of [7, 8, 9]) {
      lane.begin(1, 2, token, id, 0)
      for (const value of [1, 2]) put(lane, value)
    }
    expect(tokens(lane, start + 1, 5)).toEqual([7, 8, 8, 9, 9])
    lane.trim(start + 3)
    expect(tokens(lane, start + 3, 3)).toEqual([8, 9, 9])
  })

  test('what a snapshot has seen stays as it was while the lane goes on and forgets', () => {
    const lane = new Lane()
    for (let n = 0; n < perChunk + 5; n++) put(lane, n)
    const { records } = lane.views()
    const before = whole(records)
    for (let n = 0; n < 3 * perChunk; n++) put(lane, 99)
    lane.trim(3 * perChunk)
    expect(whole(records)).toEqual(before)
  })

  test('a snapshot of another length is refused', () => {
    expect(() => new Lane().loadRecords(0, 2, new Uint8Array(transitRecord.size))).toThrow('wrong length')
  })
})
