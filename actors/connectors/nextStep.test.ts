import { describe, expect, test } from 'vitest'
import { rechargeSteps, redemptionSteps } from '../ledger/records.ts'
import type { FarOutcome } from './farSide.ts'
import { type Decision, type Findings, nextStep, type Operation } from './nextStep.ts'

const done: FarOutcome = { kind: 'done' }
const refused: FarOutcome = { kind: 'refused', reason: 'INSUFFICIENT_BALANCE' }
const unknown: FarOutcome = { kind: 'unknown', doubt: 'timeout' }

/** Every combination of what may be known about these operations. */
function everyFinding(operations: readonly Operation[]): Findings[] {
  let all: Findings[] = [{}]
  for (const operation of operations) {
    all = all.flatMap((one) => [one, ...[done, refused, unknown].map((found) => ({ ...one, [operation]: found }))])
  }
  return all
}

function answersOf(
  saga: 'recharge' | 'redemption',
  step: number,
): { findings: Findings; decision: Extract<Decision, { act: 'answer' }> }[] {
  const operations: Operation[] =
    saga === 'recharge' ? ['debit', 'issue', 'refund'] : ['burn', 'credit', 'reverse-burn']
  return everyFinding(operations).flatMap((findings) => {
    const decision = nextStep(saga, step, findings)
    return decision.act === 'answer' ? [{ findings, decision }] : []
  })
}

/** Runs a saga by itself: asks what it asks, answers each question from the script. */
function play(saga: 'recharge' | 'redemption', step: number, script: Partial<Record<Operation, FarOutcome>>): string[] {
  const told: string[] = []
  let findings: Findings = {}
  for (let n = 0; n < 10; n++) {
    const decision = nextStep(saga, step, findings)
    if (decision.act === 'ask') {
      told.push(decision.operation)
      findings = { ...findings, [decision.operation]: script[decision.operation] }
    } else {
      return [...told, decision.act === 'answer' ? `answer ${decision.step} ${decision.reason}` : decision.act]
    }
  }
  return [...told, 'endless']
}

describe('a recharge', () => {
  const { requested, debited, settled, refused: ended, refunding, refunded } = rechargeSteps

  test.each([
    [requested, { debit: done, issue: done }, ['debit', 'issue', 'answer 3 accepted']],
    [requested, { debit: refused }, ['debit', 'answer 4 linked-account-funds-insufficient']],
    [requested, { debit: unknown }, ['debit', 'wait']],
    [requested, { debit: done, issue: unknown }, ['debit', 'issue', 'answer 2 accepted']],
    [requested, { debit: done, issue: refused }, ['debit', 'issue', 'answer 5 issuance-refused']],
    [debited, { issue: done }, ['issue', 'answer 3 accepted']],
    [debited, { issue: unknown }, ['issue', 'wait']],
    [debited, { issue: refused }, ['issue', 'answer 5 issuance-refused']],
    [refunding, { refund: done }, ['refund', 'answer 6 accepted']],
    [refunding, { refund: unknown }, ['refund', 'wait']],
    [refunding, { refund: refused }, ['refund', 'stuck']],
    [settled, {}, ['wait']],
    [ended, {}, ['wait']],
    [refunded, {}, ['wait']],
  ] as const)('at step %i with %j', (step, script, told) => {
    expect(play('recharge', step, script)).toEqual(told)
  })

  test('is credited only when the issuance is certain, and refused only when the debit certainly never happens', () => {
    for (const { findings, decision } of [requested, debited, refunding].flatMap((at) => answersOf('recharge', at))) {
      if (decision.step === settled) expect(findings.issue).toBe(done)
      if (decision.step === ended) expect(findings.debit).toBe(refused)
      if (decision.step === refunding) expect(findings.issue).toBe(refused)
      if (decision.step === refunded) expect(findings.refund).toBe(done)
    }
  })
})

describe('a redemption', () => {
  const { requested, burnt, paid, refused: ended, reissuing, returned } = redemptionSteps

  test.each([
    [requested, { burn: done, credit: done }, ['burn', 'credit', 'answer 3 accepted']],
    [requested, { burn: refused }, ['burn', 'answer 4 payout-refused']],
    [requested, { burn: unknown }, ['burn', 'wait']],
    [requested, { burn: done, credit: unknown }, ['burn', 'credit', 'answer 2 accepted']],
    [requested, { burn: done, credit: refused }, ['burn', 'credit', 'answer 5 payout-refused']],
    [burnt, { credit: done }, ['credit', 'answer 3 accepted']],
    [burnt, { credit: unknown }, ['credit', 'wait']],
    [burnt, { credit: refused }, ['credit', 'answer 5 payout-refused']],
    [reissuing, { 'reverse-burn': done }, ['reverse-burn', 'answer 6 accepted']],
    [reissuing, { 'reverse-burn': unknown }, ['reverse-burn', 'wait']],
    [reissuing, { 'reverse-burn': refused }, ['reverse-burn', 'stuck']],
    [paid, {}, ['wait']],
    [ended, {}, ['wait']],
    [returned, {}, ['wait']],
  ] as const)('at step %i with %j', (step, script, told) => {
    expect(play('redemption', step, script)).toEqual(told)
  })

  test('goes back to the wallet only when the payout or the burn certainly never happens', () => {
    for (const { findings, decision } of [requested, burnt, reissuing].flatMap((at) => answersOf('redemption', at))) {
      if (decision.step === paid) expect(findings.credit).toBe(done)
      if (decision.step === ended) expect(findings.burn).toBe(refused)
      if (decision.step === reissuing) expect(findings.credit).toBe(refused)
      if (decision.step === returned) expect(findings['reverse-burn']).toBe(done)
    }
  })
})
