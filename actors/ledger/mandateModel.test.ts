import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MandateModel, type ModelMandate, type ModelTerms } from './mandateModel.fixture.ts'
import { Street } from './mandates.fixture.ts'
import { fenOf, yuanOf } from './paper.fixture.ts'
import { walletActions } from './records.ts'
import { expectSound } from './replica.fixture.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** 31 January 2028, 22:00 in Shanghai: the months after it are shorter, one of them in a leap year. */
const startMs = Date.parse('2028-01-31T22:00:00+08:00')

const payer = fc.constantFrom('ann', 'bo')
const fen = fc.integer({ min: 1, max: 4_000 })
const period = fc.constantFrom('once' as const, 'day' as const, 'week' as const, 'month' as const)
const sign = fc.record({
  do: fc.constant('sign' as const),
  payer,
  fen,
  period,
  scheduled: fc.boolean(),
  times: fc.integer({ min: 1, max: 3 }),
  countMax: fc.nat(3),
  inMs: fc.constantFrom(1, 2 * hourMs, 5 * dayMs),
  lifeMs: fc.constantFrom(0, 0, 0, 3 * hourMs, 9 * dayMs, 40 * dayMs),
})
const collect = fc.record({ do: fc.constant('collect' as const), back: fc.nat(5), fen })
const cancel = fc.record({ do: fc.constant('cancel' as const), back: fc.nat(5) })
const fund = fc.record({ do: fc.constant('fund' as const), payer })
const freeze = fc.record({ do: fc.constant('freeze' as const) })
const arrive = fc.record({ do: fc.constant('arrive' as const) })
const wait = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.constantFrom(1, hourMs, 2 * hourMs - 1, 6 * hourMs, dayMs, 8 * dayMs, 29 * dayMs),
})
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: sign },
    { weight: 5, arbitrary: collect },
    { weight: 1, arbitrary: cancel },
    { weight: 1, arbitrary: fund },
    { weight: 1, arbitrary: freeze },
    { weight: 2, arbitrary: arrive },
    { weight: 6, arbitrary: wait },
  ),
  { maxLength: 60, size: 'max' },
)

/** The ledger and the model, taken through the same. */
class Both {
  readonly street = new Street(256, startMs)
  readonly model = new MandateModel(
    [
      ['ann', 10_000],
      ['bo', 10_000],
    ],
    ['ann'],
  )
  readonly #given: { id: Uint8Array; payer: string; mandate: ModelMandate }[] = []

  sign(one: typeof sign extends fc.Arbitrary<infer T> ? T : never): void {
    // No two times are the same: which of two schedules comes first is of no interest.
    const firstMs = this.street.nowMs + one.inMs + this.#given.length + 1
    const periodFen = one.fen * one.times
    const endsMs = one.lifeMs === 0 ? 0 : firstMs + one.lifeMs
    const countMax = one.period === 'once' ? 1 : one.countMax
    const terms: ModelTerms = { ...one, firstMs, periodFen, endsMs, countMax }
    const asked = { ...one, firstMs, endsMs, periodYuan: yuanOf(periodFen) }
    const { refusal, id } = this.street.sign(one.payer, yuanOf(one.fen), asked)
    if (refusal === 'mandates-full') return
    expect(refusal).toBe('accepted')
    this.model.sign(terms)
    this.#given.push({ id, payer: one.payer, mandate: this.model.mandates.at(-1)! })
  }

  mandate(back: number) {
    const given = this.#given.at(-1 - back)
    // One that the ledger has forgotten is nobody's any more.
    return given !== undefined && this.street.mandate(given.payer, given.id) !== undefined ? given : undefined
  }

  goOn(ms: number): void {
    this.street.settle()
    this.model.arrive(this.street.nowMs)
    this.street.until(this.street.nowMs + ms)
    this.model.goOn(this.street.nowMs)
  }

  compare(): void {
    const { street, model } = this
    expect(['ann', 'bo'].map((name) => street.balance(name))).toEqual([...model.balances.values()])
    expect(street.balance('landlord')).toBe(model.payeeFen)
    for (const { id, payer: of, mandate } of this.#given) {
      const view = street.mandate(of, id)
      if (view === undefined) continue
      const { state, payments, missed, taken } = view
      const found = { state, payments, missed, taken, tries: view.tries, nextMs: view.nextMs }
      const goesOn = mandate.scheduled && mandate.state === 'active'
      const expected = {
        state: mandate.state,
        payments: mandate.payments,
        missed: mandate.missed,
        taken: mandate.takenFen,
      }
      const tries = state === 'active' ? mandate.tries : view.tries
      expect(found).toEqual({ ...expected, tries, nextMs: goesOn ? mandate.nextMs : 0 })
    }
  }
}

test('every mandate is paid and refused as a calendar and a list of times say', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const both = new Both()
      const { street, model } = both
      for (const one of taken) {
        if (one.do === 'sign') both.sign(one)
        else if (one.do === 'wait') both.goOn(one.ms)
        else if (one.do === 'collect') {
          const given = both.mandate(one.back)
          if (given === undefined) continue
          const told = street.collect(given.payer, given.id, yuanOf(one.fen)).refusal
          expect(told).toBe(model.collect(given.mandate, one.fen, street.nowMs))
        } else if (one.do === 'cancel') {
          const given = both.mandate(one.back)
          if (given === undefined) continue
          expect(street.cancel(given.payer, given.id).refusal).toBe(model.cancel(given.mandate))
        } else if (one.do === 'fund') {
          street.fund(one.payer, '50.00')
          model.balances.set(one.payer, model.balances.get(one.payer)! + fenOf('50.00'))
        } else if (one.do === 'freeze') {
          model.payeeFrozen = !model.payeeFrozen
          const action = model.payeeFrozen ? walletActions.freeze : walletActions.unfreeze
          const wallet = street.wallet('landlord').number
          street.command(0, 'walletStatus', { ...street.byInstitution(), wallet, action })
        } else {
          street.settle()
          model.arrive(street.nowMs)
        }
        both.compare()
      }
      expectSound(street)
    }),
    { numRuns: 120 },
  )
})
