import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CommandIds } from './commandIds.ts'
import { Digest } from './digest.ts'

const key = Uint8Array.from({ length: 16 }, (_, i) => i)
const make = (capacity: number, digest = new Digest(key)): CommandIds => new CommandIds(capacity, digest, 0x1234)
const wordsOf = (n: number): Uint32Array => Uint32Array.of(n, 0, 0, n >>> 3, n * 3, n * 5)

function add(ids: CommandIds, actor: number, n: number, timeMs: number): number {
  const row = ids.add(actor, wordsOf(n), 0, 4)
  ids.settle(row, n % 40, timeMs, n, n % 7, n % 11, n % 3)
  return row
}

describe('the exact memory of ids', () => {
  test('finds what it holds, by actor and id', () => {
    const ids = make(16)
    add(ids, 7, 1, 100)
    add(ids, 8, 1, 100)
    expect(ids.find(7, wordsOf(1), 0)).toBe(0)
    expect(ids.find(8, wordsOf(1), 0)).toBe(1)
    expect(ids.find(9, wordsOf(1), 0)).toBe(-1)
    expect(ids.find(7, wordsOf(2), 0)).toBe(-1)
  })

  test('actors above 2^32 are told apart', () => {
    const ids = make(16)
    const actors = [5, 5 + 2 ** 32, 5 + 2 ** 40, 2 ** 53 - 1]
    for (const actor of actors) add(ids, actor, 1, 0)
    expect(actors.map((actor) => ids.find(actor, wordsOf(1), 0))).toEqual([0, 1, 2, 3])
  })

  test('forgets the oldest first, never early, a few at a time', () => {
    const ids = make(16)
    for (let n = 0; n < 6; n++) add(ids, 1, n, n * 100)
    ids.forget(300, 2)
    expect(ids.size).toBe(4)
    ids.forget(300, 9)
    expect([0, 1, 2, 3, 4, 5].map((n) => ids.find(1, wordsOf(n), 0) >= 0)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ])
  })

  test('is full at its capacity and goes round as it forgets', () => {
    const ids = make(8)
    for (let n = 0; n < 100; n++) {
      if (ids.full) ids.forget(n, 1)
      add(ids, 1, n, n - 8)
      for (let m = Math.max(0, n - 7); m <= n; m++) expect([n, m, ids.find(1, wordsOf(m), 0)]).toEqual([n, m, m % 8])
      expect(ids.find(1, wordsOf(n - 8), 0)).toBe(-1)
    }
    expect(ids.full).toBe(true)
  })

  test('a capacity that is no power of two is refused', () => {
    expect(() => make(12)).toThrow('power of two')
  })

  test('agrees with a map over any history, before and after a snapshot', () => {
    const step = fc.record({ actor: fc.nat(3), id: fc.nat(12), forget: fc.nat(3) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.nat(120), (steps, snapshotAt) => {
        const digest = new Digest(key)
        let ids = make(16, digest)
        const held = new Map<string, number>()
        const order: string[] = []
        for (const [now, { actor, id, forget }] of steps.entries()) {
          const name = `${actor}.${id}`
          expect(ids.find(actor, wordsOf(id), 0) >= 0).toBe(held.has(name))
          if (!held.has(name) && !ids.full) {
            held.set(name, now)
            order.push(name)
            add(ids, actor, id, now)
          }
          ids.forget(now - 5, forget)
          for (let n = 0; n < forget && order[0] !== undefined && held.get(order[0])! < now - 5; n++) {
            held.delete(order.shift()!)
          }
          expect(ids.size).toBe(order.length)
          if (now === snapshotAt) ids = reloaded(ids, digest)
        }
        for (const name of held.keys()) {
          const [actor, id] = name.split('.').map(Number)
          const row = ids.find(actor!, wordsOf(id!), 0)
          expect(ids.columns.at.seq[row]).toBe(id)
        }
      }),
    )
  })

  test('the digest forgets what the memory forgets', () => {
    const digest = new Digest(key)
    const ids = make(8, digest)
    const empty = digest.text()
    for (let n = 0; n < 8; n++) add(ids, 1, n, 0)
    expect(digest.text()).not.toBe(empty)
    ids.change(3, 99)
    ids.forget(1, 8)
    expect(digest.text()).toBe(empty)
  })

  test('a snapshot of another length is refused', () => {
    const ids = make(8)
    add(ids, 1, 1, 0)
    const sections = new Map(ids.sections().map(({ name, bytes }) => [name, bytes]))
    expect(() => make(8).load(0, 2, sections)).toThrow('wrong length')
  })
})

function reloaded(ids: CommandIds, digest: Digest): CommandIds {
  const sections = new Map(ids.sections().map(({ name, bytes }) => [name, bytes.slice()]))
  const copy = make(16, digest)
  copy.load(ids.tail, ids.head, sections)
  return copy
}
