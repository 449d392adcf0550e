import fc from 'fast-check'
import { expect, test } from 'vitest'
import { yuanOf } from './paper.fixture.ts'
import { keyAlgorithms, keyCauses } from './records.ts'
import { expectSound } from './replica.fixture.ts'
import { type ModelRule, RiskModel } from './riskModel.fixture.ts'
import { riskActions } from './riskRules.ts'
import { hour, minute, RiskTown, second } from './riskTown.fixture.ts'
import { standingReasons, standings } from './standings.ts'

const payers = ['ada', 'bo', 'cy'] as const
/** The first two are in the payers' shard. */
const payees = ['ben', 'stall', 'shop'] as const
const kinds = ['payerFrequency', 'deviceFrequency', 'merchantFrequency', 'habit', 'newDevice', 'newLink'] as const
const answers = [
  'accepted',
  'confirmation-required',
  'payee-blacklisted',
  'payee-frequency',
  'payee-suspended',
  'risk-amount',
  'risk-device',
  'risk-frequency',
  'risk-linked-account',
]
const standingNames = ['good', 'suspended', 'blacklisted'] as const

const payer = fc.constantFrom(...payers)
/** Few amounts and devices, so that what is counted meets again; now and then much more than is usual. */
const fen = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 900 }) }, fc.integer({ min: 900, max: 60_000 }))
const pay = fc.record({
  do: fc.constant('pay' as const),
  payer,
  payee: fc.constantFrom(...payees),
  fen,
  device: fc.nat(5),
})
const batch = fc.record({
  do: fc.constant('batch' as const),
  payer,
  payee: fc.constantFrom('ben' as const, 'stall' as const),
  fen,
})
const rule = fc.record({
  do: fc.constant('rule' as const),
  kind: fc.constantFrom(...kinds, 'habit' as const, 'newLink' as const),
  action: fc.constantFrom('refuse' as const, 'refuse' as const, 'stepUp' as const, 'off' as const),
  window: fc.nat(2),
  paymentsMax: fc.constantFrom(0, 1, 2, 4, 8, 30),
  factor: fc.integer({ min: 1, max: 6 }),
  fen: fc.constantFrom(0, 100, 1_000, 5_000),
  ageMs: fc.constantFrom(0, 5 * second, minute, hour),
  inMs: fc.constantFrom(-hour, 0, 0, 3 * second, 70 * second, 2 * hour),
})
const recharge = fc.record({ do: fc.constant('recharge' as const), payer, fen })
const relink = fc.record({ do: fc.constant('relink' as const), payer })
const stand = fc.record({
  do: fc.constant('stand' as const),
  payee: fc.constantFrom(...payees),
  as: fc.constantFrom('good' as const, ...standingNames),
})
const wait = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.oneof(fc.constantFrom(1, 1_429, 9_999, 10_000, minute, hour), fc.nat(20_000)),
})
const program = fc.array(
  fc.oneof(
    { weight: 18, arbitrary: pay },
    { weight: 2, arbitrary: batch },
    { weight: 4, arbitrary: rule },
    { weight: 2, arbitrary: recharge },
    { weight: 1, arbitrary: relink },
    { weight: 1, arbitrary: stand },
    { weight: 3, arbitrary: wait },
  ),
  { minLength: 10, maxLength: 80, size: 'max' },
)
type Step = typeof program extends fc.Arbitrary<(infer T)[]> ? T : never
type Do<K extends Step['do']> = Extract<Step, { do: K }>

/** How often each answer was heard in all programs: a model that agrees about nothing says nothing. */
const heard = new Map<string, number>()

/** The ledger and the model, taken through the same. Two payers sign by a key, one in person. */
class Both {
  readonly town = new RiskTown({ shards: 2, walletsMax: 64, idsMax: 1_024 })
  readonly model = new RiskModel(['stall', 'shop'], ['cy'])

  constructor() {
    const { town, model } = this
    for (const name of payers) {
      model.linkedMs.set(name, town.nowMs)
      town.open(name, { shard: 0, yuan: '1000000.00' })
    }
    town.open('ben', { shard: 0 })
    town.shop('stall', { shard: 0 })
    town.shop('shop', { shard: 1 })
    const { number } = town.wallet('cy')
    const key = { cause: keyCauses.rotate, algorithm: keyAlgorithms.webauthnP256, key: new Uint8Array(33).fill(2) }
    expect(town.command(0, 'walletKey', { ...town.byWallet('cy'), wallet: number, ...key }).refusal).toBe('accepted')
    town.wallet('cy').keyVersion += 1
  }

  take(step: Step): void {
    // No two things happen at one moment: which of two rules came last is of no interest then.
    this.town.wait(1)
    this.model.nowMs = this.town.nowMs
    if (step.do === 'pay') this.#pay(step)
    else if (step.do === 'batch') this.#batch(step)
    else if (step.do === 'rule') this.#rule(step)
    else if (step.do === 'wait') this.town.wait(step.ms)
    else if (step.do === 'stand') this.#stand(step)
    else if (step.do === 'relink') this.#relink(step)
    else {
      const told = this.town.recharge(step.payer, yuanOf(step.fen)).answer.refusal
      expect(told).toBe(this.model.recharge(step.payer, step.fen))
      this.#heard(told)
    }
  }

  #heard(answer: string): void {
    heard.set(answer, (heard.get(answer) ?? 0) + 1)
  }

  #pay({ payer, payee, fen, device }: Do<'pay'>): void {
    const { town, model } = this
    const left = town.pay(payer, payee, yuanOf(fen), { device })
    expect(town.shards[0]!.out.ruleVersion[0]).toBe(model.version)
    const isAway = payee === 'shop' && left.refusal === 'accepted'
    const told = isAway ? town.settle().at(-1)!.refusal : left.refusal
    expect(told).toBe(model.pay({ payer, payee, fen, device, way: 'person' }, payee !== 'shop'))
    this.#heard(told)
  }

  /** An institution's batch: nobody is there to confirm, and there is no device. */
  #batch({ payer, payee, fen }: Do<'batch'>): void {
    const told = this.town.payBatch(0, [{ payer, payee, fen }]).batch!.refusals
    expect(told).toEqual([this.model.pay({ payer, payee, fen, device: 0, way: 'nobody' }, true)])
  }

  #rule({ kind, action, window: drawn, inMs, ...bounds }: Do<'rule'>): void {
    const { town, model } = this
    const window = kind.endsWith('Frequency') ? drawn : 0
    const effectiveMs = town.nowMs + inMs
    const said = town.rule(kind, { ...bounds, window, effectiveMs, action: riskActions[action] })
    // Whoever takes money cannot confirm for the one who pays.
    expect(said).toBe(kind === 'merchantFrequency' && action === 'stepUp' ? 'rule-invalid' : 'accepted')
    const version: ModelRule = { kind, action, window, ...bounds, effectiveMs, saidMs: town.nowMs }
    if (said === 'accepted') model.rules.push(version)
  }

  #stand({ payee, as }: Do<'stand'>): void {
    expect(this.town.standing(payee, standings[as], standingReasons.other)).toBe('accepted')
    if (as === 'good') this.model.standings.delete(payee)
    else this.model.standings.set(payee, `payee-${as}`)
  }

  /** The account is closed and linked anew: it is new again. */
  #relink({ payer }: Do<'relink'>): void {
    const { number: wallet, link } = this.town.wallet(payer)
    for (const active of [0, 1])
      this.town.command(0, 'linkStatus', { ...this.town.byWallet(payer), wallet, link, active })
    this.model.linkedMs.set(payer, this.town.nowMs)
  }
}

test('every payment and recharge is judged as a list of all payments and a list of dated rules say', () => {
  fc.assert(
    fc.property(program, (steps) => {
      const both = new Both()
      for (const step of steps) both.take(step)
      expectSound(both.town)
    }),
    { numRuns: 200 },
  )
  expect([...heard.keys()].sort()).toEqual(answers)
})
