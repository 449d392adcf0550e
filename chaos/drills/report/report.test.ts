import { expect, test } from 'vitest'
import { type Check, type DrillResult, verdictOf } from '../result.ts'
import type { Payment } from '../traffic/payment.ts'
import { figuresOf, findingsOf } from './figures.ts'
import { drillPage } from './page.ts'

const payment: Payment = {
  id: 'p1',
  payer: 0,
  payee: 1,
  fen: 250,
  payerShard: 0,
  payeeShard: 0,
  probe: true,
  sentAtMs: 1_000,
  answers: [{ atMs: 1_040, edge: 'a', status: 200, outcome: 'completed', text: 'done' }],
}
const result: DrillResult = {
  name: 'region-loss',
  title: 'kill -9 of a region',
  claim: 'Nothing is lost.',
  startedAt: new Date(0),
  seconds: 60,
  regions: ['a', 'b'],
  shardCount: 1,
  perSecond: 300,
  verdict: 'fail',
  checks: [{ name: 'no acknowledged payment is lost', verdict: 'fail', detail: '1: p1 <b>gone</b>' }],
  figures: { held_back: 0 },
  notes: [],
  baseline: { perSecond: 310, p50Ms: 5, p99Ms: 20, lateMs: 1_000 },
  recovery: {
    recoveryMs: 2_345,
    afterWordMs: 900,
    steps: { detectMs: 1_000, decideMs: 445, serveMs: 900 },
    outages: [{ shard: 0, beganMs: 2_000, servedMs: 4_345, recoveryMs: 2_345, lateProbes: 3 }],
  },
  sets: {
    answered: 1,
    acknowledged: 1,
    refused: 0,
    unanswered: [],
    lost: [{ id: 'p1', fen: 250, detail: 'b: 0 out' }],
    doubled: [],
    contradicted: [],
    unexplained: [],
  },
  possiblyLost: [],
  money: [{ region: 'a', openingFen: 100, issuedFen: 0, redeemedFen: 0, closingFen: 98, differenceFen: 2 }],
  payments: [payment],
  events: [{ atMs: 2_000, kind: 'fault', text: 'kill -9 of everything in region a' }],
  faults: [{ name: 'kill -9 of everything in region a', fromMs: 2_000, untilMs: 9_000 }],
  ownerships: [{ atMs: 0, shard: 0, epoch: 0, owner: 'a', mode: 'sync' }],
}

test('a drill whose fault took no effect is never a pass, and one failed check fails it', () => {
  const check = (verdict: Check['verdict']): Check => ({ name: '', verdict, detail: '' })
  expect(verdictOf([check('pass'), check('unknown')])).toBe('unknown')
  expect(verdictOf([check('unknown'), check('fail'), check('pass')])).toBe('fail')
  expect(verdictOf([])).toBe('unknown')
  expect(verdictOf([check('pass')])).toBe('pass')
})

test('figures carry the name of the drill and their unit', () => {
  expect(figuresOf(result)).toMatchObject({
    'region-loss.acknowledged_lost': 1,
    'region-loss.doubled': 0,
    'region-loss.difference_fen': 2,
    'region-loss.rto_ms': 2_345,
    'region-loss.after_word_ms': 900,
    'region-loss.rpo_payments': 1,
    'region-loss.rpo_fen': 250,
    'region-loss.answered': 1,
  })
})

test('what was not measured is absent, never 0', () => {
  const { sets: _sets, recovery: _recovery, baseline: _baseline, ...rest } = result
  const figures = figuresOf({ ...rest, money: [] })
  expect(figures).toEqual({ 'region-loss.seconds': 60, 'region-loss.held_back': 0 })
})

test('a shard that never came back has no recovery time', () => {
  const recovery = { ...result.recovery!, recoveryMs: Number.POSITIVE_INFINITY }
  expect(figuresOf({ ...result, recovery })).not.toHaveProperty('region-loss.rto_ms')
})

test('each payment that was lost is listed with its amount', () => {
  expect(findingsOf(result).rows).toContainEqual({ what: 'lost', id: 'p1', fen: 250, detail: 'b: 0 out' })
})

test('the page needs nothing but itself, and shows what came from outside as text', () => {
  const page = drillPage(result)
  expect(page).not.toMatch(/(src|href)=|url\(|@import|<script/)
  expect(page).toContain('&lt;b&gt;gone&lt;/b&gt;')
  expect(page).toContain('Money is NOT conserved')
  expect(page).toMatch(/class="verdict fail">Failed/)
  expect(page).toContain('fill="var(--fault)"')
})

test('a page without any payment can be made all the same', () => {
  expect(drillPage({ ...result, payments: [], money: [], verdict: 'unknown' })).toContain('Not demonstrated')
})
