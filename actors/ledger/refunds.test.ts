import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Market } from './market.fixture.ts'
import { yuanOf } from './paper.fixture.ts'
import { walletActions } from './records.ts'
import { expectSound } from './replica.fixture.ts'

const dayMs = 86_400_000

/** A shop whose order of ten yuan somebody has paid: ann of the same shard, or bo of another. */
function paidMarket(payer: string): Market {
  const m = new Market({ idsMax: 1_024 })
  m.shop('tea house', { shard: 0 })
  m.open('ann', { shard: 0, yuan: '100.00' })
  m.open('bo', { shard: 1, yuan: '100.00' })
  m.order('tea house', 'T-1', '10.00')
  m.payOrder(payer, 'tea house', 'T-1', '10.00')
  m.settle()
  return m
}

describe.each(['ann', 'bo'])('a refund to %s', (payer) => {
  test('brings the money back, in parts and to the last fen', () => {
    const m = paidMarket(payer)
    for (const part of ['3.00', '6.99', '0.01']) expect(m.refund('tea house', 'T-1', part).refusal).toBe('accepted')
    m.settle()
    expect([m.balance(payer), m.balance('tea house')]).toEqual([10_000, 0])
    expect(m.orderView('tea house', 'T-1')).toMatchObject({ state: 'paid', amount: 1_000, refunded: 1_000, refunds: 3 })
    expectSound(m)
  })

  test('is never more than was paid, what is on its way counted', () => {
    const m = paidMarket(payer)
    expect(m.refund('tea house', 'T-1', '10.01').refusal).toBe('refund-exceeds-payment')
    m.refund('tea house', 'T-1', '6.00')
    expect(m.refund('tea house', 'T-1', '4.01').refusal).toBe('refund-exceeds-payment')
    expect(m.refund('tea house', 'T-1', '4.00').refusal).toBe('accepted')
    m.settle()
    expect(m.balance(payer)).toBe(10_000)
  })

  test('of which two hundred come at once stops at what was paid', () => {
    const m = paidMarket(payer)
    m.order('tea house', 'T-2', '50.00')
    m.payOrder(payer, 'tea house', 'T-2', '50.00')
    m.settle()
    const told = Array.from({ length: 200 }, () => m.refund('tea house', 'T-1', '0.07').refusal)
    m.settle()
    expect(told.filter((refusal) => refusal === 'accepted')).toHaveLength(142)
    expect(m.orderView('tea house', 'T-1')!.refunded).toBe(994)
    expect(m.balance(payer)).toBe(10_000 - 6_000 + 994)
  })

  test('under one id is made once, and with another body refused', () => {
    const m = paidMarket(payer)
    const id = m.id()
    const first = m.refund('tea house', 'T-1', '3.00', { id })
    expect(m.refund('tea house', 'T-1', '3.00', { id })).toEqual({ ...first, repeated: true, sagas: [] })
    expect(m.refund('tea house', 'T-1', '4.00', { id, digest: 4 }).refusal).toBe('id-reused')
    m.settle()
    expect(m.balance(payer)).toBe(9_300)
  })

  test('reaches a wallet that is frozen', () => {
    const m = paidMarket(payer)
    const { number, shard } = m.wallet(payer)
    m.command(shard, 'walletStatus', { ...m.byInstitution(), wallet: number, action: walletActions.freeze })
    expect(m.refund('tea house', 'T-1', '10.00').refusal).toBe('accepted')
    m.settle()
    expect(m.balance(payer)).toBe(10_000)
  })

  test('of a wallet that was closed stays with the merchant, who is told why and may refund nothing less', () => {
    const m = paidMarket(payer)
    const { number, shard } = m.wallet(payer)
    m.pay(payer, payer === 'ann' ? 'bo' : 'ann', '90.00')
    m.settle()
    m.command(shard, 'walletStatus', { ...m.byInstitution(), wallet: number, action: walletActions.close })
    const id = m.id()
    m.refund('tea house', 'T-1', '10.00', { id })
    m.settle()
    expect(m.refund('tea house', 'T-1', '10.00', { id })).toMatchObject({ refusal: 'payee-closed', repeated: true })
    expect(m.balance('tea house')).toBe(1_000)
    expect(m.orderView('tea house', 'T-1')).toMatchObject({ refunded: 0, refunds: 0 })
    expectSound(m)
  })

  test('does not count against the merchant’s limits, and gives nothing back of them when it returns', () => {
    const m = paidMarket(payer)
    m.refund('tea house', 'T-1', '10.00')
    m.settle()
    expect(m.view('tea house')).toMatchObject({ dayOut: 0, yearOut: 0 })
  })
})

test('a refund reaches a wallet that holds as much as it may', () => {
  const m = paidMarket('ann')
  m.open('dee', { shard: 1, class: 4, kyc: 4, yuan: '2000.00' })
  m.order('tea house', 'T-2', '1500.00')
  m.payOrder('dee', 'tea house', 'T-2', '1500.00')
  m.settle()
  m.fund('dee', '9500.00')
  expect(m.refund('tea house', 'T-2', '1500.00').refusal).toBe('accepted')
  m.settle()
  expect(m.balance('dee')).toBe(1_150_000)
})

describe('no refund', () => {
  const paid = (): Market => paidMarket('bo')

  test('of an order that was not paid, or is none', () => {
    const m = paid()
    m.order('tea house', 'T-2', '5.00')
    expect(m.refund('tea house', 'T-2', '5.00').refusal).toBe('order-not-paid')
    m.close('tea house', 'T-2')
    expect(m.refund('tea house', 'T-2', '5.00').refusal).toBe('order-not-paid')
    expect(m.refund('tea house', 'T-3', '5.00').refusal).toBe('order-unknown')
  })

  test('of money that the merchant does not have', () => {
    const m = paid()
    m.pay('tea house', 'ann', '9.00')
    expect(m.refund('tea house', 'T-1', '1.01').refusal).toBe('funds-insufficient')
    expect(m.refund('tea house', 'T-1', '1.00').refusal).toBe('accepted')
  })

  test('from a frozen merchant, or signed by somebody else', () => {
    const m = paid()
    const wallet = m.wallet('tea house').number
    const of = { wallet, amount: 100, orderNo: m.orderView('tea house', 'T-1')!.orderNo }
    expect(m.command(0, 'orderRefund', { ...m.byWallet('ann'), keyVersion: 9, actor: wallet, ...of }).refusal).toBe(
      'key-not-current',
    )
    expect(m.command(0, 'orderRefund', { ...m.byInstitution(2), actor: wallet, ...of }).refusal).toBe(
      'signer-not-allowed',
    )
    expect(m.command(0, 'orderRefund', { ...m.byInstitution(), ...of }).refusal).toBe('signer-not-allowed')
    expect(m.command(0, 'orderRefund', { ...m.byInstitution(), actor: wallet, ...of }).refusal).toBe('accepted')
    m.command(0, 'walletStatus', { ...m.byInstitution(), wallet, action: walletActions.freeze })
    expect(m.refund('tea house', 'T-1', '1.00').refusal).toBe('wallet-frozen')
  })

  test('once the time for it is over: thirty days, or what the rule in force at the payment says', () => {
    const m = paid()
    m.wait(30 * dayMs - 1)
    expect(m.refund('tea house', 'T-1', '1.00').refusal).toBe('accepted')
    m.wait(1)
    expect(['refund-period-over', 'order-unknown']).toContain(m.refund('tea house', 'T-1', '1.00').refusal)
    for (const shard of [0, 1]) {
      expect(m.command(shard, 'refundRulePut', { ...m.byOperator(), days: 2, effectiveMs: 0 }).refusal).toBe('accepted')
      expect(m.command(shard, 'refundRulePut', { ...m.byOperator(), days: 0, effectiveMs: 0 }).refusal).toBe(
        'rule-invalid',
      )
      expect(m.command(shard, 'refundRulePut', { ...m.byInstitution(), days: 2, effectiveMs: 0 }).refusal).toBe(
        'signer-not-allowed',
      )
    }
    m.order('tea house', 'T-2', '5.00')
    m.payOrder('ann', 'tea house', 'T-2', '5.00')
    expect(m.orderView('tea house', 'T-2')!.keepUntilMs).toBe(m.nowMs + 2 * dayMs)
    m.command(0, 'refundRulePut', { ...m.byOperator(), days: 9, effectiveMs: 0 })
    m.wait(2 * dayMs)
    expect(m.refund('tea house', 'T-2', '1.00').refusal).not.toBe('accepted')
    expectSound(m)
  })
})

test('whatever is refunded in whatever order, what went back is what arrived, and never more than was paid', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('refund' as const), fen: fc.integer({ min: 1, max: 500 }), again: fc.boolean() }),
    fc.record({ do: fc.constant('arrive' as const) }),
    fc.record({ do: fc.constant('close' as const), action: fc.constantFrom(walletActions.close) }),
  )
  fc.assert(
    fc.property(fc.constantFrom('ann', 'bo'), fc.array(step, { maxLength: 30, size: 'max' }), (payer, steps) => {
      const m = paidMarket(payer)
      m.pay(payer, payer === 'ann' ? 'bo' : 'ann', '90.00')
      m.settle()
      const { number, shard } = m.wallet(payer)
      let last: { fen: number; id: Uint8Array } | undefined
      for (const one of steps) {
        if (one.do === 'arrive') m.settle()
        else if (one.do === 'close') {
          m.command(shard, 'walletStatus', { ...m.byInstitution(), wallet: number, action: one.action })
        } else {
          last = one.again && last !== undefined ? last : { fen: one.fen, id: m.id() }
          m.refund('tea house', 'T-1', yuanOf(last.fen), { id: last.id })
        }
        expect(m.orderView('tea house', 'T-1')!.refunded).toBeLessThanOrEqual(1_000)
      }
      m.settle()
      expect(m.orderView('tea house', 'T-1')!.refunded).toBe(m.balance(payer))
      expect(m.balance('tea house') + m.balance(payer)).toBe(1_000)
      expectSound(m)
    }),
    { numRuns: 40 },
  )
})
