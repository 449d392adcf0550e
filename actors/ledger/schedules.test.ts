import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayMs } from './businessTime.ts'
import { duePerFrameMax } from './dueDeadlines.ts'
import { dailyRetryMs, scheduleRetryMs, scheduleTriesMax } from './mandateSchedules.ts'
import { Street } from './mandates.fixture.ts'
import { yuanOf } from './paper.fixture.ts'
import { walletActions } from './records.ts'
import { expectSound } from './replica.fixture.ts'

const hourMs = 3_600_000
/** A moment as clocks in Shanghai show it. */
const at = (text: string): number => Date.parse(`${text}+08:00`)

describe.each(['ann', 'bo'])('%s pays the landlord by a schedule', (payer) => {
  test('once, at its log time to the millisecond, though nobody asks for anything', () => {
    const street = new Street()
    const dueMs = street.nowMs + hourMs
    const { refusal, id } = street.schedule(payer, '10.00', dueMs, { period: 'once' })
    expect(refusal).toBe('accepted')
    street.until(dueMs - 1)
    expect(street.balance(payer)).toBe(10_000)
    for (const ms of [0, 0, 1, dayMs - 1]) {
      street.until(dueMs + ms)
      street.settle()
      expect([street.balance(payer), street.balance('landlord')]).toEqual([9_000, 1_000])
    }
    expect(street.mandate(payer, id)).toMatchObject({ state: 'over', payments: 1, missed: 0, taken: 1_000 })
    expect(street.view(payer).dayOut).toBe(0)
    street.until(dueMs + dayMs)
    street.until(dueMs + dayMs + 1)
    expect(street.mandate(payer, id)).toBeUndefined()
    expect(street.shards.map(({ ledger }) => ledger.state.deadlines.count)).toEqual([0, 0])
    expectSound(street)
  })

  test('on the last day of months that are too short, and as often as it was told', () => {
    const street = new Street(1_024, at('2026-12-30T10:00'))
    const { id } = street.schedule(payer, '10.00', at('2026-12-31T09:00'), { period: 'month', countMax: 3 })
    const paidOn: string[] = []
    for (let ms = at('2026-12-30T12:00'); ms < at('2027-05-01T00:00'); ms += hourMs) {
      const before = street.balance(payer)
      street.until(ms)
      if (street.balance(payer) !== before) paidOn.push(new Date(ms + 8 * hourMs).toISOString().slice(0, 16))
    }
    street.settle()
    expect(paidOn).toEqual(['2026-12-31T09:00', '2027-01-31T09:00', '2027-02-28T09:00'])
    expect(street.balance('landlord')).toBe(3_000)
    expect(street.mandate(payer, id)).toBeUndefined()
    expectSound(street)
  })

  test('no more once it is cancelled, were it due a millisecond later', () => {
    const street = new Street()
    const dueMs = street.nowMs + hourMs
    const { id } = street.schedule(payer, '10.00', dueMs, { period: 'day' })
    street.until(dueMs)
    street.nowMs = dueMs + dayMs - 1
    expect(street.cancel(payer, id).refusal).toBe('accepted')
    street.until(dueMs + 5 * dayMs)
    street.settle()
    expect([street.balance(payer), street.balance('landlord')]).toEqual([9_000, 1_000])
    expectSound(street)
  })

  test('that finds too little money is tried again, a day apart, and is then recorded as missed', () => {
    const street = new Street()
    const dueMs = street.nowMs + hourMs
    const { id } = street.schedule(payer, '150.00', dueMs, { period: 'month' })
    for (let n = 0; n < scheduleTriesMax - 1; n++) {
      street.until(dueMs + n * scheduleRetryMs)
      const nextMs = dueMs + (n + 1) * scheduleRetryMs
      expect(street.mandate(payer, id)).toMatchObject({ tries: n + 1, nextMs, lastOutcome: 'funds-insufficient' })
      street.until(nextMs - 1)
      expect(street.mandate(payer, id)).toMatchObject({ tries: n + 1, missed: 0 })
    }
    street.until(dueMs + (scheduleTriesMax - 1) * scheduleRetryMs)
    const missed = { state: 'active', missed: 1, payments: 0, tries: 0, lastOutcome: 'funds-insufficient' }
    expect(street.mandate(payer, id)).toMatchObject(missed)
    street.fund(payer, '100.00')
    street.until(street.mandate(payer, id)!.nextMs)
    street.settle()
    expect(street.mandate(payer, id)).toMatchObject({ payments: 1, missed: 1, lastOutcome: 'accepted' })
    expect(street.balance('landlord')).toBe(15_000)
    expectSound(street)
  })

  test('that found the money at the second try is paid once', () => {
    const street = new Street()
    const dueMs = street.nowMs + hourMs
    const { id } = street.schedule(payer, '150.00', dueMs, { period: 'once' })
    street.until(dueMs)
    street.fund(payer, '100.00')
    street.until(dueMs + scheduleRetryMs)
    street.until(dueMs + 2 * scheduleRetryMs - 1)
    street.settle()
    expect(street.mandate(payer, id)).toMatchObject({ state: 'over', payments: 1, missed: 0 })
    expect([street.balance(payer), street.balance('landlord')]).toEqual([5_000, 15_000])
  })

  test('of which a daily one is tried again within its day', () => {
    const street = new Street()
    const dueMs = street.nowMs + hourMs
    const { id } = street.schedule(payer, '150.00', dueMs, { period: 'day' })
    for (let n = 0; n < scheduleTriesMax; n++) street.until(dueMs + n * dailyRetryMs)
    expect(street.mandate(payer, id)).toMatchObject({ missed: 1, nextMs: dueMs + dayMs })
  })

  test('and what a long silence of the log left out is missed but for the last', () => {
    const street = new Street()
    const dueMs = street.nowMs + hourMs
    const { id } = street.schedule(payer, '10.00', dueMs, { period: 'day' })
    street.until(dueMs + 3 * dayMs + 5)
    street.settle()
    expect(street.mandate(payer, id)).toMatchObject({ payments: 1, missed: 3, nextMs: dueMs + 4 * dayMs })
    expect(street.balance('landlord')).toBe(1_000)
    expectSound(street)
  })

  test('is refused as any payment would be, and comes back from a payee that cannot take it', () => {
    const street = new Street()
    const dueMs = street.nowMs + hourMs
    const { id } = street.schedule(payer, '10.00', dueMs, { period: 'day' })
    const { shard, number: wallet } = street.wallet(payer)
    const set = (of: number, it: number, action: number) =>
      street.command(of, 'walletStatus', { ...street.byInstitution(), wallet: it, action })
    set(shard, wallet, walletActions.freeze)
    street.until(dueMs)
    expect(street.mandate(payer, id)).toMatchObject({ missed: 1, payments: 0, lastOutcome: 'wallet-frozen' })
    set(shard, wallet, walletActions.unfreeze)
    set(0, street.wallet('landlord').number, walletActions.freeze)
    street.until(dueMs + dayMs)
    street.settle()
    const told = { missed: 2, payments: 0, taken: 0, lastOutcome: 'payee-frozen', state: 'active' }
    expect(street.mandate(payer, id)).toMatchObject(told)
    expect(street.view(payer)).toMatchObject({ balance: 10_000, dayOut: 0 })
    expectSound(street)
  })

  test('is over once the payee’s wallet is closed', () => {
    const street = new Street()
    const dueMs = street.nowMs + hourMs
    const { id } = street.schedule(payer, '10.00', dueMs, { period: 'day' })
    const wallet = street.wallet('landlord').number
    street.command(0, 'walletStatus', { ...street.byInstitution(), wallet, action: walletActions.close })
    street.until(dueMs)
    street.settle()
    expect(street.mandate(payer, id)).toMatchObject({ state: 'over', missed: 1, lastOutcome: 'payee-closed' })
    street.until(dueMs + dayMs)
    expect(street.balance(payer)).toBe(10_000)
    expectSound(street)
  })
})

test('though more fall due than one frame carries out, each is paid once', () => {
  const street = new Street(1_024)
  const payers = Array.from({ length: 4 }, (_, n) => `payer ${n}`)
  const each = Math.ceil((duePerFrameMax + 40) / payers.length)
  for (const name of payers) street.open(name, { shard: 0, yuan: '1.00' })
  const dueMs = street.nowMs + hourMs
  for (let n = 0; n < each; n++) for (const name of payers) street.schedule(name, '0.01', dueMs, { period: 'once' })
  street.until(dueMs)
  expect(street.balance('landlord')).toBe(duePerFrameMax)
  for (let n = 0; n < 3; n++) street.tick(0)
  expect(street.balance('landlord')).toBe(each * payers.length)
  expectSound(street)
})

const step = fc.oneof(
  fc.record({
    do: fc.constant('schedule' as const),
    payer: fc.constantFrom('ann', 'bo'),
    fen: fc.integer({ min: 1, max: 6_000 }),
    period: fc.constantFrom('once' as const, 'day' as const, 'week' as const, 'month' as const),
    inMs: fc.constantFrom(1, hourMs, 3 * dayMs),
    countMax: fc.nat(3),
  }),
  fc.record({ do: fc.constant('cancel' as const), back: fc.nat(3) }),
  fc.record({ do: fc.constant('fund' as const), payer: fc.constantFrom('ann', 'bo') }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, hourMs, dayMs / 4, dayMs, 8 * dayMs) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(hourMs, dayMs, 8 * dayMs) }),
)

test('whatever is scheduled: each time at most once, paid or missed, nothing after the cancel, sums preserved', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const street = new Street(256)
      type Given = { payer: string; id: Uint8Array; firstMs: number; periodMs: number; countMax: number }
      const given: (Given & { last?: { payments: number; missed: number }; cancelled?: number })[] = []
      let fundedFen = 20_000
      for (const one of steps) {
        if (one.do === 'schedule') {
          const firstMs = street.nowMs + one.inMs
          const { refusal, id } = street.schedule(one.payer, yuanOf(one.fen), firstMs, one)
          const periodMs = { once: Number.POSITIVE_INFINITY, day: dayMs, week: 7 * dayMs, month: 28 * dayMs }[
            one.period
          ]
          const countMax = one.period === 'once' ? 1 : one.countMax || Number.POSITIVE_INFINITY
          if (refusal === 'accepted') given.push({ payer: one.payer, id, firstMs, periodMs, countMax })
        } else if (one.do === 'cancel') {
          const mandate = given.at(-1 - one.back)
          if (mandate === undefined || street.cancel(mandate.payer, mandate.id).refusal !== 'accepted') continue
          mandate.cancelled ??= street.mandate(mandate.payer, mandate.id)!.payments
        } else if (one.do === 'fund') {
          street.fund(one.payer, '50.00')
          fundedFen += 5_000
        } else street.until(street.nowMs + one.ms)
        for (const mandate of given) {
          const view = street.mandate(mandate.payer, mandate.id)
          if (view === undefined) continue
          const times = Math.max(0, Math.floor((street.nowMs - mandate.firstMs) / mandate.periodMs) + 1)
          const passed = view.payments + view.missed
          expect(passed).toBeLessThanOrEqual(Math.min(Number.isNaN(times) ? 1 : times, mandate.countMax))
          expect(passed).toBeGreaterThanOrEqual((mandate.last?.payments ?? 0) + (mandate.last?.missed ?? 0))
          if (mandate.cancelled !== undefined) expect(view.payments).toBe(mandate.cancelled)
          mandate.last = view
        }
      }
      street.settle()
      expect(['ann', 'bo', 'landlord'].reduce((sum, name) => sum + street.balance(name), 0)).toBe(fundedFen)
      expectSound(street)
    }),
    { numRuns: 40 },
  )
})
