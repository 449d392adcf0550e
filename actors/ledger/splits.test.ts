import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeCommand } from './frameBuilder.ts'
import { Market, orderNoOf } from './market.fixture.ts'
import { splitsMax } from './orderRecords.ts'
import { unpaidMemoryMs } from './orders.ts'
import { postingKinds } from './outcomes.ts'
import { fenOf } from './paper.fixture.ts'
import { frameKinds, signers, walletActions } from './records.ts'
import { expectSound, snapshot } from './replica.fixture.ts'
import type { Answer } from './shard.fixture.ts'
import { type SplitTerm, splitAmounts, splitWhole } from './splitAmounts.ts'
import { splitRowsOf } from './splits.ts'
import { splitStates } from './splitTable.ts'
import { State } from './state.ts'

type Split = { payee: string; yuan?: string; weight?: number; number?: number }

/** A platform in the first shard, one seller beside it and one elsewhere, and a buyer of each shard. */
class Platform extends Market {
  constructor() {
    super({ idsMax: 256 })
    this.shop('platform', { shard: 0 })
    this.open('seller', { shard: 0 })
    this.open('courier', { shard: 1 })
    this.open('ann', { shard: 0, yuan: '100.00' })
    this.open('bo', { shard: 1, yuan: '100.00' })
  }

  splitOrder(orderNo: string, yuan: string, splits: readonly Split[], digest = 3, by: object = {}): Answer {
    const { number, shard } = this.wallet('platform')
    const [payees, amounts, weights] = [128, 128, 32].map((bytes) => new DataView(new ArrayBuffer(bytes)))
    for (const [n, split] of splits.slice(0, splitsMax).entries()) {
      payees!.setFloat64(n * 8, split.number ?? this.wallet(split.payee).number, true)
      amounts!.setFloat64(n * 8, split.yuan === undefined ? 0 : fenOf(split.yuan), true)
      weights!.setUint16(n * 2, split.weight ?? 0, true)
    }
    const [ofPayees, ofAmounts, ofWeights] = [payees, amounts, weights].map((view) => new Uint8Array(view!.buffer))
    const fields = {
      ...this.byWallet('platform'),
      ...by,
      digestHigh: digest,
      wallet: number,
      amount: fenOf(yuan),
      expiresMs: this.nowMs + 1_800_000,
      orderNo: orderNoOf(orderNo),
      textLength: 0,
      count: splits.length,
      payees: ofPayees!,
      amounts: ofAmounts!,
      weights: ofWeights!,
    }
    return this.submit(shard, encodeCommand('orderCreateSplit', fields), frameKinds.commands, 1).answers[0]!
  }

  /** State, fen and reason of each split of an order. */
  splits(orderNo: string): { state: number; fen: number; reason: number }[] {
    const { state: s } = this.shards[0]!.ledger
    const order = s.orders.find(s.walletRows.row(this.wallet('platform').number), orderNoOf(orderNo))
    const { state, amount, reason } = s.splits.columns.at
    return splitRowsOf(s, order).map((row) => ({ state: state[row]!, fen: amount[row]!, reason: reason[row]! }))
  }

  freeze(name: string): void {
    const { number: wallet, shard } = this.wallet(name)
    this.command(shard, 'walletStatus', { ...this.byInstitution(), wallet, action: walletActions.freeze })
  }
}

const both: readonly Split[] = [
  { payee: 'seller', weight: 8_000 },
  { payee: 'courier', yuan: '5.00' },
]

test.each(['cashier', 'refunder'] as const)('a %s makes no order that sends the merchant’s money on', (role) => {
  const p = new Platform()
  p.putUser('platform', 1, { role })
  const by = { signer: signers.merchantUser, principal: 1, keyVersion: 1 }
  expect(p.splitOrder('A1', '10.00', both, 3, by).refusal).toBe('merchant-user-role')
  expect(p.order('platform', 'A1', '10.00', { by: { number: 1, version: 1 } }).refusal).toBe('accepted')
  expectSound(p)
})

describe.each(['ann', 'bo'])('%s pays an order that is split', (payer) => {
  test('and its money goes on to others in the same frame; the rest is the merchant’s', () => {
    const p = new Platform()
    expect(p.splitOrder('A1', '50.01', both).refusal).toBe('accepted')
    expect(p.payOrder(payer, 'platform', 'A1', '50.01').refusal).toBe('accepted')
    if (payer === 'bo') p.carry(1, 0)
    // 45.01 is left by the courier: 36.008 and 9.002, of which the seller's last fen is the larger part.
    expect([p.balance('seller'), p.balance('platform')]).toEqual([3_601, 900])
    p.settle()
    expect(p.balance('courier')).toBe(500)
    expect(p.splits('A1').map(({ state }) => state)).toEqual([splitStates.paid, splitStates.paid])
    const platform = p.wallet('platform').number
    const kinds = p.shards[0]!.postings.filter(({ wallet }) => wallet === platform)
    expect(kinds.map(({ kind, delta }) => [kind, delta])).toEqual([
      [postingKinds.paymentIn, 5_001],
      [postingKinds.splitOut, -3_601],
      [postingKinds.splitOut, -500],
    ])
    expect(new Set(kinds.map(({ record }) => record)).size).toBe(3)
    expectSound(p)
  })

  test('of which what a payee cannot take stays with the merchant or comes back to it, marked', () => {
    const p = new Platform()
    p.splitOrder('A1', '50.00', both)
    for (const name of ['seller', 'courier']) p.freeze(name)
    p.payOrder(payer, 'platform', 'A1', '50.00')
    p.settle()
    expect([p.balance('platform'), p.balance('seller'), p.balance('courier')]).toEqual([5_000, 0, 0])
    expect(p.splits('A1').map(({ state }) => state)).toEqual([splitStates.returned, splitStates.returned])
    expect(p.splits('A1').every(({ reason }) => reason !== 0)).toBe(true)
    const back = p.shards[0]!.postings.filter(({ kind }) => kind === postingKinds.splitReturned)
    expect(back.map(({ delta }) => delta)).toEqual([500])
    expect(p.view('platform').dayOut).toBe(0)
    expectSound(p)
  })

  test('and a refund of it comes out of the merchant’s wallet', () => {
    const p = new Platform()
    p.splitOrder('A1', '50.00', both)
    p.payOrder(payer, 'platform', 'A1', '50.00')
    p.settle()
    expect(p.refund('platform', 'A1', '50.00').refusal).toBe('funds-insufficient')
    expect(p.refund('platform', 'A1', '9.00').refusal).toBe('accepted')
    p.settle()
    expect([p.balance(payer), p.balance('platform')]).toEqual([5_900, 0])
    expect(p.refund('platform', 'A1', '41.00').refusal).toBe('funds-insufficient')
    expectSound(p)
  })
})

test('an order that is asked for twice is split once, and other splits are another order', () => {
  const p = new Platform()
  const first = p.splitOrder('A1', '10.00', both)
  expect(p.splitOrder('A1', '10.00', both)).toMatchObject({ refusal: 'accepted', value: first.value })
  expect(p.splitOrder('A1', '10.00', both.slice(1), 4).refusal).toBe('order-reused')
  expect(p.splits('A1')).toHaveLength(2)
})

test('with an order its splits are forgotten', () => {
  const p = new Platform()
  p.splitOrder('A1', '10.00', both)
  const { state } = p.shards[0]!.ledger
  const inUse = ({ splits }: State): number => splits.columns.at.state.reduce((sum, one) => sum + Math.sign(one), 0)
  expect(inUse(state)).toBe(2)
  for (const ms of [1_800_000, unpaidMemoryMs, 1]) {
    p.wait(ms)
    p.tick(0)
  }
  expect([state, State.load(snapshot(state))].map(inUse)).toEqual([0, 0])
  expectSound(p)
})

test.each<[string, readonly Split[], string]>([
  ['to nobody', [], 'split-invalid'],
  ['to more than sixteen', Array.from({ length: 17 }, () => both[0]!), 'split-invalid'],
  ['to one payee twice', [both[0]!, { payee: 'seller', yuan: '1.00' }], 'split-invalid'],
  ['to the merchant itself', [{ payee: 'platform', weight: 1 }], 'split-invalid'],
  ['of more than there is', [{ payee: 'seller', yuan: '10.01' }], 'split-invalid'],
  ['of more than all parts', [both[0]!, { payee: 'courier', weight: 2_001 }], 'split-invalid'],
  ['of nothing', [{ payee: 'seller' }], 'split-invalid'],
  ['of fen and parts at once', [{ payee: 'seller', yuan: '1.00', weight: 1 }], 'split-invalid'],
  ['to a wallet that is not there', [{ payee: '', weight: 1, number: 4_096 * 300 }], 'payee-unknown'],
])('no order is split %s', (_, splits, refusal) => {
  const p = new Platform()
  expect(p.splitOrder('A1', '10.00', splits).refusal).toBe(refusal)
  expect(p.orderView('platform', 'A1')).toBeUndefined()
})

describe('what each gets of an amount', () => {
  test('goes by the largest remainder, of equals to the earlier one, and to the merchant last', () => {
    const third = { fen: 0, weight: 3_333 }
    expect(splitAmounts(100, [third, third, third])).toEqual([34, 33, 33])
    expect(splitAmounts(2, [third, third, third])).toEqual([1, 1, 0])
    const half = { fen: 0, weight: 5_000 }
    expect(splitAmounts(1, [half, half])).toEqual([1, 0])
    expect(splitAmounts(1, [half])).toEqual([1])
    expect(splitAmounts(1, [{ fen: 0, weight: 4_999 }])).toEqual([0])
    expect(splitAmounts(10, [{ fen: 11, weight: 0 }])).toBeUndefined()
  })

  const terms = fc.array(
    fc.oneof(
      fc.record({ fen: fc.constant(0), weight: fc.integer({ min: 1, max: splitWhole }) }),
      fc.record({ fen: fc.maxSafeNat().map((fen) => Math.max(1, fen)), weight: fc.constant(0) }),
      fc.record({ fen: fc.integer({ min: 1, max: 999 }), weight: fc.constant(0) }),
    ),
    { maxLength: splitsMax },
  )

  test('is whole, never more than there is, and off its exact part by less than a fen', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.maxSafeNat()), terms, (amount, given) => {
        const found = splitAmounts(amount, given)
        const fixed = given.reduce((sum, { fen }: SplitTerm) => sum + BigInt(fen), 0n)
        const parts = given.reduce((sum, { weight }) => sum + weight, 0)
        expect(found !== undefined).toBe(fixed <= BigInt(amount) && parts <= splitWhole)
        if (found === undefined) return
        const left = BigInt(amount) - fixed
        const rest = BigInt(amount) - found.reduce((sum, fen) => sum + BigInt(fen), 0n)
        const shares = [...given.map(({ weight }, n) => [weight, BigInt(found[n]! - given[n]!.fen)] as const)]
        for (const [weight, fen] of [...shares, [splitWhole - parts, rest] as const]) {
          const off = fen * BigInt(splitWhole) - left * BigInt(weight)
          expect(off > -BigInt(splitWhole) && off < BigInt(splitWhole)).toBe(true)
          expect(fen >= 0n).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})
