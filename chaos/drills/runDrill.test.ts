import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Heals } from './heals.ts'
import { drills } from './plans/all.ts'
import { drillPage } from './report/page.ts'
import { runDrill } from './runDrill.ts'
import { NotRecovered, servedSince } from './served.ts'
import { runsOn, Site } from './site/site.ts'
import type { Payment } from './traffic/payment.ts'
import { Timeline } from './watch/timeline.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'jiaozi-site-'))
  mkdirSync(join(dir, 'run'))
  const facts = { region: 'a', shardCount: 2, pids: { edge: process.pid } }
  writeFileSync(join(dir, 'run', 'region.json'), JSON.stringify(facts))
})
afterAll(() => rmSync(dir, { recursive: true }))

const options = { quick: true, perSecond: 1, heals: new Heals(), onEvent: () => undefined }

test('a drill that cannot be shown is no pass, and its report says why', async () => {
  const two = drills.find(({ regions }) => regions === 2)!
  const result = await runDrill(new Site(dir), two, options)
  expect(result).toMatchObject({ verdict: 'unknown', payments: [], money: [] })
  expect(result.checks[0]).toMatchObject({ verdict: 'unknown', detail: 'it needs two regions, and one runs' })
  expect(drillPage(result)).toContain('it needs two regions, and one runs')
})

test('an installation runs while one of its processes does', () => {
  expect(runsOn(dir)).toBe(true)
  expect(runsOn(join(dir, 'run'))).toBe(false)
})

test('what was done is undone once, the newest first, and what cannot be is said', async () => {
  const heals = new Heals()
  const undone: string[] = []
  const owe = (name: string) => heals.owe(name, async () => void undone.push(name))
  const first = owe('first')
  owe('second')
  heals.owe('third', async () => {
    throw new Error('the link does not answer')
  })
  await first()
  expect(await heals.all()).toEqual(['third was not undone: the link does not answer'])
  await first()
  expect(undone).toEqual(['first', 'second'])
})

test('a shard is served by a probe that was sent from now on, and by no other', async () => {
  const timeline = new Timeline()
  const probe = (payerShard: number, sentAtMs: number): Payment => ({
    id: `${payerShard} ${sentAtMs}`,
    payer: 0,
    payee: 1,
    fen: 1,
    payerShard,
    payeeShard: payerShard,
    probe: true,
    sentAtMs,
    answers: [{ atMs: sentAtMs, edge: 'a', status: 200, outcome: 'completed', text: '' }],
  })
  const payments = [probe(0, 0), probe(1, 0)]
  const waiting = servedSince(payments, timeline, new Set([0, 1]), 60)
  payments.push(probe(0, timeline.nowMs() + 1))
  await expect(waiting).rejects.toThrow(new NotRecovered('shard 1 served no probe within 0.06 s'))
  const again = servedSince(payments, timeline, new Set([0]), 5_000)
  payments.push(probe(0, timeline.nowMs() + 1))
  await again
})
