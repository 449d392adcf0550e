import { expect, test } from 'vitest'
import { judgeLadder, judgeRegions } from './goals.ts'

const reached = {
  'l0.per_core': 3_100_000,
  'l1.b8000.per_second': 1_050_000,
  'l1.b1024.c1.per_second': 370_000,
  'l1.b64.per_second': 110_000,
  'l1.c1.per_second': 800,
  'l1.c1.p50_ms': 1.2,
  'l1.sync.c1.p50_ms': 2.5,
  'l1.sync.b1024.c1.per_second': 222_000,
  'l2.c64.per_second': 6_000,
  'l3.c64.per_second': 2_500,
  'l3.c64.p99_ms': 40,
  'postgres.single.per_second': 7_000,
  'postgres.batched.per_second': 36_000,
}

test('all goals reached is a pass, with the ratio to each peer', () => {
  const { verdict, figures, lines } = judgeLadder(reached)
  expect(verdict).toBe('pass')
  expect(figures).toEqual({
    'ratio.l1_b8000_over_postgres_single': 150,
    'ratio.l1_b8000_over_postgres_batched': 29.17,
    'ratio.l1_c1_over_tigerbeetle': 1.08,
    'ratio.l1_b64_over_tigerbeetle': 2.21,
    'ratio.l1_b1024_c1_over_tigerbeetle': 2.03,
    'ratio.l1_b8000_over_tigerbeetle': 2.38,
    'ratio.l1_sync_b1024_over_one_region': 0.6,
    'l1.sync.c1.added_ms': 1.3,
  })
  expect(lines.filter((line) => line.includes('the bar (measured elsewhere on two cores)'))).toHaveLength(4)
})

test('a peer that ran in the same breath takes the place of the bar', () => {
  const { figures, lines } = judgeLadder({ ...reached, 'tigerbeetle.b8189.per_second': 500_000 })
  expect(figures['ratio.l1_b8000_over_tigerbeetle']).toBe(2.1)
  expect(lines.filter((line) => line.includes('the bar'))).toHaveLength(3)
})

test('one figure below the least fails the ladder, one between least and goal does not', () => {
  expect(judgeLadder({ ...reached, 'l0.per_core': 1_499_999 }).verdict).toBe('fail')
  expect(judgeLadder({ ...reached, 'l0.per_core': 1_500_000 }).verdict).toBe('pass')
  expect(judgeLadder({ ...reached, 'l3.c64.p99_ms': 50.1 }).verdict).toBe('fail')
})

test('what was not measured leaves the verdict unknown, and a miss is worse than that', () => {
  const { 'l1.b8000.per_second': _, ...without } = reached
  const { verdict, figures } = judgeLadder(without)
  expect(verdict).toBe('unknown')
  expect(figures).not.toHaveProperty('ratio.l1_b8000_over_postgres_single')
  expect(judgeLadder({ ...without, 'l3.c64.per_second': 10 }).verdict).toBe('fail')
})

test('what one core can verify sets the goal of signed payments', () => {
  const line = (limit: number): string | undefined =>
    judgeLadder({ ...reached, 'l2.verify_limit_per_second': limit }).lines.find((l) => l.startsWith('L2, 64'))
  expect(line(9_000)).toContain('goal ≥ 5,400')
  expect(line(11_000)).toContain('above the least')
})

test('two regions are judged by themselves, by what they add and what they leave of one', () => {
  const measured = { 'l1.c1.p50_ms': 1.1, 'l1.b1024.c1.per_second': 300_000, 'l1.sync.b1024.c1.per_second': 150_000 }
  const judged = (addedMs: number) => judgeRegions({ ...measured, 'l1.sync.c1.p50_ms': 1.1 + addedMs })
  expect(judged(1.5)).toMatchObject({ verdict: 'pass', figures: { 'l1.sync.c1.added_ms': 1.5 } })
  expect(judged(1.6).verdict).toBe('fail')
  expect(judgeRegions({ ...measured, 'l1.sync.b1024.c1.per_second': 117_000, 'l1.sync.c1.p50_ms': 2 }).verdict).toBe(
    'fail',
  )
  expect(judgeRegions(measured).verdict).toBe('unknown')
})
