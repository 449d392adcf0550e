import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DatedIds } from './datedIds.ts'
import { Digest } from './digest.ts'

const key = Uint8Array.from({ length: 16 }, (_, i) => i)
const make = (capacity: number, digest = new Digest(key)): DatedIds => new DatedIds(capacity, digest, 0x1234)
const wordsOf = (n: number): Uint32Array => Uint32Array.of(20_260_302, 0xd0, 0, n)

describe('fingerprints of dated ids', () => {
  test('are kept up to their last day and forgotten after it', () => {
    const ids = make(16)
    ids.add(1, wordsOf(1), 0, 10)
    ids.forget(10, 9)
    expect(ids.has(1, wordsOf(1), 0)).toBe(true)
    ids.forget(11, 9)
    expect(ids.has(1, wordsOf(1), 0)).toBe(false)
  })

  test('tell actors and ids apart', () => {
    const ids = make(1_024)
    for (let n = 0; n < 1_000; n++) ids.add(n % 10, wordsOf(n), 0, 1)
    for (let n = 0; n < 1_000; n++) {
      expect(ids.has(n % 10, wordsOf(n), 0)).toBe(true)
      expect(ids.has(((n + 1) % 10) + 2 ** 33, wordsOf(n), 0)).toBe(false)
      expect(ids.has(n % 10, wordsOf(n + 1_000), 0)).toBe(false)
    }
  })

  test('a full table says so, and one that forgets takes new ones', () => {
    const ids = make(4)
    for (let n = 0; n < 4; n++) ids.add(1, wordsOf(n), 0, n)
    expect(ids.full).toBe(true)
    ids.forget(2, 9)
    expect(ids.full).toBe(false)
    for (let n = 0; n < 4; n++) expect(ids.has(1, wordsOf(n), 0)).toBe(n >= 2)
  })

  test('agree with a list over any history, before and after a snapshot, and leave an empty digest', () => {
    const step = fc.record({ id: fc.nat(30), days: fc.nat(2), most: fc.nat(4) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.nat(100), (steps, snapshotAt) => {
        const digest = new Digest(key)
        let ids = make(16, digest)
        let held: { id: number; lastDay: number }[] = []
        let today = 0
        for (const [at, { id, days, most }] of steps.entries()) {
          today += days
          expect(ids.has(1, wordsOf(id), 0)).toBe(held.some((h) => h.id === id))
          if (!ids.full && !held.some((h) => h.id === id)) {
            ids.add(1, wordsOf(id), 0, today + 2)
            held.push({ id, lastDay: today + 2 })
          }
          ids.forget(today, most)
          let dropped = 0
          while (dropped < most && held[dropped] && held[dropped]!.lastDay < today) dropped += 1
          held = held.slice(dropped)
          if (at === snapshotAt) ids = reloaded(ids, digest)
        }
        ids.forget(60_000, 1_000)
        expect(digest.text()).toBe('0000000000000000')
      }),
    )
  })
})

function reloaded(ids: DatedIds, digest: Digest): DatedIds {
  const sections = new Map(ids.sections().map(({ name, bytes }) => [name, bytes.slice()]))
  const copy = make(16, digest)
  copy.load(ids.tail, ids.head, sections)
  return copy
}
