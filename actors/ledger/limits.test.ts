import { describe, expect, test } from 'vitest'
import { dayMs, dayOfDate, dayStartMs } from './businessTime.ts'
import { fenOf } from './paper.fixture.ts'
import { snapshot } from './replica.fixture.ts'
import { riskLevels, versionsMax } from './rules.ts'
import { State } from './state.ts'
import { institution, Town } from './town.fixture.ts'

const second = 1_000
const hour = 3_600_000
const midnightOf = (year: number, month: number, date: number): number => dayStartMs(dayOfDate(year, month, date))

/** Dora and Emil hold wallets of class IV: 2,000 a payment, 5,000 a day, 50,000 a year, 10,000 in all. */
function town(startMs = midnightOf(2026, 3, 2) + 9 * hour): Town {
  const t = new Town({ shards: 1, startMs })
  t.open('dora', { class: 4, kyc: 4, yuan: '9000.00' })
  t.open('emil', { class: 4, kyc: 4 })
  t.open('shop', { class: 0, kind: 2 })
  t.open('bank', { yuan: '10000000.00' })
  return t
}

const pay = (t: Town, yuan: string): string => t.pay('dora', 'shop', yuan).refusal

describe('the limits of a class', () => {
  test('a single payment reaches its limit to the fen', () => {
    const t = town()
    expect(pay(t, '2000.01')).toBe('single-limit-exceeded')
    expect(pay(t, '2000.00')).toBe('accepted')
  })

  test('payments of one day add up to the fen, refused ones do not count', () => {
    const t = town()
    for (const yuan of ['2000.00', '2000.00']) expect(pay(t, yuan)).toBe('accepted')
    expect(pay(t, '1000.01')).toBe('day-limit-exceeded')
    expect(pay(t, '1000.00')).toBe('accepted')
    expect(pay(t, '0.01')).toBe('day-limit-exceeded')
  })

  test('money that comes in frees no limit of the day', () => {
    const t = town()
    for (const yuan of ['2000.00', '2000.00', '1000.00']) pay(t, yuan)
    t.pay('bank', 'dora', '5000.00')
    expect(pay(t, '0.01')).toBe('day-limit-exceeded')
  })

  test('a wallet takes no more than its balance limit, whoever pays', () => {
    const t = town()
    expect(t.pay('bank', 'dora', '1000.01').refusal).toBe('payee-balance-limit-exceeded')
    expect(t.pay('bank', 'dora', '1000.00').refusal).toBe('accepted')
    expect(t.recharge('dora', '0.01').answer.refusal).toBe('balance-limit-exceeded')
  })

  test.each([
    [3, '5000.00', '5000.01', 'single-limit-exceeded'],
    [2, '50000.00', '50000.01', 'single-limit-exceeded'],
    [1, '9000000.00', '10000000.01', 'funds-insufficient'],
    [0, '9000000.00', '10000000.01', 'funds-insufficient'],
  ])('class %i pays %s but not %s', (group, yuan, more, refusal) => {
    const t = town()
    const kind = group === 0 ? 2 : 1
    t.open('fred', { class: group, kind, yuan: group < 2 ? '10000000.00' : group === 2 ? '100000.00' : '20000.00' })
    expect(t.pay('fred', 'bank', more).refusal).toBe(refusal)
    expect(t.pay('fred', 'bank', yuan).refusal).toBe('accepted')
  })
})

describe("days and years are Shanghai's", () => {
  test('the day ends at midnight in Shanghai, 16:00 in Greenwich', () => {
    const t = town(midnightOf(2026, 3, 3) - 2 * second)
    expect(new Date(t.nowMs + 2 * second).toISOString()).toBe('2026-03-02T16:00:00.000Z')
    for (const yuan of ['2000.00', '2000.00', '1000.00']) pay(t, yuan)
    t.wait(second)
    expect(pay(t, '0.01')).toBe('day-limit-exceeded')
    t.wait(second)
    expect(pay(t, '2000.00')).toBe('accepted')
  })

  test("the year's limit counts the days of a civil year and starts anew with the next", () => {
    const t = town(midnightOf(2026, 12, 18))
    for (let day = 0; day < 10; day++) {
      for (const yuan of ['2000.00', '2000.00', '1000.00']) expect(pay(t, yuan)).toBe('accepted')
      t.pay('bank', 'dora', '5000.00')
      t.wait(dayMs)
    }
    expect(pay(t, '0.01')).toBe('year-limit-exceeded')
    t.nowMs = midnightOf(2027, 1, 1) - 1
    expect(pay(t, '0.01')).toBe('year-limit-exceeded')
    t.wait(1)
    expect(pay(t, '2000.00')).toBe('accepted')
    expect(t.view('dora')).toMatchObject({ dayOut: 200_000, yearOut: 200_000 })
  })

  test('what a wallet shows of the day is empty after midnight without any payment', () => {
    const t = town(midnightOf(2026, 3, 3) - second)
    pay(t, '7.00')
    expect(t.view('dora')).toMatchObject({ dayOut: 700, yearOut: 700 })
    t.wait(2 * second)
    t.pay('bank', 'shop', '0.01')
    expect(t.view('dora')).toMatchObject({ dayOut: 0, yearOut: 700 })
  })

  test('a leap day is a day of its own', () => {
    const t = town(midnightOf(2028, 2, 28))
    for (let day = 0; day < 3; day++) {
      expect(pay(t, '2000.00')).toBe('accepted')
      t.wait(dayMs)
    }
    expect(new Date(t.nowMs + 8 * hour).toISOString()).toBe('2028-03-02T00:00:00.000Z')
  })
})

describe('log time', () => {
  test("follows the earlier of the log's stamp and the sender's clock with its lead", () => {
    const t = town()
    const { state } = t.shards[0]!.ledger
    const before = t.nowMs
    t.pay('bank', 'shop', '0.01', {}, { stampMs: before + 3 * dayMs, senderClockMs: before })
    expect(state.logTimeMs).toBe(before + 5 * second)
    t.pay('bank', 'shop', '0.01', {}, { stampMs: before + 10 * second, senderClockMs: before + 3 * dayMs })
    expect(state.logTimeMs).toBe(before + 10 * second)
  })

  test('never falls', () => {
    const t = town()
    const { state } = t.shards[0]!.ledger
    t.wait(hour)
    t.pay('bank', 'shop', '0.01')
    const reached = state.logTimeMs
    t.pay('bank', 'shop', '0.01', {}, { stampMs: reached - hour, senderClockMs: reached - hour })
    expect(state.logTimeMs).toBe(reached)
  })
})

describe('rules are data with dates', () => {
  const limits = { class: 4, balance: fenOf('10000.00'), single: 1_000, day: fenOf('5000.00'), year: fenOf('50000.00') }

  test('a limit is in force from its moment on, not before', () => {
    const t = town()
    const effectiveMs = t.nowMs + hour
    expect(t.command(0, 'limitsPut', { ...t.byOperator(), ...limits, effectiveMs }).refusal).toBe('accepted')
    expect(pay(t, '20.00')).toBe('accepted')
    t.nowMs = effectiveMs - 1
    expect(pay(t, '20.00')).toBe('accepted')
    t.wait(1)
    expect(pay(t, '20.00')).toBe('single-limit-exceeded')
    expect(t.view('dora').limits).toMatchObject({ single: 1_000 })
  })

  test('however often they have been changed, they may be changed again', () => {
    const t = town()
    const { state } = t.shards[0]!.ledger
    const soon = { ...limits, class: 3, effectiveMs: t.nowMs + 2 * hour }
    t.command(0, 'limitsPut', { ...t.byOperator(), ...soon })
    for (let n = 1; n <= versionsMax + 10; n++) {
      t.wait(second)
      const put = { ...t.byOperator(), ...limits, single: n, effectiveMs: 0 }
      expect([n, t.command(0, 'limitsPut', put).refusal]).toEqual([n, 'accepted'])
      expect([state.rules.single[4 * riskLevels], state.ruleVersion]).toEqual([n, n])
    }
    const restored = State.load(snapshot(state))
    expect([restored.ruleVersion, restored.digestText()]).toEqual([state.ruleVersion, state.digestText()])
    t.nowMs = soon.effectiveMs
    pay(t, '0.01')
    expect([state.rules.single[3 * riskLevels], state.ruleVersion]).toEqual([1_000, versionsMax + 11])
  })

  test('of two limits with one date the later word counts; an earlier date does not undo a later one', () => {
    const t = town()
    const effectiveMs = t.nowMs + hour
    const put = (single: number, from: number): unknown =>
      t.command(0, 'limitsPut', { ...t.byOperator(), ...limits, single, effectiveMs: from })
    put(1_000, effectiveMs)
    put(3_000, effectiveMs)
    put(2_000, effectiveMs - hour / 2)
    t.nowMs = effectiveMs - 1
    expect(pay(t, '20.01')).toBe('single-limit-exceeded')
    t.wait(1)
    expect(pay(t, '30.00')).toBe('accepted')
    expect(pay(t, '30.01')).toBe('single-limit-exceeded')
  })

  test('a date in the past means now', () => {
    const t = town()
    t.command(0, 'limitsPut', { ...t.byOperator(), ...limits, effectiveMs: 0 })
    expect(pay(t, '10.01')).toBe('single-limit-exceeded')
  })

  test.each([
    ['a class that does not exist', { class: 5 }],
    ['a negative limit', { single: -1 }],
    ['a fraction of a fen', { day: 0.5 }],
    ['no number', { year: Number.NaN }],
    ['more than a column holds', { balance: 2 ** 53 }],
    ['no date', { effectiveMs: Number.POSITIVE_INFINITY }],
  ])('%s is no rule', (_, wrong) => {
    const t = town()
    const answer = t.command(0, 'limitsPut', { ...t.byOperator(), ...limits, effectiveMs: t.nowMs, ...wrong })
    expect(answer.refusal).toBe('rule-invalid')
  })
})

describe('risk levels', () => {
  const setRisk = (t: Town, risk: number): void => {
    const user = t.wallet('dora').user
    expect(t.command(0, 'userUpdate', { ...t.byInstitution(institution), user, kyc: 0, risk }).refusal).toBe('accepted')
  }

  test('level 1 keeps half of the single and day limits, level 2 a fifth, level 3 nothing', () => {
    const t = town()
    setRisk(t, 1)
    expect(pay(t, '1000.01')).toBe('single-limit-exceeded')
    for (const yuan of ['1000.00', '1000.00', '500.00']) expect(pay(t, yuan)).toBe('accepted')
    expect(pay(t, '0.01')).toBe('day-limit-exceeded')
    setRisk(t, 2)
    t.wait(dayMs)
    expect(pay(t, '400.01')).toBe('single-limit-exceeded')
    expect(pay(t, '400.00')).toBe('accepted')
    setRisk(t, 3)
    expect(pay(t, '0.01')).toBe('risk-control')
    setRisk(t, 0)
    expect(pay(t, '2000.00')).toBe('accepted')
  })

  test('a level reaches every wallet of the user, also one opened later', () => {
    const t = town()
    t.open('dora2', { userOf: 'dora', class: 4 })
    setRisk(t, 3)
    t.open('dora3', { userOf: 'dora', class: 4 })
    for (const name of ['dora', 'dora2', 'dora3']) expect(t.pay(name, 'shop', '0.01').refusal).toBe('risk-control')
    expect(t.view('dora3').risk).toBe(3)
  })

  test('a rule bounds the payments and recharges of a day', () => {
    const t = town()
    const rule = { level: 0, percent: 100, rechargesPerDayMax: 2, paymentsPerDayMax: 3, effectiveMs: 0 }
    expect(t.command(0, 'riskRulePut', { ...t.byOperator(), ...rule }).refusal).toBe('accepted')
    expect(['1', '2', '3', '4'].map((yuan) => pay(t, `${yuan}.00`))).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'risk-control',
    ])
    expect(t.recharge('dora', '1.00').answer.refusal).toBe('accepted')
    expect(t.recharge('dora', '1.00').answer.refusal).toBe('risk-control')
    t.wait(dayMs)
    expect(pay(t, '1.00')).toBe('accepted')
    expect(t.recharge('dora', '1.00').answer.refusal).toBe('accepted')
  })

  test('a class without limits keeps none at levels 1 and 2, and pays nothing at level 3', () => {
    const t = town()
    t.open('gina', { yuan: '8000000.00' })
    const user = t.wallet('gina').user
    for (const risk of [1, 2]) {
      t.command(0, 'userUpdate', { ...t.byInstitution(), user, kyc: 0, risk })
      expect(t.pay('gina', 'bank', '1000000.00').refusal).toBe('accepted')
    }
    t.command(0, 'userUpdate', { ...t.byInstitution(), user, kyc: 0, risk: 3 })
    expect(t.pay('gina', 'bank', '0.01').refusal).toBe('risk-control')
  })
})
