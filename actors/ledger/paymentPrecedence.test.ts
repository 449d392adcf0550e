import { expect, test } from 'vitest'
import { datedIdsPerDayMax, idMemoryMs, idWindowMs } from './admission.ts'
import { encodePayments } from './frameBuilder.ts'
import { parseCommandId } from './ids.ts'
import { fenOf, uuidAt } from './paper.fixture.ts'
import { frameKinds, paymentRecord, walletActions } from './records.ts'
import { type Refusal, refusals } from './refusals.ts'
import { mondayMorningMs, Town } from './town.fixture.ts'

/** What is wrong with a payment of 10.00 from Alice to Bob that would otherwise be accepted. */
type Wrong = {
  shard?: 'other'
  id?: 'reused' | 'malformed' | 'early' | 'expired' | 'seen' | 'dated'
  frame?: 'repeated'
  requested?: 'stale' | 'early'
  quota?: 'used'
  memory?: 'full'
  payer?: 'stranger'
  key?: 'old'
  fen?: 0 | 1_000
  payee?: 'payer' | 'stranger' | 'bob'
  state?: 'frozen' | 'closed'
  risk?: 3
  single?: 500
  day?: 500
  year?: 500
  funds?: 'none'
  payeeState?: 'frozen' | 'closed'
  room?: 'none'
}

const cases: readonly [Refusal, Wrong][] = [
  ['shard-misplaced', { shard: 'other' }],
  ['id-reused', { id: 'reused' }],
  ['id-malformed', { id: 'malformed' }],
  ['id-early', { id: 'early' }],
  ['id-expired', { id: 'expired' }],
  ['id-seen', { id: 'seen' }],
  ['frame-repeated', { frame: 'repeated' }],
  ['timestamp-stale', { requested: 'stale' }],
  ['timestamp-early', { requested: 'early' }],
  ['id-quota-exceeded', { id: 'dated', quota: 'used' }],
  ['ids-exhausted', { memory: 'full' }],
  ['wallet-unknown', { payer: 'stranger' }],
  ['key-not-current', { key: 'old' }],
  ['amount-invalid', { fen: 0 }],
  ['payer-is-payee', { payee: 'payer' }],
  ['wallet-frozen', { state: 'frozen' }],
  ['wallet-closed', { state: 'closed' }],
  ['risk-control', { risk: 3 }],
  ['single-limit-exceeded', { fen: 1_000, single: 500 }],
  ['day-limit-exceeded', { fen: 1_000, day: 500 }],
  ['year-limit-exceeded', { fen: 1_000, year: 500 }],
  ['funds-insufficient', { funds: 'none' }],
  ['payee-unknown', { payee: 'stranger' }],
  ['payee-frozen', { payee: 'bob', payeeState: 'frozen' }],
  ['payee-closed', { payee: 'bob', payeeState: 'closed' }],
  ['payee-balance-limit-exceeded', { payee: 'bob', room: 'none' }],
]

/** Both at once, or undefined when one payment cannot be wrong in both ways. */
function both(a: Wrong, b: Wrong): Wrong | undefined {
  const shared = Object.keys(a).filter((key) => key in b) as (keyof Wrong)[]
  if (shared.some((key) => a[key] !== b[key])) return undefined
  const wrong = { ...a, ...b }
  // An unknown payer has no state, and what fills the memory are payments of its own.
  if (wrong.payer && (wrong.state || wrong.risk || wrong.funds || wrong.key || wrong.payee === 'payer'))
    return undefined
  // Nothing is remembered of somebody who is not there, nor counted against them.
  if (wrong.payer && (wrong.quota || wrong.id === 'reused' || wrong.id === 'seen')) return undefined
  return wrong
}

const idsMax = 2_048
const clerk = { class: 2, kyc: 2 }

class Story {
  readonly town = new Town({ shards: 2, idsMax, startMs: mondayMorningMs })
  readonly wrong: Wrong

  constructor(wrong: Wrong) {
    this.wrong = wrong
    const t = this.town
    t.open('alice', { ...clerk, yuan: '100.00' })
    t.open('bob', { class: 4, kyc: 4 })
    t.open('rich', { yuan: '1000.00' })
  }

  /** Sets the scene, sends the payment and returns how it was answered. */
  refusal(): Refusal {
    const id = this.#id()
    this.#spoilWallets()
    this.#useUp()
    this.#spoilLimits()
    return this.#send(id)
  }

  #id(): Uint8Array {
    const t = this.town
    if (this.wrong.id === 'dated') return parseCommandId('P20260302999')!
    if (this.wrong.id === 'malformed') return new Uint8Array(16)
    if (this.wrong.id === 'reused') {
      const id = t.id()
      t.pay('alice', 'rich', '0.01', { id, digest: 1 })
      return id
    }
    if (this.wrong.id === 'seen') {
      const id = parseCommandId('P20260302001')!
      t.pay('alice', 'rich', '0.01', { id })
      t.wait(idMemoryMs + 60_000)
      for (let i = 0; i < 20; i++) t.pay('rich', 'alice', '0.01')
      return id
    }
    if (this.wrong.id === 'early') return uuidAt(t.nowMs + 3_600_000, 1)
    return this.wrong.id === 'expired' ? uuidAt(t.nowMs - 3_600_000, 1) : t.id()
  }

  #spoilWallets(): void {
    const t = this.town
    const { state, risk, funds, payeeState, key } = this.wrong
    if (funds === 'none' || state === 'closed') t.pay('alice', 'rich', '100.00', this.#rest('alice'))
    if (state !== undefined) this.#setStatus('alice', state)
    if (payeeState !== undefined) this.#setStatus('bob', payeeState)
    if (risk !== undefined) {
      t.command(0, 'userUpdate', { ...t.byInstitution(), user: t.wallet('alice').user, kyc: 0, risk })
    }
    if (key === 'old') t.wallet('alice').keyVersion = 0
  }

  #rest(name: string): { fen: number } {
    return { fen: this.town.balance(name) }
  }

  #setStatus(name: string, state: 'frozen' | 'closed'): void {
    const t = this.town
    const action = state === 'frozen' ? walletActions.freeze : walletActions.close
    const answer = t.command(0, 'walletStatus', { ...t.byInstitution(), wallet: t.wallet(name).number, action })
    expect(answer.refusal).toBe('accepted')
  }

  /** Fills the quota of Alice's dated ids and the memory of the shard with payments that are refused for good. */
  #useUp(): void {
    const t = this.town
    const refusedForGood = { fen: 0, keyVersion: this.#keyInForce() }
    if (this.wrong.quota === 'used') {
      const ids = Array.from({ length: datedIdsPerDayMax }, (_, n) => parseCommandId(`Q20260302${n}`)!)
      t.batch(
        0,
        ids.map((id) => t.payment('alice', 'bob', '0.00', { ...refusedForGood, id })),
      )
    }
    if (this.wrong.memory === 'full') {
      const { ids } = t.shards[0]!.ledger.state
      while (!ids.full) t.batch(0, [t.payment('rich', 'bob', '0.00', { fen: 0 })])
    }
  }

  #keyInForce(): number {
    return this.town.view('alice').keyVersion
  }

  #spoilLimits(): void {
    const t = this.town
    const { single, day, year, room } = this.wrong
    const none = fenOf('90000000000000.00')
    const limits = { single: single ?? none, day: day ?? none, year: year ?? none, balance: none }
    t.command(0, 'limitsPut', { ...t.byOperator(), ...limits, class: clerk.class, effectiveMs: 0 })
    if (room === 'none') {
      t.command(0, 'limitsPut', { ...t.byOperator(), ...limits, balance: 1, class: 4, effectiveMs: 0 })
    }
  }

  #send(id: Uint8Array): Refusal {
    const t = this.town
    const { shard, requested, frame, payer, fen, payee } = this.wrong
    const requestedMs =
      requested === 'stale' ? t.nowMs - idWindowMs - 60_000 : requested === 'early' ? t.nowMs + 3_600_000 : t.nowMs
    const payment = { ...t.payment('alice', 'bob', '10.00', { id, requestedMs, fen: fen ?? 1_000 }) }
    if (payer === 'stranger') payment.payer = t.strangerIn(0)
    if (payee === 'payer') payment.payee = payment.payer
    if (payee === 'stranger') payment.payee = t.strangerIn(0) + 2
    const from = frame === 'repeated' ? { incarnation: 77, counter: 1 } : {}
    const target = shard === 'other' ? 1 : 0
    if (frame === 'repeated') t.submit(target, new Uint8Array(paymentRecord.size), frameKinds.payments, 1, from)
    return t.submit(target, encodePayments([payment]), frameKinds.payments, 1, from).answers[0]!.refusal
  }
}

test('a payment that nothing is wrong with is accepted', () => {
  expect(new Story({}).refusal()).toBe('accepted')
})

test.each(cases)('%s is the answer when it alone applies', (refusal, wrong) => {
  expect(new Story(wrong).refusal()).toBe(refusal)
})

test('of any two refusals that apply, the first in the list is the answer', () => {
  let pairs = 0
  for (const [i, [a, wrongA]] of cases.entries()) {
    for (const [b, wrongB] of cases.slice(i + 1)) {
      const wrong = both(wrongA, wrongB)
      if (wrong === undefined) continue
      const first = refusals.indexOf(a) < refusals.indexOf(b) ? a : b
      expect([a, b, new Story(wrong).refusal()]).toEqual([a, b, first])
      pairs += 1
    }
  }
  expect(pairs).toBeGreaterThan(200)
})
