import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { disputeAnswerMs, disputePeriodMs, viewDispute } from './disputes.ts'
import { disputeStates } from './disputeTable.ts'
import { encodeCommand } from './frameBuilder.ts'
import { Market } from './market.fixture.ts'
import { expectBalances, fenOf, headOf } from './paper.fixture.ts'
import { signers, walletActions } from './records.ts'
import { expectSound } from './replica.fixture.ts'
import type { Answer } from './shard.fixture.ts'
import { institution, otherInstitution } from './town.fixture.ts'

const dayMs = 86_400_000

/** Ann has paid the wrong bo, in her shard or in another. */
class Mistake extends Market {
  readonly paidId: Uint8Array
  readonly paidMs: number

  constructor(where: 'near' | 'far' = 'near', yuan = '40.00') {
    super({ idsMax: 512 })
    this.open('ann', { shard: 0, yuan: '100.00' })
    this.open('bo', { shard: where === 'near' ? 0 : 1, yuan: '10.00' })
    this.paidId = this.id()
    this.paidMs = this.nowMs
    this.pay('ann', 'bo', yuan, { id: this.paidId })
    this.settle()
  }

  byAnn(): ReturnType<typeof headOf> {
    const ann = this.wallet('ann').number
    return headOf({ signer: signers.payeeKey, keyVersion: 1, actor: ann, id: this.id() })
  }

  get case() {
    return { wallet: this.wallet('bo').number, payer: this.wallet('ann').number, payment: this.paidId }
  }

  dispute(o: Partial<{ yuan: string; paidMs: number }> = {}, head = this.byAnn()): Answer {
    const { yuan = '40.00', paidMs = this.paidMs } = o
    const fields = { ...this.case, amount: fenOf(yuan), paidMs, payerInstitution: institution }
    return this.command(this.wallet('bo').shard, 'disputeOpen', { ...head, ...fields })
  }

  answer(consent: number, head = this.byWallet('bo')): Answer {
    return this.command(this.wallet('bo').shard, 'disputeAnswer', { ...head, ...this.case, consent })
  }

  withdraw(head = this.byAnn()): Answer {
    return this.command(this.wallet('bo').shard, 'disputeWithdraw', { ...head, ...this.case })
  }

  status(name: string, action: number): void {
    const { number, shard } = this.wallet(name)
    const answer = this.command(shard, 'walletStatus', { ...this.byInstitution(), wallet: number, action })
    if (answer.refusal !== 'accepted') throw new Error(answer.refusal)
  }

  get state(): number | undefined {
    const { shard, number } = this.wallet('bo')
    return viewDispute(this.shards[shard]!.ledger.state, number, this.wallet('ann').number, this.paidId)?.state
  }
}

test.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 0.5])(
  'no institution opens a case for payer %s: no shard could take the money back',
  (payer) => {
    const t = new Mistake()
    const of = { ...t.case, payer }
    const fields = { ...of, amount: 100, paidMs: t.paidMs, payerInstitution: institution }
    expect(t.command(0, 'disputeOpen', { ...t.byInstitution(), ...fields }).refusal).toBe('wallet-unknown')
    expect(t.command(0, 'disputeAnswer', { ...t.byWallet('bo'), ...of, consent: 1 }).refusal).toBe('dispute-unknown')
    expectSound(t)
  },
)

test('who consents finds what a hold that is over set aside, though more is due than one frame carries out', () => {
  const t = new Mistake()
  t.dispute()
  const held = (name: string, fen: number, payee: string, expiresMs: number): string => {
    const fields = { wallet: t.wallet(name).number, payee: t.wallet(payee).number, amount: fen, expiresMs }
    return t.command(0, 'holdPlace', { ...t.byWallet(name), ...fields, payeeInstitution: institution }).refusal
  }
  expect(held('bo', 50_00, 'ann', t.nowMs + 5_000)).toBe('accepted')
  for (const guest of ['cy', 'di', 'ed']) {
    t.open(guest, { shard: 0, yuan: '1.00' })
    for (let n = 0; n < 86; n++) expect(held(guest, 1, 'ann', t.nowMs + 4_999)).toBe('accepted')
  }
  t.wait(5_000)
  expect(t.answer(1).refusal).toBe('accepted')
  expectBalances(t, 'ann 100.00\nbo 10.00')
  expectSound(t)
})

describe.each(['near', 'far'] as const)('a transfer to the wrong wallet, %s', (where) => {
  test('comes back when the payee consents, once, whoever asks how often', () => {
    const t = new Mistake(where)
    expect(t.dispute()).toMatchObject({ refusal: 'accepted', value: t.nowMs + disputeAnswerMs })
    expectBalances(t, 'ann 60.00\nbo 50.00')
    const head = t.byWallet('bo')
    expect(t.answer(1, head).refusal).toBe('accepted')
    expect(t.answer(1, head)).toMatchObject({ refusal: 'accepted', repeated: true })
    expect(t.answer(1).refusal).toBe('dispute-ended')
    t.settle()
    expectBalances(t, 'ann 100.00\nbo 10.00')
    expect(t.state).toBe(disputeStates.returned)
    expectSound(t)
  })

  test('comes back even to a wallet that is frozen', () => {
    const t = new Mistake(where)
    t.dispute()
    t.status('ann', walletActions.freeze)
    t.answer(1)
    t.settle()
    expectBalances(t, 'ann 100.00\nbo 10.00')
  })

  test('stays where it is when the payee declines', () => {
    const t = new Mistake(where)
    t.dispute()
    expect(t.answer(0).refusal).toBe('accepted')
    expect(t.answer(1).refusal).toBe('dispute-ended')
    expect(t.state).toBe(disputeStates.declined)
    expectBalances(t, 'ann 60.00\nbo 50.00')
  })

  test('has one case, and no second one after the first has ended', () => {
    const t = new Mistake(where)
    t.dispute()
    expect(t.dispute().refusal).toBe('dispute-open')
    t.answer(1)
    t.settle()
    t.wait(disputePeriodMs - 1)
    expect(t.dispute().refusal).toBe('dispute-open')
    t.wait(1)
    expect(t.dispute().refusal).toBe('dispute-late')
    expectBalances(t, 'ann 100.00\nbo 10.00')
    expectSound(t)
  })
})

describe('a case', () => {
  test('expires at its deadline, to the millisecond', () => {
    const t = new Mistake()
    t.dispute()
    t.wait(disputeAnswerMs - 1)
    expect(t.state).toBe(disputeStates.open)
    t.wait(1)
    expect(t.answer(1).refusal).toBe('dispute-ended')
    expect(t.state).toBe(disputeStates.expired)
    expectBalances(t, 'ann 60.00\nbo 50.00')
  })

  test('is withdrawn by its payer, and not by the payee', () => {
    const t = new Mistake()
    t.dispute()
    expect(t.withdraw(t.byWallet('bo')).refusal).toBe('signer-not-allowed')
    expect(t.withdraw().refusal).toBe('accepted')
    expect(t.answer(1).refusal).toBe('dispute-ended')
    expect(t.withdraw().refusal).toBe('dispute-ended')
  })

  test('of money that is spent stays open until there is enough again', () => {
    const t = new Mistake()
    t.pay('bo', 'ann', '20.00')
    t.dispute()
    expect(t.answer(1).refusal).toBe('funds-insufficient')
    expect(t.state).toBe(disputeStates.open)
    t.fund('bo', '10.00')
    expect(t.answer(1).refusal).toBe('accepted')
  })

  test('is opened by who paid or the institution of it, within thirty days, and needs an answer of the payee alone', () => {
    const t = new Mistake()
    expect(t.dispute({}, t.byWallet('bo')).refusal).toBe('signer-not-allowed')
    expect(t.dispute({}, t.byInstitution(otherInstitution)).refusal).toBe('signer-not-allowed')
    expect(t.dispute({ paidMs: t.nowMs - disputePeriodMs }).refusal).toBe('dispute-late')
    expect(t.dispute({ paidMs: t.nowMs + 1 }).refusal).toBe('dispute-late')
    expect(t.dispute({}, t.byInstitution()).refusal).toBe('accepted')
    expect(t.answer(1, t.byInstitution()).refusal).toBe('signer-not-allowed')
    expect(t.answer(1, t.byWallet('ann')).refusal).toBe('signer-not-allowed')
  })

  test('whose payer has closed the wallet meanwhile ends with the money where it was', () => {
    const t = new Mistake('far', '100.00')
    t.dispute({ yuan: '100.00' })
    t.status('ann', walletActions.close)
    t.answer(1)
    t.settle()
    expectBalances(t, 'ann 0.00\nbo 110.00')
    expect(t.state).toBe(disputeStates.bounced)
    expectSound(t)
  })

  test('is forgotten once no other could be opened, and its row is free', () => {
    const t = new Mistake()
    t.dispute()
    t.answer(0)
    t.wait(disputeAnswerMs)
    t.tick(0)
    t.wait(disputePeriodMs)
    t.tick(0)
    expect([t.state, t.shards[0]!.ledger.state.deadlines.count]).toEqual([undefined, 0])
  })
})

test('whatever both sides say in whatever order, the money comes back once or not at all', () => {
  const step = fc.constantFrom('open', 'consent', 'decline', 'withdraw', 'wait', 'settle')
  fc.assert(
    fc.property(fc.constantFrom('near' as const, 'far' as const), fc.array(step, { maxLength: 25 }), (where, steps) => {
      const t = new Mistake(where)
      for (const what of steps) {
        if (what === 'open') t.dispute()
        else if (what === 'consent') t.answer(1)
        else if (what === 'decline') t.answer(0)
        else if (what === 'withdraw') t.withdraw()
        else if (what === 'wait') t.wait(3 * dayMs)
        else t.settle()
      }
      t.settle()
      expectSound(t)
      const back = t.state === disputeStates.returned
      expectBalances(t, back ? 'ann 100.00\nbo 10.00' : 'ann 60.00\nbo 50.00')
    }),
    { numRuns: 80 },
  )
})

test('a text longer than its place is no command', () => {
  const t = new Mistake()
  const fields = { ...t.byAnn(), ...t.case, amount: 1, paidMs: t.paidMs, payerInstitution: institution }
  const body = encodeCommand('disputeOpen', fields, new Uint8Array(1_537))
  expect(t.submit(0, body, 3, 1).answers[0]!.refusal).toBe('command-unknown')
})
