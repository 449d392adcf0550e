import { describe, expect, test } from 'vitest'
import { dayMs } from './businessTime.ts'
import { expectBalances, headOf } from './paper.fixture.ts'
import { rechargeSteps, senders, signers } from './records.ts'
import { codeOf } from './refusals.ts'
import { finalSagaMemoryMs, sagasPerWalletMax } from './sagas.ts'
import { institution, Town } from './town.fixture.ts'
import { findSagaView } from './views.ts'

const { debited, settled, refused, refunding, refunded } = rechargeSteps

function town(): Town {
  const t = new Town({ shards: 1 })
  t.open('alice', { yuan: '100.00' })
  return t
}

const issued = (t: Town): number => 0 - t.shards[0]!.ledger.state.books.issuance[institution]!
const saga = (t: Town, id: Uint8Array) => findSagaView(t.shards[0]!.ledger.state, t.wallet('alice').number, id)!

/** What a step makes of a recharge, as the paper says it; every other step is late and changes nothing. */
const paper: Readonly<Record<string, string>> = {
  'requested debited': 'debited',
  'requested settled': 'settled',
  'requested refused': 'refused',
  'requested refunding': 'refunding',
  'debited settled': 'settled',
  'debited refunding': 'refunding',
  'refunding refunded': 'refunded',
}
const stepNames = Object.entries(rechargeSteps).map(([name, step]) => [step, name] as const)
const nameOf = new Map<number, string>(stepNames)
const ended = ['settled', 'refused', 'refunded']

describe('a recharge', () => {
  test('reserves room with the request and credits only at its end', () => {
    const t = town()
    const { id, answer } = t.recharge('alice', '50.00')
    expect(answer).toMatchObject({ refusal: 'accepted', destination: 255 })
    expect(t.view('alice')).toMatchObject({ balance: 10_000, pendingIn: 5_000 })
    t.rechargeStep('alice', id, debited)
    expect(t.view('alice')).toMatchObject({ balance: 10_000, pendingIn: 5_000 })
    expect(issued(t)).toBe(10_000)
    expect(t.rechargeStep('alice', id, settled).refusal).toBe('accepted')
    expect(t.view('alice')).toMatchObject({ balance: 15_000, pendingIn: 0 })
    expect(issued(t)).toBe(15_000)
  })

  test("that the bank refuses frees the room and the day's draw", () => {
    const t = town()
    const { id } = t.recharge('alice', '50.00')
    expect(t.view('alice').links[0]!.drawnToday).toBe(15_000)
    t.rechargeStep('alice', id, refused, codeOf['linked-account-funds-insufficient'])
    expect(t.view('alice')).toMatchObject({ balance: 10_000, pendingIn: 0 })
    expect(t.view('alice').links[0]!.drawnToday).toBe(10_000)
    expect(saga(t, id)).toMatchObject({ open: false, step: refused, reason: 'linked-account-funds-insufficient' })
  })

  test('whose issuance is refused is refunded: no money is made', () => {
    const t = town()
    const { id } = t.recharge('alice', '50.00')
    t.rechargeStep('alice', id, debited)
    t.rechargeStep('alice', id, refunding, codeOf['issuance-refused'])
    expect(t.view('alice')).toMatchObject({ balance: 10_000, pendingIn: 5_000 })
    t.rechargeStep('alice', id, refunded)
    expect(t.view('alice')).toMatchObject({ balance: 10_000, pendingIn: 0 })
    expect(issued(t)).toBe(10_000)
    expect(saga(t, id)).toMatchObject({ open: false, step: refunded, reason: 'issuance-refused' })
  })

  test('a failure without a reason, or with one that does not exist, gets one', () => {
    const t = town()
    const [a, b] = [t.recharge('alice', '1.00').id, t.recharge('alice', '1.00').id]
    t.rechargeStep('alice', a, refused, 0)
    t.rechargeStep('alice', b, refunding, 255)
    expect([saga(t, a).reason, saga(t, b).reason]).toEqual(['linked-account-refused', 'issuance-refused'])
  })

  test('in every order of steps, with repeats and late ones, ends once and keeps the books', () => {
    const steps = [debited, settled, refused, refunding, refunded]
    const orders = steps.flatMap((a) => steps.flatMap((b) => steps.flatMap((c) => steps.map((d) => [a, b, c, d]))))
    const t = new Town({ shards: 1, idsMax: 2_048 })
    t.open('alice')
    let credited = 0
    for (const [n, order] of orders.entries()) {
      if (n % 90 === 0) {
        t.wait(dayMs)
        t.pay('alice', 'alice', '0.01')
      }
      const before = t.view('alice').links[0]!.drawnToday
      const { id } = t.recharge('alice', '0.01')
      let at = 'requested'
      for (const step of order) {
        const next = paper[`${at} ${nameOf.get(step)!}`]
        const answer = t.rechargeStep('alice', id, step)
        expect([order, step, answer.refusal]).toEqual([order, step, next ? 'accepted' : 'saga-step-passed'])
        at = next ?? at
      }
      credited += at === 'settled' ? 1 : 0
      const open = !ended.includes(at)
      expect(saga(t, id)).toMatchObject({ step: rechargeSteps[at as keyof typeof rechargeSteps], open })
      const { balance, pendingIn, links } = t.view('alice')
      expect([order, balance, pendingIn]).toEqual([order, credited, open ? 1 : 0])
      expect(links[0]!.drawnToday).toBe(before + (at === 'settled' || open ? 1 : 0))
      expect(issued(t)).toBe(credited)
      // What is still open goes on to its end before the next begins.
      if (at === 'refunding') t.rechargeStep('alice', id, refunded)
      else if (open) t.rechargeStep('alice', id, refunding) && t.rechargeStep('alice', id, refunded)
    }
  })

  test("a draw of yesterday does not give back today's", () => {
    const t = town()
    const { id } = t.recharge('alice', '50.00')
    t.wait(dayMs)
    t.recharge('alice', '20.00')
    t.rechargeStep('alice', id, refused)
    expect(t.view('alice').links[0]!.drawnToday).toBe(2_000)
  })

  test('asked twice under one id is one recharge', () => {
    const t = town()
    const head = t.byWallet('alice')
    const { number, link } = t.wallet('alice')
    const request = { ...head, wallet: number, amount: 500, link, tokenLength: 0, sealedToken: new Uint8Array() }
    const first = t.command(0, 'rechargeRequest', request)
    const again = t.command(0, 'rechargeRequest', request)
    expect([again.refusal, again.repeated, again.sagas]).toEqual(['accepted', true, []])
    expect([again.seq, again.time]).toEqual([first.seq, first.time])
    expect(t.view('alice').pendingIn).toBe(500)
  })

  test('credits a wallet that was frozen meanwhile: the money has been issued', () => {
    const t = town()
    const { id } = t.recharge('alice', '50.00')
    const { number } = t.wallet('alice')
    t.command(0, 'walletStatus', { ...t.byInstitution(), wallet: number, action: 1 })
    expect(t.rechargeStep('alice', id, settled).refusal).toBe('accepted')
    expectBalances(t, 'alice 150.00')
  })

  test("keeps the bank's sealed word for the connector", () => {
    const t = town()
    const head = t.byWallet('alice')
    const { number, link } = t.wallet('alice')
    const sealedToken = Uint8Array.of(1, 2, 3, 4)
    t.command(0, 'rechargeRequest', { ...head, wallet: number, amount: 500, link, tokenLength: 4, sealedToken })
    expect(saga(t, head.id).sealedToken).toEqual(sealedToken)
    expect(saga(t, head.id).sealedAccount).toEqual(Uint8Array.of(1, 2, 3))
  })
})

describe('who may move a recharge', () => {
  test('only a connector, and only one that exists', () => {
    const t = town()
    const { id } = t.recharge('alice', '50.00')
    const { number } = t.wallet('alice')
    const step = {
      ...headOf({ signer: signers.connector, actor: number, id }),
      wallet: number,
      step: settled,
      reason: 0,
    }
    for (const sender of [senders.edge, senders.operator, senders.shard, senders.host]) {
      expect(t.command(0, 'rechargeStep', step, { sender }).refusal).toBe('sender-not-allowed')
    }
    expect(t.rechargeStep('alice', t.id(), settled).refusal).toBe('saga-unknown')
    expect(t.redemptionStep('alice', id, 3).refusal).toBe('saga-unknown')
    expectBalances(t, 'alice 100.00')
  })

  test('only the holder asks for one, under an id of the wallet itself', () => {
    const t = town()
    t.open('bob')
    const { number, link } = t.wallet('alice')
    const request = { wallet: number, amount: 500, link, tokenLength: 0, sealedToken: new Uint8Array() }
    const ask = (head: object): string =>
      t.command(0, 'rechargeRequest', { ...t.byWallet('alice'), ...head, ...request }).refusal
    expect(ask(t.byInstitution())).toBe('signer-not-allowed')
    expect(ask(t.byOperator())).toBe('signer-not-allowed')
    expect(ask({ keyVersion: 5 })).toBe('key-not-current')
    // Found by wallet and id, remembered by actor and id: two numbers would make two recharges of one id.
    expect(ask({ actor: t.wallet('bob').number })).toBe('signer-not-allowed')
    expect(ask({ actor: 0 })).toBe('signer-not-allowed')
    expect(ask({})).toBe('accepted')
  })

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('an amount of %d is none', (amount) => {
    const t = town()
    const { number, link } = t.wallet('alice')
    const request = { wallet: number, amount, link, tokenLength: 0, sealedToken: new Uint8Array() }
    expect(t.command(0, 'rechargeRequest', { ...t.byWallet('alice'), ...request }).refusal).toBe('amount-invalid')
  })
})

describe('room for recharges', () => {
  test('a wallet has so many under way and no more, while others go on', () => {
    const t = new Town({ shards: 1, idsMax: 2_048 })
    t.open('alice')
    t.open('bob')
    const rule = { level: 0, percent: 100, rechargesPerDayMax: 5_000, paymentsPerDayMax: 5_000, effectiveMs: 0 }
    t.command(0, 'riskRulePut', { ...t.byOperator(), ...rule })
    const { id } = t.recharge('alice', '0.01')
    for (let n = 1; n < sagasPerWalletMax; n++) expect(t.recharge('alice', '0.01').answer.refusal).toBe('accepted')
    expect(t.recharge('alice', '0.01').answer.refusal).toBe('ids-exhausted')
    expect(t.recharge('bob', '0.01').answer.refusal).toBe('accepted')
    t.rechargeStep('alice', id, settled)
    expect(t.recharge('alice', '0.01').answer.refusal).toBe('accepted')
  })

  test('a full table takes none until old ones are forgotten; what ended is readable for an hour', () => {
    const t = new Town({ shards: 1, idsMax: 64 })
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) t.open(name)
    const ids: Uint8Array[] = []
    for (let n = 0; n < 64; n++) {
      if (n % 16 === 0) {
        t.wait(dayMs)
        for (let i = 0; i < 40; i++) t.pay('a', 'b', '5.00')
        t.wait(21 * 60_000)
      }
      const { id, answer } = t.recharge('a', '0.01')
      expect([n, answer.refusal]).toEqual([n, 'accepted'])
      ids.push(id)
    }
    t.wait(21 * 60_000)
    expect(t.recharge('b', '0.01').answer.refusal).toBe('ids-exhausted')
    const { number } = t.wallet('a')
    t.rechargeStep('a', ids[5]!, refused)
    t.wait(finalSagaMemoryMs - 1)
    expect(t.recharge('b', '0.01').answer.refusal).toBe('ids-exhausted')
    expect(findSagaView(t.shards[0]!.ledger.state, number, ids[5]!)).toMatchObject({ open: false })
    t.wait(2)
    expect(t.recharge('b', '0.01').answer.refusal).toBe('accepted')
    expect(findSagaView(t.shards[0]!.ledger.state, number, ids[5]!)).toBeUndefined()
    expect(t.rechargeStep('a', ids[5]!, settled).refusal).toBe('saga-unknown')
  })
})
