import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchPart } from './batchPart.ts'

const answer = (codes: number[], transit: [number, number][], how: 'executed' | 'repeated' = 'executed') => ({
  ...{ kind: 'batch' as const, shard: 0, incarnation: 1, counter: 1, token: 9, seq: 5, timeMs: 6, how, refusal: 0 },
  codes: Uint8Array.from(codes),
  transit: transit.map(([first, count]) => ({ first, count })),
})

test('a part whose payees all live in its shard is complete with its answer', () => {
  const part = new BatchPart(9)
  expect(part.complete).toBe(false)
  part.onAnswer(answer([0, 28, 0], [[0, 0]]))
  expect([part.complete, [...part.codes!]]).toEqual([true, [0, 28, 0]])
})

test('a record that came home has its reason, whichever word came first', () => {
  for (const early of [true, false]) {
    const part = new BatchPart(9)
    const home = { token: 9, position: 1, code: 32 }
    if (early) part.onReturn(home)
    part.onAnswer(
      answer(
        [0, 0],
        [
          [0, 0],
          [70, 2],
        ],
      ),
    )
    if (!early) part.onReturn(home)
    part.onReturn(home)
    expect(part.complete).toBe(false)
    part.onRun(1, { token: 9, source: 0, first: 70, count: 1 })
    expect([part.complete, [...part.codes!]]).toEqual([true, [0, 32]])
  }
})

test('a batch that was executed before is never taken for complete: nobody tells of its credits', () => {
  const part = new BatchPart(9)
  part.onAnswer(answer([0], [[0, 0]], 'repeated'))
  expect(part.complete).toBe(false)
})

test('runs that are told twice, by two leaders, are counted once', () => {
  const cuts = fc.array(fc.record({ to: fc.integer({ min: 1, max: 20 }), again: fc.boolean() }), { maxLength: 20 })
  fc.assert(
    fc.property(cuts, (said) => {
      const part = new BatchPart(9)
      part.onAnswer(
        answer(
          Array.from({ length: 20 }, () => 0),
          [
            [0, 0],
            [100, 20],
          ],
        ),
      )
      let told = 0
      for (const { to, again } of said) {
        if (to > told) {
          part.onRun(1, { token: 9, source: 0, first: 100 + told, count: to - told })
          if (again) part.onRun(1, { token: 9, source: 0, first: 100, count: to })
        }
        told = Math.max(told, to)
        expect(part.complete).toBe(told === 20)
      }
    }),
  )
})
