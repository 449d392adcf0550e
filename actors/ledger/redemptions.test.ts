import { describe, expect, test } from 'vitest'
import { expectBalances, headOf } from './paper.fixture.ts'
import { redemptionSteps, senders, signers } from './records.ts'
import { codeOf } from './refusals.ts'
import { snapshot } from './replica.fixture.ts'
import { finalSagaMemoryMs, sagasHeldPerWalletMax } from './sagas.ts'
import { State } from './state.ts'
import { institution, Town } from './town.fixture.ts'
import { findSagaView } from './views.ts'

const { burnt, paid, refused, reissuing, returned } = redemptionSteps

function town(): Town {
  const t = new Town({ shards: 1, idsMax: 8_192 })
  t.open('alice', { yuan: '100.00' })
  return t
}

const books = (t: Town) => {
  const { issuance, redeeming } = t.shards[0]!.ledger.state.books
  return { issued: 0 - issuance[institution]!, redeeming: redeeming[institution]! }
}
const saga = (t: Town, id: Uint8Array) => findSagaView(t.shards[0]!.ledger.state, t.wallet('alice').number, id)!

const paper: Readonly<Record<string, string>> = {
  'requested burnt': 'burnt',
  'requested paid': 'paid',
  'requested refused': 'refused',
  'requested reissuing': 'reissuing',
  'burnt paid': 'paid',
  'burnt reissuing': 'reissuing',
  'reissuing returned': 'returned',
}
/** Of one fen asked for, at each step: in the wallet, in redemption, issued. */
const stands: Readonly<Record<string, readonly [wallet: number, redeeming: number, issued: number]>> = {
  requested: [0, 1, 1],
  burnt: [0, 0, 0],
  paid: [0, 0, 0],
  refused: [1, 0, 1],
  reissuing: [0, 0, 0],
  returned: [1, 0, 1],
}
const nameOf = new Map<number, string>(Object.entries(redemptionSteps).map(([name, step]) => [step, name]))

describe('a redemption', () => {
  test('leaves the wallet at once, is burnt, and is paid out', () => {
    const t = town()
    const { id, answer } = t.redeem('alice', '60.00')
    expect(answer).toMatchObject({ refusal: 'accepted', destination: 255 })
    expectBalances(t, 'alice 40.00')
    expect(books(t)).toEqual({ issued: 10_000, redeeming: 6_000 })
    t.redemptionStep('alice', id, burnt)
    expect(books(t)).toEqual({ issued: 4_000, redeeming: 0 })
    t.redemptionStep('alice', id, paid)
    expect(books(t)).toEqual({ issued: 4_000, redeeming: 0 })
    expectBalances(t, 'alice 40.00')
    expect(saga(t, id)).toMatchObject({ open: false, step: paid, reason: 'accepted' })
  })

  test('that is refused comes back to the wallet', () => {
    const t = town()
    const { id } = t.redeem('alice', '60.00')
    t.redemptionStep('alice', id, refused, codeOf['payout-refused'])
    expectBalances(t, 'alice 100.00')
    expect(books(t)).toEqual({ issued: 10_000, redeeming: 0 })
    expect(saga(t, id)).toMatchObject({ open: false, reason: 'payout-refused' })
  })

  test('whose payout fails after the burn is issued again and comes back', () => {
    const t = town()
    const { id } = t.redeem('alice', '60.00')
    t.redemptionStep('alice', id, burnt)
    t.redemptionStep('alice', id, reissuing)
    expectBalances(t, 'alice 40.00')
    expect(books(t)).toEqual({ issued: 4_000, redeeming: 0 })
    t.redemptionStep('alice', id, returned)
    expectBalances(t, 'alice 100.00')
    expect(books(t)).toEqual({ issued: 10_000, redeeming: 0 })
    expect(saga(t, id)).toMatchObject({ open: false, reason: 'payout-refused' })
  })

  test('in every order of steps, with repeats and late ones, moves each fen once', () => {
    const steps = [burnt, paid, refused, reissuing, returned]
    const orders = steps.flatMap((a) => steps.flatMap((b) => steps.flatMap((c) => steps.map((d) => [a, b, c, d]))))
    const t = town()
    for (const order of orders) {
      const before = { balance: t.balance('alice'), ...books(t) }
      const { id } = t.redeem('alice', '0.01')
      let at = 'requested'
      for (const step of order) {
        const next = paper[`${at} ${nameOf.get(step)!}`]
        const answer = t.redemptionStep('alice', id, step)
        expect([order, step, answer.refusal]).toEqual([order, step, next ? 'accepted' : 'saga-step-passed'])
        at = next ?? at
        const [wallet, redeeming, issued] = stands[at]!
        expect([order, at, t.balance('alice'), books(t)]).toEqual([
          order,
          at,
          before.balance - 1 + wallet,
          { redeeming: before.redeeming + redeeming, issued: before.issued - 1 + issued },
        ])
      }
      const open = !['paid', 'refused', 'returned'].includes(at)
      expect(saga(t, id).open).toBe(open)
      if (at !== 'reissuing' && open) t.redemptionStep('alice', id, paid)
      if (at === 'reissuing') t.redemptionStep('alice', id, returned)
      expect(saga(t, id).open).toBe(false)
    }
    expect(t.view('alice')).toMatchObject({ pendingIn: 0 })
  })

  test('takes no step from a frame that is stored again', () => {
    const t = town()
    const { id } = t.redeem('alice', '0.01')
    const { number } = t.wallet('alice')
    const head = headOf({ signer: signers.connector, actor: number, id })
    const tell = (step: number, counter: number): string => {
      const from = { sender: senders.connector, incarnation: 9, counter }
      return t.command(0, 'redemptionStep', { ...head, wallet: number, step, reason: 0 }, from).refusal
    }
    expect([tell(returned, 1), tell(reissuing, 2), tell(returned, 1), tell(returned, 3)]).toEqual([
      'saga-step-passed',
      'accepted',
      'frame-repeated',
      'accepted',
    ])
  })

  test("comes back over the balance limit too: it is the holder's money", () => {
    const t = town()
    t.open('dora', { class: 4, kyc: 4, yuan: '9000.00' })
    t.open('bank', { yuan: '10000.00' })
    const { id } = t.redeem('dora', '9000.00')
    t.pay('bank', 'dora', '9500.00')
    t.redemptionStep('dora', id, refused)
    expectBalances(t, 'dora 18500.00')
    expect(t.pay('bank', 'dora', '0.01').refusal).toBe('payee-balance-limit-exceeded')
  })

  test('comes back to a wallet that was frozen meanwhile', () => {
    const t = town()
    const { id } = t.redeem('alice', '60.00')
    t.command(0, 'walletStatus', { ...t.byInstitution(), wallet: t.wallet('alice').number, action: 1 })
    t.redemptionStep('alice', id, refused)
    expectBalances(t, 'alice 100.00')
  })

  test('does not redeem more than there is, nor nothing', () => {
    const t = town()
    expect(t.redeem('alice', '100.01').answer.refusal).toBe('funds-insufficient')
    expect(t.redeem('alice', '0.00').answer.refusal).toBe('amount-invalid')
    expect(t.redeem('alice', '100.00').answer.refusal).toBe('accepted')
    expect(t.redeem('alice', '0.01').answer.refusal).toBe('funds-insufficient')
  })

  test('is asked for by the holder alone and moved by a connector alone', () => {
    const t = town()
    const { number, link } = t.wallet('alice')
    const request = { wallet: number, amount: 1, link }
    const ask = (head: object): string =>
      t.command(0, 'redemptionRequest', { ...t.byWallet('alice'), ...head, ...request }).refusal
    expect(ask(t.byInstitution())).toBe('signer-not-allowed')
    expect(ask({ actor: number + 4_096 })).toBe('signer-not-allowed')
    const { id } = t.redeem('alice', '60.00')
    const step = { ...headOf({ signer: signers.connector, actor: number, id }), wallet: number, step: paid, reason: 0 }
    for (const sender of [senders.edge, senders.operator, senders.shard, senders.host]) {
      expect(t.command(0, 'redemptionStep', step, { sender }).refusal).toBe('sender-not-allowed')
    }
    expect(t.rechargeStep('alice', id, 3).refusal).toBe('saga-unknown')
  })

  test('what one shard issued another may burn', () => {
    const t = new Town({ shards: 2 })
    t.open('alice', { shard: 0, yuan: '100.00' })
    t.open('bob', { shard: 1 })
    t.pay('alice', 'bob', '100.00')
    t.settle()
    const { id } = t.redeem('bob', '100.00')
    t.redemptionStep('bob', id, paid)
    const issuance = t.shards.map(({ ledger }) => ledger.state.books.issuance[institution])
    expect(issuance).toEqual([-10_000, 10_000])
  })
})

test('one wallet has so many within the hour and no more, however soon they end, while others go on', () => {
  const t = town()
  t.open('bob', { yuan: '1.00' })
  const redeemAtOnce = (): string => {
    t.wait(100)
    const { id, answer } = t.redeem('alice', '0.01')
    if (answer.refusal === 'accepted') t.redemptionStep('alice', id, paid)
    return answer.refusal
  }
  // Her recharge is one of them.
  for (let n = 1; n < sagasHeldPerWalletMax; n++) expect([n, redeemAtOnce()]).toEqual([n, 'accepted'])
  expect(redeemAtOnce()).toBe('ids-exhausted')
  expect(t.redeem('bob', '0.01').answer.refusal).toBe('accepted')
  const { state } = t.shards[0]!.ledger
  expect(State.load(snapshot(state)).sagasHeld).toEqual(state.sagasHeld)
  t.wait(finalSagaMemoryMs)
  expect(redeemAtOnce()).toBe('accepted')
})
