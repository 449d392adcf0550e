import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lookAhead } from './batchPayments.ts'
import { dayOfDate, dayStartMs } from './businessTime.ts'
import { holdMemoryMs } from './holds.ts'
import { Market } from './market.fixture.ts'
import { ModelLedger, type ModelPayment } from './model.fixture.ts'
import { headOf, uuidAt } from './paper.fixture.ts'
import { signers, walletActions } from './records.ts'
import { institution } from './town.fixture.ts'

const groups = { ada: 2, ben: 3, cleo: 4, dan: 2, eva: 3, finn: 4 } as const
type Name = keyof typeof groups
const names = Object.keys(groups) as Name[]
const fenAtStart = { 2: 4_000_000, 3: 900_000, 4: 700_000 } as const

const someName = fc.constantFrom(...names)
const someFen = fc.oneof(
  fc.integer({ min: 1, max: 500 }),
  fc.integer({ min: 100_000, max: 200_000 }),
  fc.integer({ min: 300_000, max: 500_000 }),
  fc.constantFrom(0, 200_000, 200_001, 500_000, 500_001, 5_000_000, 5_000_001),
)
const someAgeMs = fc.oneof(
  { weight: 9, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(1_000, 899_999, 900_000, 900_001, -300_000, -300_001) },
)
const pay = fc.record({
  do: fc.constant('pay' as const),
  payer: someName,
  payee: fc.oneof(someName, fc.constant('nobody' as const)),
  fen: someFen,
  idAgeMs: someAgeMs,
})
const payeeOrNobody = fc.oneof(someName, fc.constant('nobody' as const))
const batch = fc.record({
  do: fc.constant('batch' as const),
  shard: fc.nat(1),
  atomic: fc.boolean(),
  lines: fc.array(fc.record({ payer: someName, payee: payeeOrNobody, fen: someFen }), { minLength: 1, maxLength: 8 }),
})
const again = fc.record({
  do: fc.constant('again' as const),
  back: fc.integer({ min: 1, max: 6 }),
  other: fc.boolean(),
})
const freeze = fc.record({
  do: fc.constant('freeze' as const),
  name: someName,
  frozen: fc.constantFrom(true, false, false),
})
const wait = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.constantFrom(1, 60_000, 3_600_000, 43_200_000, 86_400_000),
})
const hold = fc.record({
  do: fc.constant('hold' as const),
  payer: someName,
  payee: someName,
  fen: someFen,
  lifeMs: fc.constantFrom(1, 60_000, 7_200_000, 100_000_000),
})
const capture = fc.record({ do: fc.constant('capture' as const), back: fc.integer({ min: 1, max: 4 }), fen: someFen })
const giveUp = fc.record({ do: fc.constant('give up' as const), back: fc.integer({ min: 1, max: 4 }) })
const arrive = fc.record({ do: fc.constant('arrive' as const) })
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: pay },
    { weight: 3, arbitrary: batch },
    { weight: 2, arbitrary: hold },
    { weight: 2, arbitrary: capture },
    { weight: 1, arbitrary: giveUp },
    { weight: 2, arbitrary: again },
    { weight: 1, arbitrary: freeze },
    { weight: 1, arbitrary: wait },
    { weight: 1, arbitrary: arrive },
  ),
  { maxLength: 120, size: 'max' },
)
type Step = typeof steps extends fc.Arbitrary<(infer T)[]> ? T : never

/** Longer than what is looked up ahead, in the payers' shard and where it arrives: few lines, again and again. */
const longBatch = fc
  .record({
    shard: fc.nat(1),
    atomic: fc.boolean(),
    lines: fc.array(fc.record({ payer: someName, payee: payeeOrNobody, fen: fc.integer({ min: 1, max: 5_000 }) }), {
      minLength: 3,
      maxLength: 7,
    }),
    records: fc.integer({ min: 2 * lookAhead, max: 4 * lookAhead }),
  })
  .map(({ lines, records, ...of }) => ({
    do: 'batch' as const,
    ...of,
    lines: Array.from({ length: records }, (_, i) => lines[i % lines.length]!),
  }))
const longSteps = fc.array(
  fc.oneof({ weight: 4, arbitrary: longBatch }, { weight: 1, arbitrary: freeze }, { weight: 2, arbitrary: arrive }),
  { minLength: 1, maxLength: 8 },
)

/** The last days of a year, so that days and years both pass. */
const startMs = dayStartMs(dayOfDate(2026, 12, 29)) + 40_000_000

/** Plays one program on both ledgers and compares every answer. */
class Comparison {
  readonly town = new Market({ shards: 2, startMs })
  readonly model = new ModelLedger(2)
  readonly seen = new Map<string, number>()
  /** Records of the longest batch of one shard, and most that were on their way to another. */
  readonly longest = { batch: 0, transit: 0 }
  readonly #holds: { payer: Name; payee: number; id: Uint8Array; expiresMs: number }[] = []
  readonly #past: { payment: ModelPayment; bytes: Uint8Array; payee: Name | 'nobody' }[] = []
  /** Beyond the ids of the scene. */
  #serial = 10_000

  constructor() {
    for (const [n, name] of names.entries()) {
      const group = groups[name]
      const yuan = `${fenAtStart[group] / 100}.00`
      const { number } = this.town.open(name, { shard: n % 2, class: group, kyc: 1, yuan })
      this.model.open(number, n % 2, group, fenAtStart[group])
    }
  }

  play(step: Step): void {
    if (step.do === 'batch') this.#batch(step)
    else if (step.do === 'pay') this.#pay(step.payer, step.payee, step.fen, step.idAgeMs)
    else if (step.do === 'hold') this.#hold(step)
    else if (step.do === 'capture' || step.do === 'give up') this.#endHold(step)
    else if (step.do === 'again') this.#again(step.back, step.other)
    else if (step.do === 'freeze') this.#freeze(step.name, step.frozen)
    else if (step.do === 'arrive') this.#arrive()
    else {
      // What is on its way for longer than ids are remembered gives no limit back: let it arrive first.
      if (step.ms > 60_000) this.#arrive()
      this.town.wait(step.ms)
      for (const shard of [0, 1]) this.town.tick(shard)
      this.model.until(this.town.nowMs)
    }
    this.#compareBalances()
  }

  #pay(payer: Name, payee: Name | 'nobody', fen: number, idAgeMs: number): void {
    const madeMs = this.town.nowMs - idAgeMs
    const bytes = uuidAt(madeMs, ++this.#serial)
    const payment = {
      payer: this.town.wallet(payer).number,
      payee: this.#payeeNumber(payer, payee),
      fen,
      id: bytes.join('.'),
      idMadeMs: madeMs,
      body: '7',
    }
    this.#past.push({ payment, bytes, payee })
    this.#ask(payment, bytes)
  }

  /** Record by record like single payments; a linked batch ends with all of them or with none. */
  #batch({ shard, atomic, lines }: Extract<Step, { do: 'batch' }>): void {
    const own = lines.filter(({ payer }) => this.town.wallet(payer).shard === shard)
    if (own.length === 0) return
    const records = own.map((line) => ({ ...line, payeeNumber: this.#payeeNumber(line.payer, line.payee) }))
    const payments = records.map(({ payer, payeeNumber, fen }) => ({
      payer: this.town.wallet(payer).number,
      payee: payeeNumber,
      fen,
      id: `batch ${++this.#serial}`,
      idMadeMs: this.town.nowMs,
      body: '7',
    }))
    const told = this.town.payBatch(
      shard,
      records.map(({ payer, payeeNumber, fen }) => ({ payer, payee: payer, payeeNumber, fen })),
      { atomic },
    )
    const expected = atomic
      ? this.model.payLinked(payments, this.town.nowMs)
      : payments.map((payment) => this.model.pay(payment, this.town.nowMs))
    expect(told.batch?.refusals).toEqual(expected)
    for (const refusal of expected) this.#saw(refusal)
    this.longest.batch = Math.max(this.longest.batch, records.length)
    this.longest.transit = Math.max(this.longest.transit, ...told.batch!.transit.map(([, count]) => count))
  }

  #hold({ payer, payee, fen, lifeMs }: Extract<Step, { do: 'hold' }>): void {
    const { number: wallet, shard } = this.town.wallet(payer)
    const asked = { payee: this.town.wallet(payee).number, expiresMs: this.town.nowMs + lifeMs }
    const head = this.town.byWallet(payer)
    const fields = { ...head, ...asked, wallet, amount: fen, payeeInstitution: institution }
    const { refusal } = this.town.command(shard, 'holdPlace', fields)
    expect(refusal).toBe(this.model.hold(head.id.join('.'), { ...asked, payer: wallet, fen }, this.town.nowMs))
    if (refusal === 'accepted') this.#holds.push({ payer, id: head.id, ...asked })
    this.#saw(refusal)
  }

  #endHold(step: Extract<Step, { do: 'capture' | 'give up' }>): void {
    const hold = this.#holds.at(-step.back)
    if (hold === undefined) return
    const { number: wallet, shard } = this.town.wallet(hold.payer)
    const head = headOf({ signer: signers.payeeKey, keyVersion: 1, actor: wallet, id: this.town.id() })
    const fields = { ...head, wallet, payee: hold.payee, hold: hold.id }
    const id = hold.id.join('.')
    const { nowMs } = this.town
    const isCapture = step.do === 'capture'
    const { refusal } = isCapture
      ? this.town.command(shard, 'holdCapture', { ...fields, amount: step.fen })
      : this.town.command(shard, 'holdVoid', fields)
    this.#saw(refusal)
    // The model never forgets what has ended.
    if (refusal === 'hold-unknown' && nowMs >= hold.expiresMs + holdMemoryMs) return
    expect(refusal).toBe(isCapture ? this.model.capture(id, step.fen, nowMs) : this.model.giveUp(id))
  }

  #saw(refusal: string): void {
    this.seen.set(refusal, (this.seen.get(refusal) ?? 0) + 1)
  }

  #payeeNumber(payer: Name, payee: Name | 'nobody'): number {
    return payee === 'nobody' ? this.town.strangerIn(1 - this.town.wallet(payer).shard) : this.town.wallet(payee).number
  }

  #again(back: number, other: boolean): void {
    const past = this.#past.at(-back)
    if (past) this.#ask(other ? { ...past.payment, body: '8' } : past.payment, past.bytes)
  }

  #ask(payment: ModelPayment, id: Uint8Array): void {
    const payer = names.find((name) => this.town.wallet(name).number === payment.payer)!
    const { fen, payee: payeeNumber } = payment
    const { refusal } = this.town.pay(payer, payer, '0.01', { id, fen, payeeNumber, digest: Number(payment.body) })
    const expected = this.model.pay(payment, this.town.nowMs)
    this.#saw(refusal)
    // The model never forgets; the ledger may, once the id could not run any more.
    if (refusal === 'id-expired' && payment.idMadeMs < this.town.nowMs - 900_000) return
    expect(refusal).toBe(expected)
  }

  #freeze(name: Name, frozen: boolean): void {
    const { number, shard } = this.town.wallet(name)
    const action = frozen ? walletActions.freeze : walletActions.unfreeze
    this.town.command(shard, 'walletStatus', { ...this.town.byInstitution(), wallet: number, action })
    this.model.wallets.get(number)!.frozen = frozen
  }

  #arrive(): void {
    this.town.settle()
    this.model.arrive()
  }

  #compareBalances(): void {
    const ours = names.map((name) => BigInt(this.town.balance(name)))
    const theirs = names.map((name) => this.model.wallets.get(this.town.wallet(name).number)!.fen)
    expect(ours).toEqual(theirs)
  }

  end(): void {
    this.#arrive()
    this.#compareBalances()
    const held = names.map((name) => BigInt(this.town.view(name).held))
    expect(held).toEqual(names.map((name) => this.model.heldOf(this.town.wallet(name).number)))
    const sum = names.reduce((all, name) => all + BigInt(fenAtStart[groups[name]]), 0n)
    expect(this.model.total()).toBe(sum)
  }
}

test('the fast ledger answers every program of payments as the slow and obvious one does', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(steps, (program) => {
      const comparison = new Comparison()
      for (const step of program) comparison.play(step)
      comparison.end()
      for (const [refusal, count] of comparison.seen) seen.set(refusal, (seen.get(refusal) ?? 0) + count)
    }),
    { numRuns: 300 },
  )
  const outcomes = [
    'accepted',
    'id-reused',
    'id-early',
    'id-expired',
    'amount-invalid',
    'payer-is-payee',
    'wallet-frozen',
    'single-limit-exceeded',
    'day-limit-exceeded',
    'funds-insufficient',
    'payee-frozen',
    'payee-unknown',
    'payee-balance-limit-exceeded',
    'batch-not-local',
    'batch-linked',
    'hold-exceeded',
    'hold-expired',
    'hold-ended',
  ]
  expect(outcomes.filter((outcome) => !seen.has(outcome))).toEqual([])
})

test('and so it does where batches, and what arrives of them, are longer than what is looked up ahead', () => {
  const longest = { batch: 0, transit: 0 }
  fc.assert(
    fc.property(longSteps, (program) => {
      const comparison = new Comparison()
      for (const step of program) comparison.play(step)
      comparison.end()
      longest.batch = Math.max(longest.batch, comparison.longest.batch)
      longest.transit = Math.max(longest.transit, comparison.longest.transit)
    }),
    { numRuns: 40 },
  )
  expect(longest.batch).toBeGreaterThan(lookAhead)
  expect(longest.transit).toBeGreaterThan(lookAhead)
})
