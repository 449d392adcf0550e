import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayMs } from './businessTime.ts'
import { parseCommandId, walletKinds } from './ids.ts'
import { Street } from './mandates.fixture.ts'
import { mandateBeginMsMax, mandateMemoryMs, mandatesPerWalletMax } from './mandates.ts'
import { fenOf, yuanOf } from './paper.fixture.ts'
import { walletActions } from './records.ts'
import { expectSound } from './replica.fixture.ts'

const hourMs = 3_600_000

test('the last collection by a mandate is still to be made when it has come back', () => {
  const street = new Street()
  street.open('grocer', { shard: 0, class: 4, kyc: 4, kind: walletKinds.merchant, yuan: '9990.00' })
  const terms = { payee: 'grocer', period: 'once' } as const
  const { id } = street.sign('bo', '20.00', terms)
  expect(street.collect('bo', id, '20.00', { payee: 'grocer' }).refusal).toBe('accepted')
  expect(street.collect('bo', id, '20.00', { payee: 'grocer' }).refusal).toBe('mandate-ended')
  street.settle()
  expect(street.mandate('bo', id)).toMatchObject({ state: 'active', payments: 0, taken: 0 })
  street.redeem('grocer', '100.00')
  expect(street.collect('bo', id, '20.00', { payee: 'grocer' }).refusal).toBe('accepted')
  street.settle()
  expect(street.mandate('bo', id)).toMatchObject({ state: 'over', payments: 1, taken: 2_000 })
  street.until(street.nowMs + 40 * dayMs)
  street.until(street.nowMs + 1)
  expect(street.mandate('bo', id)).toBeUndefined()
  expectSound(street)
})

test('what is allowed once is free again, however late its collection comes back', () => {
  const street = new Street()
  street.open('dee', { shard: 1, yuan: '10.00' })
  const { id } = street.sign('bo', '20.00', { period: 'once', periodYuan: '20.00' })
  const wallet = street.wallet('landlord').number
  const status = (action: number) => street.command(0, 'walletStatus', { ...street.byInstitution(), wallet, action })
  street.collect('bo', id, '20.00')
  // Nobody remembers by now when it was made.
  street.wait(hourMs)
  for (let n = 0; n < 20; n++) street.pay('dee', 'landlord', '0.01')
  status(walletActions.freeze)
  street.settle()
  status(walletActions.unfreeze)
  expect(street.mandate('bo', id)).toMatchObject({ state: 'active', payments: 0, taken: 0, periodTaken: 0 })
  expect(street.collect('bo', id, '20.00').refusal).toBe('accepted')
  expectSound(street)
})

describe.each(['ann', 'bo'])('%s lets the landlord collect', (payer) => {
  test('which takes what it needs, within the bounds of a payment and of a month', () => {
    const street = new Street()
    const { refusal, id } = street.sign(payer, '30.00', { periodYuan: '50.00' })
    expect(refusal).toBe('accepted')
    expect(street.collect(payer, id, '30.01').refusal).toBe('mandate-exceeded')
    expect(street.collect(payer, id, '30.00').refusal).toBe('accepted')
    expect(street.collect(payer, id, '20.01').refusal).toBe('mandate-exceeded')
    expect(street.collect(payer, id, '20.00').refusal).toBe('accepted')
    street.settle()
    expect([street.balance(payer), street.balance('landlord')]).toEqual([5_000, 5_000])
    expect(street.mandate(payer, id)).toMatchObject({ state: 'active', periodTaken: 5_000, taken: 5_000, payments: 2 })
    street.until(street.nowMs + 31 * dayMs)
    expect(street.mandate(payer, id)).toMatchObject({ periodTaken: 0, taken: 5_000 })
    expect(street.collect(payer, id, '30.00').refusal).toBe('accepted')
    expectSound(street)
  })

  test('under a UUIDv7 alone: an id that the payer may think of too stays the payer’s', () => {
    const street = new Street()
    const { id } = street.sign(payer, '30.00')
    const dated = parseCommandId('P20260302001')!
    expect(street.collect(payer, id, '30.00', { id: dated }).refusal).toBe('id-malformed')
    expect(street.pay(payer, 'landlord', '1.00', { id: dated }).refusal).toBe('accepted')
    expectSound(street)
  })

  test('from the first date on, until the end, to the millisecond of log time', () => {
    const street = new Street()
    const [firstMs, endsMs] = [street.nowMs + hourMs, street.nowMs + 2 * hourMs]
    const { id } = street.sign(payer, '1.00', { firstMs, endsMs })
    street.until(firstMs - 1)
    expect(street.collect(payer, id, '1.00').refusal).toBe('mandate-early')
    street.until(firstMs)
    expect(street.collect(payer, id, '1.00').refusal).toBe('accepted')
    street.until(endsMs - 1)
    expect(street.collect(payer, id, '1.00').refusal).toBe('accepted')
    street.nowMs = endsMs
    expect(street.collect(payer, id, '1.00').refusal).toBe('mandate-ended')
    expect(street.cancel(payer, id).refusal).toBe('mandate-ended')
    expect(street.mandate(payer, id)).toMatchObject({ state: 'over', changedMs: endsMs, payments: 2 })
    street.until(endsMs + mandateMemoryMs)
    street.until(endsMs + mandateMemoryMs + 1)
    expect(street.mandate(payer, id)).toBeUndefined()
    expectSound(street)
  })

  test('so often and no more', () => {
    const street = new Street()
    const { id } = street.sign(payer, '1.00', { countMax: 2 })
    for (const refusal of ['accepted', 'accepted', 'mandate-ended'])
      expect(street.collect(payer, id, '1.00').refusal).toBe(refusal)
    expect(street.mandate(payer, id)).toMatchObject({ state: 'over', payments: 2 })
  })

  test('until it is cancelled, at once', () => {
    const street = new Street()
    const { id } = street.sign(payer, '1.00')
    expect(street.collect(payer, id, '1.00').refusal).toBe('accepted')
    expect(street.cancel(payer, id).refusal).toBe('accepted')
    expect(street.cancel(payer, id).refusal).toBe('accepted')
    expect(street.collect(payer, id, '1.00').refusal).toBe('mandate-cancelled')
    street.settle()
    expect([street.balance(payer), street.balance('landlord')]).toEqual([9_900, 100])
    street.until(street.nowMs + 40 * dayMs)
    street.until(street.nowMs + 1)
    expect(street.mandate(payer, id)).toBeUndefined()
    expect(street.shards.map(({ ledger }) => ledger.state.deadlines.count)).toEqual([0, 0])
    expectSound(street)
  })

  test('and a collection under one id is made once, also when it comes back, and then leaves the bounds free', () => {
    const street = new Street()
    const { id } = street.sign(payer, '30.00', { periodYuan: '50.00' })
    const first = street.id()
    expect(street.collect(payer, id, '30.00', { id: first }).refusal).toBe('accepted')
    expect(street.collect(payer, id, '30.00', { id: first })).toMatchObject({ refusal: 'accepted', repeated: true })
    street.settle()
    const wallet = street.wallet('landlord').number
    street.command(0, 'walletStatus', { ...street.byInstitution(), wallet, action: walletActions.freeze })
    const late = street.id()
    street.collect(payer, id, '20.00', { id: late })
    street.settle()
    expect(street.collect(payer, id, '20.00', { id: late }).refusal).toBe('payee-frozen')
    expect(street.mandate(payer, id)).toMatchObject({ periodTaken: 3_000, taken: 3_000, payments: 1 })
    expect(street.view(payer)).toMatchObject({ balance: 7_000, dayOut: 3_000 })
    expectSound(street)
  })

  test('and everything else is judged as for any payment', () => {
    const street = new Street()
    const { id } = street.sign(payer, '1000.00')
    expect(street.collect(payer, id, '100.01').refusal).toBe('funds-insufficient')
    const { shard, user, number: wallet } = street.wallet(payer)
    street.command(shard, 'userUpdate', { ...street.byOperator(), user, kyc: 0, risk: 3 })
    expect(street.collect(payer, id, '1.00').refusal).toBe('risk-control')
    street.command(shard, 'userUpdate', { ...street.byOperator(), user, kyc: 0, risk: 0 })
    street.command(shard, 'walletStatus', { ...street.byInstitution(), wallet, action: walletActions.freeze })
    expect(street.collect(payer, id, '1.00').refusal).toBe('wallet-frozen')
    expect(street.mandate(payer, id)).toMatchObject({ payments: 0, taken: 0 })
  })
})

describe('no mandate', () => {
  test.each([
    ['of nothing', '0.00', {}, 'amount-invalid'],
    ['for oneself', '1.00', { payee: 'ann' }, 'payer-is-payee'],
    ['of more a payment than a period', '2.00', { periodYuan: '1.99' }, 'rule-invalid'],
    ['of an institution that is none', '1.00', { payeeInstitution: 77 }, 'payee-unknown'],
  ])('%s', (_, yuan, terms, refusal) => {
    expect(new Street().sign('ann', yuan, terms).refusal).toBe(refusal)
  })

  test.each([
    ['that began long ago', { firstMs: -dayMs - 1 }],
    ['too far ahead', { firstMs: mandateBeginMsMax + 1 }],
    ['that ends before it begins', { firstMs: hourMs, endsMs: hourMs }],
    ['of a schedule that is past', { firstMs: 0, scheduled: true }],
  ])(
    '%s',
    (_, { firstMs, endsMs = -1, scheduled = false }: { firstMs: number; endsMs?: number; scheduled?: boolean }) => {
      const street = new Street()
      const of = { firstMs: street.nowMs + firstMs, endsMs: endsMs < 0 ? 0 : street.nowMs + endsMs, scheduled }
      expect(street.sign('ann', '1.00', of).refusal).toBe('mandate-dates-invalid')
    },
  )

  test('is collected by anybody but its payee and the payee’s institution, or cancelled by a stranger', () => {
    const street = new Street()
    const { id: mandate } = street.sign('bo', '10.00')
    const { number: wallet } = street.wallet('bo')
    const of = { wallet, amount: 100, mandate, payee: street.wallet('landlord').number }
    expect(street.collect('bo', mandate, '1.00', { payee: 'ann' }).refusal).toBe('signer-not-allowed')
    expect(street.command(1, 'mandateCollect', { ...street.byWallet('bo'), ...of }).refusal).toBe('signer-not-allowed')
    const other = { ...street.byInstitution(2), actor: wallet }
    expect(street.command(1, 'mandateCollect', { ...other, ...of }).refusal).toBe('signer-not-allowed')
    expect(street.command(1, 'mandateCancel', { ...other, id: street.id(), wallet, mandate }).refusal).toBe(
      'signer-not-allowed',
    )
    const by = { ...street.byInstitution(), actor: wallet }
    expect(street.command(1, 'mandateCollect', { ...by, ...of }).refusal).toBe('accepted')
    expect(street.collect('bo', street.id(), '1.00').refusal).toBe('mandate-unknown')
    expect(street.command(1, 'mandateCancel', { ...street.byOperator(), wallet, mandate }).refusal).toBe('accepted')
  })

  test('that pays by itself is collected', () => {
    const street = new Street()
    const { id } = street.schedule('ann', '1.00', street.nowMs + hourMs)
    expect(street.collect('ann', id, '1.00').refusal).toBe('mandate-scheduled')
  })

  test(`beyond ${mandatesPerWalletMax} of one wallet, those that are over among them until they are forgotten`, () => {
    const street = new Street()
    const ids = Array.from({ length: mandatesPerWalletMax }, () => street.sign('ann', '1.00').id)
    expect(street.sign('ann', '1.00').refusal).toBe('mandates-full')
    street.cancel('ann', ids[0]!)
    expect(street.sign('ann', '1.00').refusal).toBe('mandates-full')
    expect(street.sign('bo', '1.00').refusal).toBe('accepted')
    street.until(street.nowMs + 32 * dayMs)
    expect(street.sign('ann', '1.00').refusal).toBe('accepted')
    expectSound(street)
  })
})

const yuan = fc.integer({ min: 1, max: 3_000 }).map(yuanOf)
const step = fc.oneof(
  fc.record({
    do: fc.constant('sign' as const),
    payer: fc.constantFrom('ann', 'bo'),
    yuan,
    times: fc.integer({ min: 1, max: 3 }),
    period: fc.constantFrom('day' as const, 'week' as const, 'month' as const, 'once' as const),
    countMax: fc.nat(4),
  }),
  fc.record({ do: fc.constant('collect' as const), back: fc.nat(4), yuan }),
  fc.record({ do: fc.constant('collect' as const), back: fc.nat(4), yuan }),
  fc.record({ do: fc.constant('cancel' as const), back: fc.nat(4) }),
  fc.record({ do: fc.constant('freeze' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 6 * hourMs, dayMs, 9 * dayMs) }),
  fc.record({ do: fc.constant('arrive' as const) }),
)

/** The period of a moment in the words of a calendar; of a week its Monday. */
function periodText(ms: number, period: string): string {
  const local = new Date(ms + 8 * hourMs)
  if (period === 'once') return ''
  if (period === 'week') local.setUTCDate(local.getUTCDate() - ((local.getUTCDay() + 6) % 7))
  return local.toISOString().slice(0, period === 'month' ? 7 : 10)
}

test('whatever is signed, collected and cancelled: never more than a period’s bound, nothing after the cancel', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const street = new Street(256)
      type Given = { payer: string; id: Uint8Array; period: string; capFen: number; takenFen: Map<string, number> }
      const given: (Given & { cancelled: boolean; countMax: number; done: number })[] = []
      let frozen = false
      for (const one of steps) {
        const mandate = 'back' in one ? given.at(-1 - one.back) : undefined
        if (one.do === 'sign') {
          const periodYuan = yuanOf(fenOf(one.yuan) * one.times)
          const { refusal, id } = street.sign(one.payer, one.yuan, { ...one, periodYuan })
          const of = { payer: one.payer, id, period: one.period, capFen: fenOf(periodYuan), takenFen: new Map() }
          const countMax = one.period === 'once' ? 1 : one.countMax
          if (refusal === 'accepted') given.push({ ...of, cancelled: false, countMax, done: 0 })
        } else if (one.do === 'collect' && mandate !== undefined) {
          const before = street.balance(mandate.payer)
          const { refusal } = street.collect(mandate.payer, mandate.id, one.yuan)
          const key = periodText(street.nowMs, mandate.period)
          const takenFen = (mandate.takenFen.get(key) ?? 0) + fenOf(one.yuan)
          if (refusal !== 'accepted') {
            expect(street.balance(mandate.payer)).toBe(before)
            continue
          }
          expect(mandate.cancelled).toBe(false)
          mandate.done += 1
          // What came back is free to be collected again: only what stayed with the landlord counts.
          if (!frozen) mandate.takenFen.set(key, takenFen)
          expect(mandate.takenFen.get(key) ?? 0).toBeLessThanOrEqual(mandate.capFen)
        } else if (one.do === 'cancel' && mandate !== undefined) {
          if (street.cancel(mandate.payer, mandate.id).refusal === 'accepted') mandate.cancelled = true
        } else if (one.do === 'freeze') {
          street.settle()
          frozen = !frozen
          const action = frozen ? walletActions.freeze : walletActions.unfreeze
          const wallet = street.wallet('landlord').number
          street.command(0, 'walletStatus', { ...street.byInstitution(), wallet, action })
        } else if (one.do === 'wait') street.until(street.nowMs + one.ms)
        else street.settle()
      }
      street.settle()
      const all = ['ann', 'bo', 'landlord'].reduce((sum, name) => sum + street.balance(name), 0)
      expect(all).toBe(20_000)
      for (const { payer, id } of given) expect(street.mandate(payer, id)?.taken ?? 0).toBeGreaterThanOrEqual(0)
      expectSound(street)
    }),
    { numRuns: 40 },
  )
})
