import { describe, expect, test } from 'vitest'
import { encodeCommand, joinBodies } from './frameBuilder.ts'
import { headOf } from './paper.fixture.ts'
import { proposalsMax } from './proposalTable.ts'
import { expectSound, replay } from './replica.fixture.ts'
import { dayMs, hour, RiskTown, secondOperator } from './riskTown.fixture.ts'
import { standings } from './standings.ts'
import { operator, Town } from './town.fixture.ts'

const limits = { class: 4, balance: 1_000_000, single: 1_000, day: 500_000, year: 5_000_000, effectiveMs: 0 }
const rule = { kind: 1, action: 1, window: 1, paymentsMax: 2, factor: 1, fen: 0, ageMs: 0, effectiveMs: 0 }

/** A town where nobody changes rules alone. */
function town(): RiskTown {
  const t = new RiskTown({ shards: 2, walletsMax: 64, idsMax: 1_024 })
  t.open('ada', { shard: 0, class: 4, yuan: '1000.00' })
  t.open('ben', { shard: 1 })
  t.everywhere('secondPersonPut', { required: 1 })
  return t
}

const all = (refusal: string): string[] => [refusal, refusal]

describe('where a second person is needed', () => {
  test('nobody changes a rule alone', () => {
    const t = town()
    expect(t.everywhere('limitsPut', limits)[0]!.refusal).toBe('second-person-required')
    expect(t.rule('payerFrequency')).toBe('second-person-required')
    expect(t.everywhere('secondPersonPut', { required: 0 })[0]!.refusal).toBe('second-person-required')
    const put = { number: 7, role: 2, active: 1, publicKey: new Uint8Array(32) }
    expect(t.everywhere('principalPut', put)[0]!.refusal).toBe('second-person-required')
    expect(t.standing('ben', standings.blacklisted)).toBe('second-person-required')
    expect(t.pay('ada', 'ben', '20.00').refusal).toBe('accepted')
  })

  test('to suspend a payee is urgent, and needs nobody; to lift it does', () => {
    const t = town()
    expect(t.standing('ben', standings.suspended)).toBe('accepted')
    expect(t.standing('ben', standings.good, 5)).toBe('second-person-required')
  })

  test('a change is made when another operator agrees, in every shard', () => {
    const t = town()
    const { id, refusals } = t.propose('limitsPut', limits)
    expect(refusals).toEqual(all('accepted'))
    expect(t.pay('ada', 'ben', '20.00').refusal).toBe('accepted')
    expect(t.decide(id, secondOperator)).toEqual(all('accepted'))
    expect(t.pay('ada', 'ben', '20.00').refusal).toBe('single-limit-exceeded')
    expectSound(t)
  })

  test('who proposed cannot agree, whatever else', () => {
    const t = town()
    const { id } = t.propose('riskPolicyPut', rule)
    expect(t.decide(id, operator)).toEqual(all('second-person-required'))
    expect(t.shards[0]!.ledger.state.risk.rules.versions).toEqual([])
    expect(t.decide(id, secondOperator)).toEqual(all('accepted'))
    expect(t.shards.map(({ ledger }) => ledger.state.risk.rules.versions.length)).toEqual([1, 1])
  })

  test('a payee is put on the list in its own shard alone', () => {
    const t = town()
    const wallet = t.wallet('ben').number
    const { id } = t.propose('standingPut', { wallet, standing: standings.blacklisted, reason: 1 })
    expect(t.decide(id, secondOperator)).toEqual(all('accepted'))
    t.pay('ada', 'ben', '1.00')
    expect(t.settle().map(({ refusal }) => refusal)).toEqual(['payee-blacklisted'])
  })

  test('nobody agrees to what was given up, done or too late, or was never proposed', () => {
    const t = town()
    const givenUp = t.propose('riskPolicyPut', rule).id
    expect(t.decide(givenUp, operator, 0)).toEqual(all('accepted'))
    expect(t.decide(givenUp, secondOperator)).toEqual(all('proposal-ended'))
    const done = t.propose('riskPolicyPut', rule).id
    t.decide(done, secondOperator)
    expect(t.decide(done, secondOperator)).toEqual(all('proposal-ended'))
    const late = t.propose('riskPolicyPut', rule, { lifeMs: hour }).id
    t.wait(hour)
    expect(t.decide(late, secondOperator)).toEqual(all('proposal-expired'))
    expect(t.decide(t.id(), secondOperator)).toEqual(all('proposal-unknown'))
    expect(t.shards[0]!.ledger.state.risk.rules.versions.length).toBe(1)
    expectSound(t)
  })

  test('what a suspended operator has proposed is agreed to by nobody', () => {
    const t = town()
    const { id } = t.propose('riskPolicyPut', rule)
    const put = { number: operator, role: 2, active: 0, publicKey: new Uint8Array(32) }
    const away = t.propose('principalPut', put, { by: secondOperator }).id
    expect(t.decide(away, operator)).toEqual(all('accepted'))
    expect(t.decide(id, secondOperator)).toEqual(all('second-person-required'))
  })

  test('with one operator left there is nobody to ask', () => {
    const t = town()
    const put = { number: operator, role: 2, active: 0, publicKey: new Uint8Array(32) }
    t.decide(t.propose('principalPut', put, { by: secondOperator }).id, operator)
    expect(t.rule('payerFrequency', {}, secondOperator)).toBe('accepted')
  })

  test('a log may begin with that', () => {
    const t = new Town({ shards: 1 })
    const genesis = t.shards[0]!.log[0]!
    const required = encodeCommand('secondPersonPut', { ...headOf(), required: 1 })
    const body = joinBodies([genesis.u8, required])
    const frame = t.frame(1, body, genesis.kind, genesis.count + 1, { sender: genesis.sender, senderNumber: 0 })
    expect(replay([frame]).state.risk.rules.secondPerson).toBe(true)
  })

  test('two people can say that one is enough', () => {
    const t = town()
    t.decide(t.propose('secondPersonPut', { required: 0 }).id, secondOperator)
    expect(t.rule('payerFrequency')).toBe('accepted')
  })
})

describe('a proposal', () => {
  test('under an id that was used is the same, or refused', () => {
    const t = town()
    const first = t.propose('riskPolicyPut', rule)
    const frame = t.shards[0]!.log.at(-1)!
    const again = t.submit(0, frame.u8, frame.kind, 1)
    expect(again.answers[0]).toMatchObject({ refusal: 'accepted', repeated: true })
    t.decide(first.id, secondOperator)
    expect(t.shards[0]!.ledger.state.risk.rules.versions.length).toBe(1)
  })

  test.each([
    ['a rule that is none', 'riskPolicyPut', { ...rule, kind: 9 }],
    ['limits that are none', 'limitsPut', { ...limits, single: -1 }],
    ['a standing that is none', 'standingPut', { wallet: 1, standing: 3, reason: 1 }],
  ] as const)('of %s is not taken', (_, name, own) => {
    expect(town().propose(name, own as never).refusals).toEqual(all('rule-invalid'))
  })

  test('waits no longer than 30 days, and is no institution’s to make', () => {
    const t = town()
    expect(t.propose('riskPolicyPut', rule, { lifeMs: 31 * dayMs }).refusals).toEqual(all('expiry-invalid'))
    expect(t.propose('riskPolicyPut', rule, { lifeMs: 0 }).refusals).toEqual(all('expiry-invalid'))
    const fields = { changeOp: 110, change: new Uint8Array(64), expiresMs: t.nowMs + hour, textLength: 0 }
    expect(t.command(0, 'proposalOpen', { ...t.byInstitution(), ...fields }).refusal).toBe('signer-not-allowed')
  })

  test('of anything else than a rule cannot be made', () => {
    const t = town()
    const fields = { change: new Uint8Array(64), expiresMs: t.nowMs + hour, textLength: 0 }
    for (const changeOp of [0, 1, 20, 21, 62, 80, 90, 113, 114, 200]) {
      const answer = t.command(0, 'proposalOpen', { ...t.by(operator), ...fields, changeOp })
      expect([changeOp, answer.refusal]).toEqual([changeOp, 'rule-invalid'])
    }
  })

  test('finds no room when too many wait, and again when one has ended', () => {
    const t = town()
    const open = () => t.propose('riskPolicyPut', rule)
    const first = open()
    for (let n = 1; n < proposalsMax; n++) open()
    expect(open().refusals).toEqual(all('proposals-full'))
    t.decide(first.id, operator, 0)
    expect(open().refusals).toEqual(all('accepted'))
    expect(t.decide(first.id, secondOperator)).toEqual(all('proposal-unknown'))
    expectSound(t)
  })
})
