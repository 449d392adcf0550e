import { describe, expect, test } from 'vitest'
import { habitAfterPayments } from './habits.ts'
import { expectSound, snapshot } from './replica.fixture.ts'
import { riskActions } from './riskRules.ts'
import { dayMs, hour, minute, RiskTown, second, windowOf } from './riskTown.fixture.ts'
import { versionsMax } from './rules.ts'
import { State } from './state.ts'

/** Ada pays, Ben is paid in her shard, the shop in another. */
function town(): RiskTown {
  const t = new RiskTown({ shards: 2, walletsMax: 64, idsMax: 1_024 })
  t.open('ada', { shard: 0, yuan: '100000.00' })
  t.open('ben', { shard: 0 })
  t.shop('shop', { shard: 1 })
  t.shop('stall', { shard: 0 })
  return t
}

const refusalsOf = (count: number, pay: () => { refusal: string }): string[] =>
  Array.from({ length: count }, () => pay().refusal)

describe('how often a wallet pays', () => {
  test('is bounded in each window, and free again when the window is over', () => {
    const t = town()
    expect(t.rule('payerFrequency', { window: windowOf.minute, paymentsMax: 3 })).toBe('accepted')
    expect(refusalsOf(5, () => t.pay('ada', 'ben', '1.00'))).toEqual([
      ...['accepted', 'accepted', 'accepted'],
      ...['risk-frequency', 'risk-frequency'],
    ])
    t.wait(59 * second)
    expect(t.pay('ada', 'ben', '1.00').refusal).toBe('risk-frequency')
    t.wait(11 * second)
    expect(t.pay('ada', 'ben', '1.00').refusal).toBe('accepted')
    expectSound(t)
  })

  test('counts payments of every kind that the wallet makes, and none that were refused', () => {
    const t = town()
    t.rule('payerFrequency', { window: windowOf.hour, paymentsMax: 3 })
    expect(t.pay('ada', 'ben', '999999.00').refusal).toBe('funds-insufficient')
    t.order('shop', 'A1', '5.00')
    expect(t.payOrder('ada', 'shop', 'A1', '5.00').refusal).toBe('accepted')
    expect(t.payBatch(0, [{ payer: 'ada', payee: 'ben', fen: 5 }]).batch?.refusals).toEqual(['accepted'])
    expect(t.pay('ada', 'shop', '1.00').refusal).toBe('accepted')
    expect(t.payBatch(0, [{ payer: 'ada', payee: 'ben', fen: 5 }]).batch?.refusals).toEqual(['risk-frequency'])
    expectSound(t)
  })

  test('of a rule that allows none is not at all', () => {
    const t = town()
    t.rule('payerFrequency', { window: windowOf.tenSeconds, paymentsMax: 0 })
    expect(t.pay('ada', 'ben', '1.00').refusal).toBe('risk-frequency')
  })

  test('does not count a linked batch that was taken back', () => {
    const t = town()
    t.open('carl', { shard: 0, class: 4, kyc: 4 })
    t.rule('payerFrequency', { window: windowOf.hour, paymentsMax: 2 })
    t.rule('merchantFrequency', { window: windowOf.hour, paymentsMax: 2, fen: 100_000 })
    const lines = [
      { payer: 'ada', payee: 'stall', fen: 100 },
      { payer: 'ada', payee: 'carl', fen: 9_000_000 },
    ]
    expect(t.payBatch(0, lines, { atomic: true }).batch?.refusals).toEqual([
      'batch-linked',
      'payee-balance-limit-exceeded',
    ])
    expect(refusalsOf(3, () => t.pay('ada', 'stall', '1.00'))).toEqual(['accepted', 'accepted', 'risk-frequency'])
    expectSound(t)
  })

  test('is refused within a linked batch as it would be alone', () => {
    const t = town()
    t.rule('payerFrequency', { window: windowOf.hour, paymentsMax: 2 })
    const line = { payer: 'ada', payee: 'ben', fen: 100 }
    const told = t.payBatch(0, [line, line, line], { atomic: true })
    expect(told.batch?.refusals).toEqual(['batch-linked', 'batch-linked', 'risk-frequency'])
    expect(t.payBatch(0, [line, line], { atomic: true }).batch?.refusals).toEqual(['accepted', 'accepted'])
  })
})

describe('how often a device pays', () => {
  test('is bounded whoever pays with it', () => {
    const t = town()
    t.open('cleo', { shard: 0, yuan: '100.00' })
    t.rule('deviceFrequency', { window: windowOf.minute, paymentsMax: 2 })
    const with7 = (name: string) => t.pay(name, 'ben', '1.00', { device: 7 }).refusal
    expect([with7('ada'), with7('cleo'), with7('ada'), with7('cleo')]).toEqual([
      ...['accepted', 'accepted'],
      ...['risk-frequency', 'risk-frequency'],
    ])
    expect(t.pay('cleo', 'ben', '1.00', { device: 8 }).refusal).toBe('accepted')
    expect(t.pay('cleo', 'ben', '1.00').refusal).toBe('accepted')
    t.wait(70 * second)
    expect(with7('ada')).toBe('accepted')
    expectSound(t)
  })
})

describe('what a merchant takes', () => {
  test('is bounded by number and by amount, and what is too much comes back', () => {
    const t = town()
    t.rule('merchantFrequency', { window: windowOf.minute, paymentsMax: 2, fen: 10_000 })
    t.pay('ada', 'shop', '99.00')
    t.pay('ada', 'shop', '1.01')
    t.pay('ada', 'shop', '1.00')
    t.pay('ada', 'shop', '0.01')
    expect(t.settle().map(({ refusal }) => refusal)).toEqual([
      ...['accepted', 'accepted'],
      ...['payee-frequency', 'payee-frequency'],
    ])
    expect(t.balance('shop')).toBe(10_000)
    t.wait(70 * second)
    t.pay('ada', 'shop', '100.00')
    expect(t.settle().map(({ refusal }) => refusal)).toEqual(['accepted'])
    expectSound(t)
  })

  test('is judged at once where payer and merchant share a shard, and never of people', () => {
    const t = town()
    t.rule('merchantFrequency', { window: windowOf.hour, paymentsMax: 1, fen: 1_000_000 })
    expect(refusalsOf(2, () => t.pay('ada', 'stall', '1.00'))).toEqual(['accepted', 'payee-frequency'])
    expect(refusalsOf(2, () => t.pay('ada', 'ben', '1.00'))).toEqual(['accepted', 'accepted'])
  })
})

describe('an amount against the habit', () => {
  const asUsual = (t: RiskTown, times = habitAfterPayments): void => {
    for (let n = 0; n < times; n++) t.pay('ada', 'ben', '10.00', { device: 7 })
  }

  test('is refused when it is more than so many times the average, and above the floor', () => {
    const t = town()
    t.rule('habit', { factor: 5, fen: 2_000 })
    asUsual(t)
    expect(t.pay('ada', 'ben', '50.01').refusal).toBe('risk-amount')
    expect(t.pay('ada', 'ben', '50.00').refusal).toBe('accepted')
    expect(t.pay('ada', 'ben', '70.00').refusal).toBe('accepted')
    expectSound(t)
  })

  test('is nobody’s business below the floor, or before there is a habit', () => {
    const t = town()
    t.rule('habit', { factor: 2, fen: 9_000 })
    asUsual(t, habitAfterPayments - 1)
    expect(t.pay('ada', 'ben', '900.00').refusal).toBe('accepted')
    expect(t.pay('ada', 'ben', '90.00').refusal).toBe('accepted')
  })

  test('is learnt from the moment that the rule is entered, and judged from its date on', () => {
    const t = town()
    t.rule('habit', { factor: 5, fen: 0, effectiveMs: t.nowMs + hour })
    asUsual(t)
    expect(t.pay('ada', 'ben', '51.00').refusal).toBe('accepted')
    t.wait(hour)
    expect(t.pay('ada', 'ben', '100.00').refusal).toBe('risk-amount')
  })

  test('that asks for a person lets a passkey pay, but no batch and no other key', () => {
    const t = town()
    t.rule('habit', { factor: 5, fen: 0, action: riskActions.stepUp })
    asUsual(t)
    expect(t.pay('ada', 'ben', '100.00').refusal).toBe('confirmation-required')
    t.usePasskey('ada')
    expect(t.pay('ada', 'ben', '100.00').refusal).toBe('accepted')
    expect(t.payBatch(0, [{ payer: 'ada', payee: 'ben', fen: 900_000 }]).batch?.refusals).toEqual(['accepted'])
    t.rule('payerFrequency', { window: windowOf.hour, paymentsMax: 0, action: riskActions.stepUp })
    expect(t.pay('ada', 'ben', '1.00').refusal).toBe('accepted')
    expect(t.payBatch(0, [{ payer: 'ada', payee: 'ben', fen: 1 }]).batch?.refusals).toEqual(['confirmation-required'])
  })
})

describe('a device that is new to the wallet', () => {
  test('pays little until it has been known for some time', () => {
    const t = town()
    t.rule('newDevice', { ageMs: dayMs, fen: 5_000 })
    const with7 = (yuan: string) => t.pay('ada', 'ben', yuan, { device: 7 }).refusal
    expect([with7('50.01'), with7('50.00')]).toEqual(['risk-device', 'accepted'])
    t.wait(dayMs - second)
    expect(with7('50.01')).toBe('risk-device')
    t.wait(second)
    expect(with7('50.01')).toBe('accepted')
    expect(t.pay('ada', 'ben', '50.01', { device: 8 }).refusal).toBe('risk-device')
    expect(t.pay('ada', 'ben', '50.01').refusal).toBe('risk-device')
    expect(t.payBatch(0, [{ payer: 'ada', payee: 'ben', fen: 900_000 }]).batch?.refusals).toEqual(['accepted'])
    expectSound(t)
  })

  test('is forgotten when four others were used since', () => {
    const t = town()
    t.rule('newDevice', { ageMs: minute, fen: 100 })
    for (const device of [1, 2, 3, 4, 5]) {
      t.pay('ada', 'ben', '1.00', { device })
      t.wait(second)
    }
    t.wait(hour)
    const high = (device: number) => t.pay('ada', 'ben', '2.00', { device }).refusal
    expect([high(1), high(2), high(5)]).toEqual(['risk-device', 'accepted', 'accepted'])
    expectSound(t)
  })
})

describe('an account that was linked lately', () => {
  test('gives little until it has been linked for some time, also when it was linked again', () => {
    const t = town()
    t.rule('newLink', { ageMs: dayMs, fen: 10_000 })
    expect(t.recharge('ada', '100.01').answer.refusal).toBe('risk-linked-account')
    expect(t.recharge('ada', '100.00').answer.refusal).toBe('accepted')
    t.wait(dayMs)
    expect(t.recharge('ada', '100.01').answer.refusal).toBe('accepted')
    const { shard, number, link } = t.wallet('ada')
    for (const active of [0, 1]) t.command(shard, 'linkStatus', { ...t.byWallet('ada'), wallet: number, link, active })
    expect(t.recharge('ada', '100.01').answer.refusal).toBe('risk-linked-account')
    expectSound(t)
  })
})

describe('risk rules are data with dates', () => {
  test('each version holds from its moment on until the next, and one may end a rule', () => {
    const t = town()
    const from = (hours: number) => ({ effectiveMs: t.nowMs + hours * hour })
    t.rule('payerFrequency', { window: windowOf.tenSeconds, paymentsMax: 1, ...from(1) })
    t.rule('payerFrequency', { window: windowOf.tenSeconds, paymentsMax: 2, ...from(2) })
    t.rule('payerFrequency', { window: windowOf.tenSeconds, action: riskActions.off, ...from(3) })
    const allowed: number[] = []
    const versions: number[] = []
    for (let n = 0; n < 4; n++) {
      allowed.push(refusalsOf(3, () => t.pay('ada', 'ben', '1.00')).filter((one) => one === 'accepted').length)
      versions.push(t.shards[0]!.out.ruleVersion[0]!)
      t.wait(hour)
    }
    expect(allowed).toEqual([3, 1, 2, 3])
    expect(versions).toEqual([0, 1, 2, 3])
    expectSound(t)
  })

  test('come to the same in every shard, in whatever order they arrive', () => {
    const t = town()
    const rule = { action: 1, kind: 1, window: 0, factor: 1, fen: 0, ageMs: 0, effectiveMs: 0 }
    const earlier = t.by(9)
    t.wait(second)
    const later = t.by(9)
    t.wait(second)
    const put = (shard: number, head: object, paymentsMax: number) =>
      t.command(shard, 'riskPolicyPut', { ...(head as ReturnType<typeof t.by>), ...rule, paymentsMax })
    put(0, earlier, 1)
    put(0, later, 2)
    put(1, later, 2)
    put(1, earlier, 1)
    for (const { ledger } of t.shards) expect(ledger.state.risk.rules.inForce(1, 0)?.paymentsMax).toBe(2)
  })

  test.each([
    ['a kind that does not exist', { kind: 7 }],
    ['an action that does not exist', { action: 3 }],
    ['a window that does not exist', { window: 3 }],
    ['half a payment', { paymentsMax: 0.5 }],
    ['a negative amount', { fen: -1 }],
    ['no date', { effectiveMs: Number.NaN }],
    ['a habit without a factor', { kind: 4, factor: 0 }],
    ['a merchant who confirms', { kind: 3, action: 2 }],
  ])('%s is no rule', (_, wrong) => {
    const t = town()
    const rule = { action: 1, kind: 1, window: 0, paymentsMax: 1, factor: 1, fen: 0, ageMs: 0, effectiveMs: 0 }
    expect(t.everywhere('riskPolicyPut', { ...rule, ...wrong })[0]!.refusal).toBe('rule-invalid')
  })

  test('keep nothing of anybody while there are none', () => {
    const t = town()
    for (let n = 0; n < 5; n++) t.pay('ada', 'stall', '1.00', { device: 7 })
    const { payers, merchants, habits } = t.shards[0]!.ledger.state.risk
    expect([payers.count, merchants.count, habits.count]).toEqual([0, 0, 0])
    const kept = t.shards[0]!.ledger.state.risk.sections().reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(kept).toBe(0)
  })
})

test('however often a rule was changed, it may be changed again', () => {
  const t = new RiskTown({ shards: 1, idsMax: 4_096 })
  t.open('ada', { yuan: '100.00' })
  t.open('ben')
  const { state } = t.shards[0]!.ledger
  t.rule('merchantFrequency', { window: windowOf.hour, paymentsMax: 1, fen: 100, effectiveMs: t.nowMs + 3 * hour })
  for (let n = 1; n <= versionsMax + 10; n++) {
    t.wait(second)
    const paymentsMax = n === versionsMax + 10 ? 1 : n + 1
    expect([n, t.rule('payerFrequency', { window: windowOf.minute, paymentsMax })]).toEqual([n, 'accepted'])
    expect(state.ruleVersion).toBe(n)
  }
  expect(refusalsOf(2, () => t.pay('ada', 'ben', '1.00'))).toEqual(['accepted', 'risk-frequency'])
  const restored = State.load(snapshot(state))
  expect([restored.ruleVersion, restored.risk.rules.versions]).toEqual([state.ruleVersion, state.risk.rules.versions])
  expectSound(t)
})
