import { expect, test } from 'vitest'
import { recoveryOf } from '../recovery.ts'
import type { Payment } from '../traffic/payment.ts'
import { Timeline } from './timeline.ts'

test('an alert tells of a fault only once there was one, and the first counts', () => {
  const timeline = new Timeline()
  timeline.alert('it rains')
  expect(timeline.episodes[0]!.moments.has('detected')).toBe(false)
  timeline.beginFault('kill -9')
  timeline.alert('worker-0 does not answer')
  const { atMs } = timeline.events.at(-1)!
  timeline.alert('worker-1 does not answer')
  expect(timeline.episodes[0]!.moments.get('detected')).toBe(atMs)
})

test('a fault has a window, which ends once', () => {
  const timeline = new Timeline()
  const window = timeline.beginFault('the link is cut')
  expect(window.untilMs).toBeUndefined()
  timeline.endFault(window)
  const untilMs = window.untilMs
  timeline.endFault(window)
  expect(window.untilMs).toBe(untilMs)
  expect(timeline.events.map(({ kind }) => kind)).toEqual(['fault', 'heal'])
})

test('the last shard to have its new epoch is what ends the fencing; a change of mode fences nobody', () => {
  const timeline = new Timeline()
  for (const shard of [0, 1]) timeline.ownership(shard, { epoch: 0, owner: 'a', mode: 'sync' })
  expect(timeline.events).toEqual([])
  timeline.beginFault('region a is lost')
  timeline.ownership(1, { epoch: 0, owner: 'a', mode: 'solo' })
  expect(timeline.episodes[0]!.moments.has('fenced')).toBe(false)
  timeline.ownership(0, { epoch: 1, owner: 'b', mode: 'solo' })
  timeline.ownership(1, { epoch: 1, owner: 'b', mode: 'solo' })
  expect(timeline.episodes[0]!.moments.get('fenced')).toBe(timeline.events.at(-1)!.atMs)
})

const probe = (sentAtMs: number, waitMs: number): Payment => ({
  id: String(sentAtMs),
  payer: 0,
  payee: 1,
  fen: 1,
  payerShard: 0,
  payeeShard: 0,
  probe: true,
  sentAtMs,
  answers: [{ atMs: sentAtMs + waitMs, edge: 'a', status: 200, outcome: 'completed', text: '' }],
})

test('of several strokes the worst recovery is told, and one that is not measured is left out', () => {
  const timeline = new Timeline()
  timeline.mark('injected', 1_000)
  timeline.beginEpisode(true, 9_990)
  timeline.mark('injected', 10_000)
  timeline.mark('decided', 10_500)
  timeline.beginEpisode(false, 15_000)
  timeline.mark('decided', 20_000)
  const payments = [probe(1_000, 1_500), probe(10_000, 2_500), probe(15_500, 9_000), probe(20_000, 9_000)]
  expect(recoveryOf(timeline, payments, 1_000)).toMatchObject({
    recoveryMs: 2_500,
    afterWordMs: 2_000,
    steps: { decideMs: 500, serveMs: 2_000 },
  })
})

test('when nothing was done there is no recovery to tell of', () => {
  expect(recoveryOf(new Timeline(), [probe(0, 5)], 1_000)).toBeUndefined()
})
