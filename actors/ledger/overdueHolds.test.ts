import { describe, expect, test } from 'vitest'
import { duePerFrameMax } from './dueDeadlines.ts'
import { holdMemoryMs } from './holds.ts'
import { Hotel } from './hotel.fixture.ts'
import { expectSound } from './replica.fixture.ts'

test('though more fall due than one frame frees, who spends finds the money at once', () => {
  const h = new Hotel(1_024)
  const payers = Array.from({ length: 4 }, (_, n) => `payer ${n}`)
  const each = Math.ceil((duePerFrameMax + 40) / payers.length)
  for (const name of payers) h.open(name, { shard: 0, yuan: '1.00' })
  for (let n = 0; n < each; n++) for (const name of payers) h.hold(name, '0.01', { expiresMs: h.nowMs + 5_000 })
  h.wait(5_000)
  const last = payers.at(-1)!
  expect(h.pay(last, 'hotel', '1.00').refusal).toBe('accepted')
  expect(h.shards[0]!.ledger.state.books.held).toBeGreaterThan(0)
  for (const name of payers.slice(0, -1)) expect(h.view(name)).toMatchObject({ balance: 100, held: 0 })
  h.tick(0)
  expect(h.shards[0]!.ledger.state.books.held).toBe(0)
  h.wait(holdMemoryMs)
  for (let n = 0; n < 3; n++) h.tick(0)
  expect(h.shards[0]!.ledger.state.deadlines.count).toBe(0)
  expectSound(h)
})

describe('money whose hold is over, though its turn among all that fell due has not come,', () => {
  /** Ann has 100.00, of which 60.00 were held until just now. */
  function afterExpiry(limits: { day?: number; year?: number } = {}): Hotel {
    const h = new Hotel()
    h.limits(limits)
    h.hold('ann', '60.00', { expiresMs: h.nowMs + 5_000 })
    h.crowd(h.nowMs + 4_999)
    h.wait(5_000)
    return h
  }
  const all = { payer: 'ann', payee: 'hotel', fen: 100_00 }

  test.each([
    ['by itself', false],
    ['linked', true],
  ])('is paid out by a batch, %s', (_, atomic) => {
    const h = afterExpiry()
    expect(h.payBatch(0, [all], { atomic }).batch?.refusals).toEqual(['accepted'])
    expect([h.balance('ann'), h.balance('hotel')]).toEqual([0, 100_00])
    expect(h.view('ann')).toMatchObject({ held: 0, dayOut: 100_00 })
    expectSound(h)
  })

  test.each([
    ['day', { day: 100_00 }],
    ['year', { year: 100_00 }],
  ])('counts against no limit of the %s any more', (_, limits) => {
    const payment = afterExpiry(limits)
    expect(payment.pay('ann', 'hotel', '41.00').refusal).toBe('accepted')
    expectSound(payment)
    for (const atomic of [false, true]) {
      const h = afterExpiry(limits)
      const lines = [40_00, 1_00].map((fen) => ({ ...all, fen }))
      expect(h.payBatch(0, lines, { atomic }).batch?.refusals).toEqual(['accepted', 'accepted'])
      expectSound(h)
    }
  })

  test('is free also after a linked batch that was taken back, and counts against no limit', () => {
    const h = afterExpiry()
    const lines = [40_00, 50_00, 10_01].map((fen) => ({ ...all, fen }))
    const told = h.payBatch(0, lines, { atomic: true })
    expect(told.batch?.refusals).toEqual(['batch-linked', 'batch-linked', 'funds-insufficient'])
    expect(h.view('ann')).toMatchObject({ balance: 100_00, held: 0, dayOut: 0, yearOut: 0 })
    expectSound(h)
  })

  test('goes back by a refund', () => {
    const h = new Hotel()
    h.order('hotel', 'A1', '10.00')
    h.payOrder('ann', 'hotel', 'A1', '10.00')
    h.hold('hotel', '10.00', { payee: 'ann', expiresMs: h.nowMs + 5_000 })
    h.crowd(h.nowMs + 4_999)
    h.wait(5_000)
    expect(h.refund('hotel', 'A1', '10.00').refusal).toBe('accepted')
    expect([h.balance('ann'), h.balance('hotel')]).toEqual([100_00, 0])
    expectSound(h)
  })
})
