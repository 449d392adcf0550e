import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { duePerFrameMax } from './dueDeadlines.ts'
import { commandIdText } from './ids.ts'
import { Market } from './market.fixture.ts'
import { orderLifeMsMax, unpaidMemoryMs } from './orders.ts'
import { orderStates } from './orderTable.ts'
import { expectBalances, yuanOf } from './paper.fixture.ts'
import { walletActions } from './records.ts'
import { expectSound } from './replica.fixture.ts'

const dayMs = 86_400_000

/** A shop in shard 0, one payer beside it and two in the other shard. */
function market(idsMax = 4_096): Market {
  const m = new Market({ idsMax })
  m.shop('tea house', { shard: 0 })
  m.open('ann', { shard: 0, yuan: '100.00' })
  m.open('bo', { shard: 1, yuan: '100.00' })
  m.open('cy', { shard: 1, yuan: '100.00' })
  return m
}

describe('a merchant enters an order', () => {
  test('that stands as it was asked for', () => {
    const m = market()
    expect(m.order('tea house', 'T-1', '12.50', { expiresMs: m.nowMs + 60_000 })).toMatchObject({ refusal: 'accepted' })
    expect(m.orderView('tea house', 'T-1')).toMatchObject({
      state: 'created',
      amount: 1_250,
      refunded: 0,
      payer: 0,
      createdMs: m.nowMs,
      expiresMs: m.nowMs + 60_000,
    })
  })

  test('again in the same words: it is the same order', () => {
    const m = market()
    const first = m.order('tea house', 'T-1', '12.50')
    expect(m.order('tea house', 'T-1', '12.50')).toMatchObject({ refusal: 'accepted', value: first.value })
    expect(m.shards[0]!.ledger.state.orders.columns.count).toBe(1)
  })

  test('in other words under the same number: refused, and the first stands', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50')
    expect(m.order('tea house', 'T-1', '99.00', { digest: 4 }).refusal).toBe('order-reused')
    expect(m.orderView('tea house', 'T-1')!.amount).toBe(1_250)
  })

  test('under a number that another merchant uses too', () => {
    const m = market()
    m.shop('noodle bar', { shard: 0 })
    m.order('tea house', 'T-1', '1.00')
    expect(m.order('noodle bar', 'T-1', '2.00').refusal).toBe('accepted')
    expect(m.orderView('noodle bar', 'T-1')!.amount).toBe(200)
  })

  test.each([
    ['from a wallet that is no merchant’s', 'ann', 'T-1', '1.00', {}, 'merchant-required'],
    ['of no money', 'tea house', 'T-1', '0.00', {}, 'amount-invalid'],
    ['without a number', 'tea house', '', '1.00', {}, 'rule-invalid'],
    ['with a number that has a space in it', 'tea house', 'T 1', '1.00', {}, 'rule-invalid'],
    ['that is over', 'tea house', 'T-1', '1.00', { expiresMs: new Market().nowMs }, 'expiry-invalid'],
    ['signed by an old key', 'tea house', 'T-1', '1.00', { keyVersion: 9 }, 'key-not-current'],
  ] as const)('%s: refused', (_, shop, orderNo, yuan, options, refusal) => {
    expect(market().order(shop, orderNo, yuan, options).refusal).toBe(refusal)
  })

  test('for longer than orders may stand: refused', () => {
    const m = market()
    expect(m.order('tea house', 'T-1', '1.00', { expiresMs: m.nowMs + orderLifeMsMax + 1 }).refusal).toBe(
      'expiry-invalid',
    )
    expect(m.order('tea house', 'T-1', '1.00', { expiresMs: m.nowMs + orderLifeMsMax }).refusal).toBe('accepted')
  })

  test('when there is room for no more: refused, and taken once one is forgotten', () => {
    const m = market(16)
    for (const shop of ['kiosk', 'bakery']) m.shop(shop, { shard: 0 })
    m.wait(25 * 60_000)
    for (let n = 0; n < 14; n++) expect(m.order('tea house', `T-${n}`, '1.00').refusal).toBe('accepted')
    // What is left is for the others.
    expect(m.order('tea house', 'T-16', '1.00').refusal).toBe('orders-full')
    for (const shop of ['kiosk', 'bakery']) {
      expect(m.order(shop, 'K-1', '1.00').refusal).toBe('accepted')
      expect(m.order(shop, 'K-2', '1.00').refusal).toBe('orders-full')
    }
    expectSound(m)
    m.wait(1_800_000)
    m.tick(0)
    m.wait(unpaidMemoryMs)
    m.tick(0)
    expect(m.order('tea house', 'T-16', '1.00').refusal).toBe('accepted')
    expectSound(m)
  })
})

describe('an order is paid once', () => {
  test.each(['ann', 'bo'])('by %s, from whichever shard', (payer) => {
    const m = market()
    m.order('tea house', 'T-1', '12.50')
    const id = m.id()
    expect(m.payOrder(payer, 'tea house', 'T-1', '12.50', { id }).refusal).toBe('accepted')
    m.settle()
    expectBalances(m, `${payer}  87.50`)
    expect(m.balance('tea house')).toBe(1_250)
    const view = m.orderView('tea house', 'T-1')!
    expect(view).toMatchObject({ state: 'paid', payer: m.wallet(payer).number, changedMs: m.nowMs })
    expect(commandIdText(view.paymentId)).toBe(commandIdText(id))
    expectSound(m)
  })

  test('of two who pay at once one wins, and the other has the money back', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50')
    expect(m.payOrder('bo', 'tea house', 'T-1', '12.50', { token: 21 }).destination).toBe(1)
    expect(m.payOrder('cy', 'tea house', 'T-1', '12.50', { token: 22 }).destination).toBe(1)
    const told = m.settle()
    expect(told).toEqual(
      expect.arrayContaining([
        { edge: 1, token: 21, refusal: 'accepted' },
        { edge: 1, token: 22, refusal: 'order-paid' },
      ]),
    )
    expect([m.balance('bo'), m.balance('cy'), m.balance('tea house')]).toEqual([8_750, 10_000, 1_250])
    expectSound(m)
  })

  test('of a hundred payers one wins', () => {
    const m = new Market({ walletsMax: 512 })
    m.shop('tea house', { shard: 0 })
    m.order('tea house', 'T-1', '1.00')
    const payers = Array.from({ length: 100 }, (_, n) => `payer ${n}`)
    for (const [n, name] of payers.entries()) m.open(name, { shard: n % 2, yuan: '1.00' })
    for (const name of payers) m.payOrder(name, 'tea house', 'T-1', '1.00')
    m.settle()
    expect(m.balance('tea house')).toBe(100)
    expect(payers.filter((name) => m.balance(name) === 0)).toHaveLength(1)
  })

  test('the same payment again is answered as it was, and what came back is told under its id', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50')
    m.payOrder('bo', 'tea house', 'T-1', '12.50')
    m.settle()
    const id = m.id()
    m.payOrder('cy', 'tea house', 'T-1', '12.50', { id })
    m.settle()
    expect(m.payOrder('cy', 'tea house', 'T-1', '12.50', { id })).toMatchObject({
      refusal: 'order-paid',
      repeated: true,
    })
    expect(m.payOrder('cy', 'tea house', 'T-1', '12.50', { id, digest: 8 }).refusal).toBe('id-reused')
    expect(m.balance('cy')).toBe(10_000)
  })

  test.each(['ann', 'bo'])('and of no other amount: %s keeps the money', (payer) => {
    const m = market()
    m.order('tea house', 'T-1', '12.50')
    const id = m.id()
    m.payOrder(payer, 'tea house', 'T-1', '12.49', { id })
    m.settle()
    expect(m.payOrder(payer, 'tea house', 'T-1', '12.49', { id }).refusal).toBe('order-amount-differs')
    expect(m.balance(payer)).toBe(10_000)
    expect(m.orderView('tea house', 'T-1')!.state).toBe('created')
  })

  test('and not with another merchant’s order, or one that never was', () => {
    const m = market()
    m.shop('noodle bar', { shard: 0 })
    m.order('noodle bar', 'N-1', '12.50')
    const theirs = m.orderNumber('noodle bar', 'N-1')
    for (const order of [theirs, 77]) {
      expect(m.payOrder('ann', 'tea house', 'T-1', '12.50', { order }).refusal).toBe('order-unknown')
      m.payOrder('bo', 'tea house', 'T-1', '12.50', { order })
    }
    m.settle()
    expect([m.balance('ann'), m.balance('bo')]).toEqual([10_000, 10_000])
    expect(m.orderView('noodle bar', 'N-1')!.state).toBe('created')
  })

  test('the payee is judged before the order: a frozen shop takes nothing', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50')
    const wallet = m.wallet('tea house').number
    m.command(0, 'walletStatus', { ...m.byInstitution(), wallet, action: walletActions.freeze })
    expect(m.payOrder('ann', 'tea house', 'T-1', '12.50').refusal).toBe('payee-frozen')
  })

  test('by its payer’s own key, and nobody else’s', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50')
    const [ann, bo] = [m.wallet('ann'), m.wallet('bo')]
    const of = {
      payee: m.wallet('tea house').number,
      amount: 1_250,
      requestedMs: m.nowMs,
      order: m.orderNumber('tea house', 'T-1'),
    }
    const forged = { ...m.byWallet('ann'), actor: bo.number, payer: ann.number, ...of }
    expect(m.command(0, 'orderPayment', forged).refusal).toBe('signer-not-allowed')
    const old = { ...m.byWallet('ann'), keyVersion: 7, payer: ann.number, ...of }
    expect(m.command(0, 'orderPayment', old).refusal).toBe('key-not-current')
    const stale = { ...m.byWallet('ann'), payer: ann.number, ...of, requestedMs: m.nowMs - 900_001 }
    expect(m.command(0, 'orderPayment', stale).refusal).toBe('timestamp-stale')
    expect(m.balance('ann')).toBe(10_000)
  })
})

describe('an order ends', () => {
  test('by its merchant, who may say so twice; then nobody can pay it', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50')
    expect(m.close('tea house', 'T-1').refusal).toBe('accepted')
    expect(m.close('tea house', 'T-1').refusal).toBe('accepted')
    expect(m.payOrder('ann', 'tea house', 'T-1', '12.50').refusal).toBe('order-closed')
    m.payOrder('bo', 'tea house', 'T-1', '12.50')
    expect(m.settle()).toEqual([{ edge: 1, token: 1, refusal: 'order-closed' }])
    expect(m.balance('bo')).toBe(10_000)
  })

  test('one that was paid cannot be closed', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50')
    m.payOrder('ann', 'tea house', 'T-1', '12.50')
    expect(m.close('tea house', 'T-1').refusal).toBe('order-paid')
    expect(m.close('tea house', 'T-2').refusal).toBe('order-unknown')
  })

  test('at its expiry, to the millisecond of log time', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50', { expiresMs: m.nowMs + 5_000 })
    m.order('tea house', 'T-2', '12.50', { expiresMs: m.nowMs + 5_000 })
    m.wait(4_999)
    expect(m.payOrder('ann', 'tea house', 'T-1', '12.50').refusal).toBe('accepted')
    m.wait(1)
    expect(m.payOrder('ann', 'tea house', 'T-2', '12.50').refusal).toBe('order-expired')
    expect(m.close('tea house', 'T-2').refusal).toBe('order-expired')
    expect(m.orderView('tea house', 'T-2')).toMatchObject({ state: 'expired', changedMs: m.nowMs })
  })

  test('when nobody asks for anything, by the tick that the host adds', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50', { expiresMs: m.nowMs + 5_000 })
    m.wait(6_000)
    m.tick(0)
    expect(m.shards[0]!.out.orders).toEqual([0])
    expect(m.orderView('tea house', 'T-1')).toMatchObject({ state: 'expired', changedMs: m.nowMs - 1_000 })
    expectSound(m)
  })

  test('though more fall due than one frame carries out: each access looks at its own deadline', () => {
    const m = market()
    const count = duePerFrameMax + 44
    for (let n = 0; n < count; n++) m.order('tea house', `T-${n}`, '1.00', { expiresMs: m.nowMs + 5_000 + n })
    m.wait(60_000)
    expect(m.payOrder('ann', 'tea house', `T-${count - 1}`, '1.00').refusal).toBe('order-expired')
    expect(m.orderView('tea house', `T-${count - 1}`)!.state).toBe('expired')
    const { columns } = m.shards[0]!.ledger.state.orders
    expect(columns.at.state.subarray(0, count).filter((state) => state === 1)).toHaveLength(44)
    m.tick(0)
    expect(columns.at.state.subarray(0, count).filter((state) => state === 1)).toHaveLength(0)
  })

  test('and is forgotten a day later, or once it can be refunded no more; then its number is free', () => {
    const m = market()
    m.order('tea house', 'T-1', '12.50', { expiresMs: m.nowMs + 5_000 })
    m.order('tea house', 'T-2', '12.50', { expiresMs: m.nowMs + 5_000 })
    m.payOrder('ann', 'tea house', 'T-2', '12.50')
    const first = m.orderNumber('tea house', 'T-1')
    m.wait(5_000)
    m.tick(0)
    m.wait(dayMs - 1)
    m.tick(0)
    expect(m.order('tea house', 'T-1', '99.00', { digest: 4 }).refusal).toBe('order-reused')
    m.wait(1)
    m.tick(0)
    expect(m.orderView('tea house', 'T-1')).toBeUndefined()
    expect(m.order('tea house', 'T-1', '99.00', { digest: 4 }).refusal).toBe('accepted')
    expect(m.orderNumber('tea house', 'T-1')).not.toBe(first)
    expect(m.payOrder('bo', 'tea house', 'T-1', '12.50', { order: first }).refusal).toBe('accepted')
    expect(m.settle()).toEqual([{ edge: 1, token: 1, refusal: 'order-unknown' }])
    m.wait(29 * dayMs - 5_000)
    m.tick(0)
    expect(m.orderView('tea house', 'T-2')).toBeUndefined()
    expectSound(m)
  })
})

const orderNo = fc.nat(4).map((n) => `T-${n}`)
const fen = fc.integer({ min: 1, max: 3 })
const step = fc.oneof(
  fc.record({ do: fc.constant('order' as const), orderNo, fen, lifeMs: fc.constantFrom(1, 500, 60_000) }),
  fc.record({ do: fc.constant('pay' as const), orderNo, fen, who: fc.constantFrom('ann', 'bo', 'cy') }),
  fc.record({ do: fc.constant('close' as const), orderNo }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 499, 500, dayMs) }),
  fc.record({ do: fc.constant('arrive' as const) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function play(m: Market, one: Step): void {
  if (one.do === 'order') {
    m.order('tea house', one.orderNo, yuanOf(one.fen), { expiresMs: m.nowMs + one.lifeMs, digest: one.fen })
  } else if (one.do === 'pay') m.payOrder(one.who, 'tea house', one.orderNo, yuanOf(one.fen))
  else if (one.do === 'close') m.close('tea house', one.orderNo)
  else if (one.do === 'wait') m.wait(one.ms)
  else m.settle()
}

test('whatever merchants and payers do, a shop holds what its paid orders came to, and all replicas agree', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const m = market(128)
      const forgottenMs = m.nowMs + 30 * dayMs
      for (const one of steps) {
        play(m, one)
        if (m.nowMs >= forgottenMs) continue
        const { at, count } = m.shards[0]!.ledger.state.orders.columns
        const paid = Array.from(at.amount.subarray(0, count)).filter((_, row) => at.state[row] === orderStates.paid)
        expect(m.balance('tea house')).toBe(paid.reduce((sum, amount) => sum + amount, 0))
      }
      m.settle()
      expectSound(m)
    }),
    { numRuns: 40 },
  )
})
