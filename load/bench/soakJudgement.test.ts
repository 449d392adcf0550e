import { expect, test } from 'vitest'
import { type Completion, judgeSoak } from './soakJudgement.ts'

const batch = 8_000
const payments = 1_000 * batch
const asked = { payments, repeats: 3 }

/** Completions of three repeats, one batch after the other, each at the speed it is given: 1 takes 10 ms a batch. */
function soak(speedOf: (share: number) => number, stall: { atShare: number; ms: number } = { atShare: 2, ms: 0 }) {
  const count = (3 * payments) / batch
  const completions: Completion[] = [{ atMs: 0, payments: 0 }]
  for (let n = 1, atMs = 0; n <= count; n++) {
    atMs += 10 / speedOf((n - 1) / count) + (n === Math.ceil(stall.atShare * count) ? stall.ms : 0)
    completions.push({ atMs, payments: n * batch })
  }
  return judgeSoak(completions, asked)
}

test('a soak that keeps its speed passes, with the figures of its repeats', () => {
  const { verdict, figures } = soak(() => 1)
  expect(verdict).toBe('pass')
  expect(figures).toMatchObject({
    'soak.per_second': 800_000,
    'soak.last_over_first': 1,
    'soak.whole_last_over_first': 1,
    'soak.max_ms': 10,
  })
})

test('a repeat at half the speed fails it, though each repeat keeps its own', () => {
  const { verdict, figures } = soak((share) => (share < 2 / 3 ? 1 : 0.5))
  expect(figures).toMatchObject({ 'soak.last_over_first': 1, 'soak.whole_last_over_first': 0.5 })
  expect(verdict).toBe('fail')
})

test('a steady decay fails it that each repeat alone would be forgiven', () => {
  const { verdict, figures } = soak((share) => 0.953 ** (3 * share))
  expect(figures['soak.last_over_first']).toBeGreaterThanOrEqual(0.95)
  expect(figures['soak.whole_last_over_first']).toBeLessThan(0.9)
  expect(verdict).toBe('fail')
})

test('one repeat that fell off and came back does not fail it, two do', () => {
  const falls = (repeats: readonly number[]) => (share: number) =>
    repeats.includes(Math.floor(share * 3)) && (share * 3) % 1 > 0.85 ? 0.8 : 1
  expect(soak(falls([1])).verdict).toBe('pass')
  expect(soak(falls([0, 1])).verdict).toBe('fail')
})

test('a stall fails it, however soon it is made up for', () => {
  expect(soak(() => 1, { atShare: 0.5, ms: 240 }).verdict).toBe('pass')
  expect(soak(() => 1, { atShare: 0.5, ms: 241 }).verdict).toBe('fail')
})
