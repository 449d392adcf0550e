import { describe, expect, test } from 'vitest'
import { Market } from './market.fixture.ts'
import { expectBalances, fenOf } from './paper.fixture.ts'
import { viewPayout } from './payouts.ts'
import { redemptionSteps, walletActions } from './records.ts'
import { codeOf } from './refusals.ts'
import { expectSound } from './replica.fixture.ts'
import type { Answer, FrameResult } from './shard.fixture.ts'
import { mondayMorningMs } from './town.fixture.ts'
import { viewSaga } from './views.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
/** Monday 09:00 in Shanghai; the rule pays at half past nine. */
const halfPastNine = 9 * 60 + 30

class Shops extends Market {
  constructor() {
    super({ idsMax: 512 })
    this.shop('tea', { shard: 0, yuan: '100.00' })
    this.open('ann', { shard: 0, yuan: '1000.00' })
  }

  rule(
    o: Partial<{ floor: string; reserve: string; minute: number; active: number; link: number }> = {},
    head = this.byWallet('tea'),
  ): Answer {
    const { number, link } = this.wallet('tea')
    const { floor = '0.00', reserve = '0.00', minute = halfPastNine, active = 1 } = o
    const fields = {
      wallet: number,
      floor: fenOf(floor),
      reserve: fenOf(reserve),
      minute,
      active,
      link: o.link ?? link,
    }
    return this.command(0, 'payoutRulePut', { ...head, ...fields })
  }

  /** What one more frame brings after some time. */
  after(ms: number): void {
    this.wait(ms)
    this.tick(0)
  }

  sagas(): { amount: number; step: number; id: Uint8Array; open: boolean }[] {
    const { state } = this.shards[0]!.ledger
    return [...state.sagaRows.values()].map((row) => viewSaga(state, row)).filter(({ kind }) => kind === 'redemption')
  }

  get rules() {
    return viewPayout(this.shards[0]!.ledger.state, this.wallet('tea').number)
  }
}

describe('a merchant’s payout', () => {
  test('is made at its minute, of what lies above the reserve, once a day', () => {
    const t = new Shops()
    expect(t.rule({ reserve: '30.00' })).toMatchObject({ refusal: 'accepted', value: mondayMorningMs + hourMs / 2 })
    t.after(hourMs / 2 - 1)
    expect(t.sagas()).toEqual([])
    t.after(1)
    expectBalances(t, 'tea 30.00')
    expect(t.sagas()).toMatchObject([{ amount: 7_000, step: redemptionSteps.requested, open: true }])
    t.after(hourMs)
    expect(t.sagas()).toHaveLength(1)
    t.pay('ann', 'tea', '5.00')
    t.after(dayMs)
    expect(t.sagas().map(({ amount }) => amount)).toEqual([7_000, 500])
    expect(t.rules).toMatchObject({ lastCode: 0, nextMs: mondayMorningMs + hourMs / 2 + 2 * dayMs })
    expectSound(t)
  })

  test('ends at the bank like any other, and comes back when the bank refuses', () => {
    const t = new Shops()
    t.rule()
    t.after(hourMs)
    const [{ id } = t.sagas()[0]!] = t.sagas()
    t.redemptionStep('tea', id, redemptionSteps.reissuing, codeOf['payout-refused'])
    t.redemptionStep('tea', id, redemptionSteps.returned)
    expectBalances(t, 'tea 100.00')
    expectSound(t)
  })

  test('waits until there is as much as the floor', () => {
    const t = new Shops()
    t.rule({ floor: '100.01' })
    t.after(dayMs)
    expect(t.sagas()).toEqual([])
    t.pay('ann', 'tea', '0.01')
    t.after(dayMs)
    expect(t.sagas()).toMatchObject([{ amount: 10_001 }])
  })

  test('that cannot be made says why, and is tried again the next day', () => {
    const t = new Shops()
    t.rule()
    const status = (action: number) =>
      t.command(0, 'walletStatus', { ...t.byInstitution(), wallet: t.wallet('tea').number, action })
    status(walletActions.freeze)
    t.wait(hourMs)
    t.tick(0)
    expect(t.shards[0]!.out.payouts).toEqual([
      { wallet: t.wallet('tea').number, link: t.wallet('tea').link, code: codeOf['wallet-frozen'] },
    ])
    expect(t.rules).toMatchObject({ lastCode: codeOf['wallet-frozen'] })
    status(walletActions.unfreeze)
    t.after(dayMs)
    expectBalances(t, 'tea 0.00')
    expectSound(t)
  })

  test('whose linked account was closed is not made', () => {
    const t = new Shops()
    t.rule()
    const { number, link } = t.wallet('tea')
    t.command(0, 'linkStatus', { ...t.byWallet('tea'), wallet: number, link, active: 0 })
    t.after(hourMs)
    expect(t.rules).toMatchObject({ lastCode: codeOf['linked-account-inactive'] })
    expectBalances(t, 'tea 100.00')
  })

  test('happens by itself with a frame that says something else, even one that is skipped', () => {
    const t = new Shops()
    t.rule()
    t.wait(hourMs)
    const skipped: FrameResult = t.submit(0, new Uint8Array(8), 1, 1)
    expect([skipped.skipped, skipped.sagas.length]).toEqual(['malformed', 1])
  })

  test('is changed and ended by a new word, and nothing is left of the old one', () => {
    const t = new Shops()
    t.rule()
    t.rule({ minute: halfPastNine + 60 })
    t.after(hourMs)
    expect(t.sagas()).toEqual([])
    expect(t.rule({ active: 0 }).refusal).toBe('accepted')
    t.after(dayMs)
    expect([t.sagas(), t.rules, t.shards[0]!.ledger.state.deadlines.count]).toEqual([[], undefined, 0])
    expectSound(t)
  })

  test('is the merchant’s own to order; its institution may end it', () => {
    const t = new Shops()
    expect(t.rule({}, t.byInstitution()).refusal).toBe('signer-not-allowed')
    expect(t.rule({}, t.byOperator()).refusal).toBe('signer-not-allowed')
    t.rule()
    expect(t.rule({ active: 0 }, t.byInstitution()).refusal).toBe('accepted')
    expect(t.rules).toBeUndefined()
  })

  test('needs a merchant, a minute of the day and an account of its own', () => {
    const t = new Shops()
    const { number, link } = t.wallet('ann')
    const ofAnn = { wallet: number, floor: 0, reserve: 0, minute: 1, active: 1, link }
    expect(t.command(0, 'payoutRulePut', { ...t.byWallet('ann'), ...ofAnn }).refusal).toBe('merchant-required')
    expect(t.rule({ minute: 1_440 }).refusal).toBe('rule-invalid')
    expect(t.rule({ link }).refusal).toBe('linked-account-unknown')
  })
})
