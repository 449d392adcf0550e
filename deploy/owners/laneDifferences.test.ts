import { expect, test } from 'vitest'
import type { LaneEnds } from '../../actors/log/laneEnds.ts'
import { laneDifferences, sayDifference } from './laneDifferences.ts'

const nothing: LaneEnds = { kept: 0, next: 0, received: 0, sentFen: 0, takenFen: 0 }
const ends = (...shards: Partial<LaneEnds>[][]): Map<number, LaneEnds[]> =>
  new Map(shards.map((peers, shard) => [shard, peers.map((lane) => ({ ...nothing, ...lane }))]))

test.each([
  // What shard 0 keeps and numbers for shard 1, and what shard 1 awaits of it.
  { kept: 0, next: 0, received: 0, differs: [] },
  { kept: 3, next: 8, received: 3, differs: [] },
  { kept: 3, next: 8, received: 5, differs: [] },
  { kept: 3, next: 8, received: 8, differs: [] },
  { kept: 8, next: 8, received: 8, differs: [] },
  { kept: 3, next: 8, received: 9, differs: [{ kind: 'unsent', first: 8, last: 8 }] },
  { kept: 3, next: 8, received: 12, differs: [{ kind: 'unsent', first: 8, last: 11 }] },
  { kept: 3, next: 8, received: 2, differs: [{ kind: 'forgotten', first: 2, last: 2 }] },
  { kept: 8, next: 8, received: 0, differs: [{ kind: 'forgotten', first: 0, last: 7 }] },
])('a lane that keeps from $kept, goes on at $next and is awaited at $received', ({ differs, ...lane }) => {
  const { kept, next, received } = lane
  const both = ends([{}, { kept, next }], [{ received }, {}])
  expect(laneDifferences(both, new Set([0]))).toMatchObject(differs)
  expect(laneDifferences(both, new Set([1]))).toMatchObject(differs)
  expect(laneDifferences(both, new Set([0, 1]))).toMatchObject(differs)
})

test('what was credited and never sent is told in fen, also where the totals have gone round', () => {
  const lost = ends([{}, { next: 8, sentFen: 5_000 }], [{ received: 10, takenFen: 7_500 }, {}])
  expect(laneDifferences(lost, new Set([0]))).toEqual([
    { from: 0, to: 1, kind: 'unsent', first: 8, last: 9, fen: 2_500 },
  ])
  const round = ends([{}, { next: 8, sentFen: 2 ** 53 - 1_000 }], [{ received: 10, takenFen: 1_500 }, {}])
  expect(laneDifferences(round, new Set([0]))).toMatchObject([{ fen: 2_500 }])
})

test('both directions and every partner are looked at, and only those of shards that are given up', () => {
  const three = ends(
    [{}, { next: 4, received: 9 }, { next: 1 }],
    [{ kept: 10, next: 12, received: 6 }, {}, { next: 1 }],
    [{ received: 3 }, { received: 2 }, {}],
  )
  expect(laneDifferences(three, new Set([0])).map(({ from, to, kind }) => [from, to, kind])).toEqual([
    [0, 1, 'unsent'],
    [0, 2, 'unsent'],
    [1, 0, 'forgotten'],
  ])
  expect(laneDifferences(three, new Set([2])).map(({ from, to }) => [from, to])).toEqual([
    [0, 2],
    [1, 2],
  ])
})

test('each is said in one line that names shards, records and money', () => {
  expect(sayDifference({ from: 3, to: 1, kind: 'unsent', first: 8, last: 9, fen: 2_500 })).toBe(
    'shard 1 has credited records 8 to 9 of shard 3, 2500 fen, which nobody here was debited for; the next 2 that shard 3 sends it would be debited and never credited',
  )
  expect(sayDifference({ from: 1, to: 3, kind: 'forgotten', first: 2, last: 4 })).toBe(
    'records 2 to 4 of shard 1 never reached shard 3 and cannot be sent again; whatever else shard 1 sends it would wait behind them',
  )
})
