import { expect, test } from 'vitest'
import type { Payment } from '../traffic/payment.ts'
import type { Moment } from '../watch/timeline.ts'
import { recoverySteps } from './recoverySteps.ts'
import { outagesAfter, percentileMs } from './recoveryTime.ts'

const probe = (sentAtMs: number, waitMs: number | undefined, shard = 0): Payment => ({
  id: `${shard}-${sentAtMs}`,
  payer: 0,
  payee: 1,
  fen: 1,
  payerShard: shard,
  payeeShard: shard,
  probe: true,
  sentAtMs,
  answers:
    waitMs === undefined
      ? []
      : [{ atMs: sentAtMs + waitMs, edge: 'a', status: 200, outcome: 'completed', text: 'done' }],
})
const every50Ms = (fromMs: number, untilMs: number, waitMs: number, shard = 0): Payment[] =>
  Array.from({ length: Math.ceil((untilMs - fromMs) / 50) }, (_, n) => probe(fromMs + n * 50, waitMs, shard))
const window = { fromMs: 1_000, untilMs: 20_000 }

test('a shard that was away is back when the last probe that waited too long is answered', () => {
  const outage = Array.from({ length: 40 }, (_, n) => probe(1_000 + n * 50, 4_000 - n * 50))
  const probes = [...every50Ms(0, 1_000, 5), ...outage, ...every50Ms(5_000, 10_000, 5)]
  expect(outagesAfter(probes, window, 1_000)).toEqual([
    { shard: 0, beganMs: 1_000, servedMs: 5_000, recoveryMs: 4_000, lateProbes: 40 },
  ])
})

test('each shard is told for itself, and one that never came back never does', () => {
  const probes = [...every50Ms(0, 5_000, 5), probe(1_500, undefined, 1)]
  const [first, second] = outagesAfter(probes, window, 1_000)
  expect(first).toMatchObject({ shard: 0, recoveryMs: 5, lateProbes: 0 })
  expect(second).toMatchObject({ shard: 1, recoveryMs: Number.POSITIVE_INFINITY, lateProbes: 1 })
})

test('what was on its way at the fault counts from the fault', () => {
  const [outage] = outagesAfter([probe(900, 1_500), ...every50Ms(2_500, 6_000, 5)], window, 1_000)
  expect(outage).toMatchObject({ recoveryMs: 1_400, beganMs: 1_000 })
})

test('a probe that is late long after the service was back is another matter', () => {
  const probes = [probe(1_000, 2_000), ...every50Ms(3_000, 9_000, 5), probe(9_000, 3_000)]
  expect(outagesAfter(probes, window, 1_000)[0]).toMatchObject({ recoveryMs: 2_000, lateProbes: 1 })
})

test('nor is one the end of an outage that there never was: it counts by what it waited', () => {
  const probes = [...every50Ms(900, 12_000, 5), probe(12_000, 2_600)]
  expect(outagesAfter(probes, window, 1_000)[0]).toMatchObject({ recoveryMs: 2_600, lateProbes: 0 })
})

test('what waits when the next fault comes is the next one’s from there on', () => {
  const probes = [probe(1_000, 1_500), ...every50Ms(2_500, 5_000, 5), probe(4_900, 1_600)]
  const [first] = outagesAfter(probes, { fromMs: 1_000, untilMs: 5_000, nextFaultMs: 5_000 }, 1_000)
  expect(first).toMatchObject({ recoveryMs: 1_500, lateProbes: 1 })
  const [second] = outagesAfter(probes, { fromMs: 5_000, untilMs: 20_000 }, 1_000)
  expect(second).toMatchObject({ recoveryMs: 1_500, beganMs: 5_000 })
})

test('a shard that was still away at the next fault was away up to it', () => {
  const probes = [probe(1_000, undefined), ...every50Ms(5_000, 6_000, 5)]
  const [first] = outagesAfter(probes, { fromMs: 1_000, untilMs: 5_000, nextFaultMs: 5_000 }, 1_000)
  expect(first).toMatchObject({ recoveryMs: 4_000, lateProbes: 1 })
})

test('without a late probe the time is the longest that any of them waited', () => {
  expect(outagesAfter([probe(1_100, 40), probe(1_200, 700)], window, 1_000)[0]).toMatchObject({ recoveryMs: 700 })
})

test('percentiles are of what was answered in the stretch asked for', () => {
  const probes = [...every50Ms(0, 5_000, 10), probe(2_000, 400), probe(2_500, undefined)]
  expect(percentileMs(probes, { fromMs: 0, untilMs: 5_000 }, 0.5)).toBe(10)
  expect(percentileMs(probes, { fromMs: 0, untilMs: 5_000 }, 1)).toBe(400)
  expect(percentileMs(probes, { fromMs: 6_000, untilMs: 7_000 }, 0.5)).toBeUndefined()
})

test('a recovery is split at the moments that were seen', () => {
  const moments = new Map<Moment, number>([
    ['injected', 100],
    ['detected', 400],
    ['decided', 450],
    ['fenced', 700],
  ])
  expect(recoverySteps(moments, 1_000)).toEqual({ detectMs: 300, decideMs: 50, fenceMs: 250, serveMs: 300 })
  moments.delete('fenced')
  expect(recoverySteps(moments, 1_000)).toEqual({ detectMs: 300, decideMs: 50, serveMs: 550 })
  moments.set('detected', 2_000)
  expect(recoverySteps(moments, 1_000)).toEqual({ decideMs: 350, serveMs: 550 })
})
