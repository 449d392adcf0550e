import { rechargeSteps, redemptionSteps } from '../ledger/records.ts'
import type { Refusal } from '../ledger/refusals.ts'
import type { FarOutcome } from './farSide.ts'

/** What a saga may ask of the far sides; each is idempotent under the saga's id. */
export type Operation = 'debit' | 'issue' | 'refund' | 'burn' | 'credit' | 'reverse-burn'

/** What has become certain, or stayed unknown, since the saga's step was last read from the log. */
export type Findings = { readonly [K in Operation]?: FarOutcome }

export type Decision =
  | { readonly act: 'ask'; readonly operation: Operation }
  | { readonly act: 'answer'; readonly step: number; readonly reason: Refusal }
  /** Nothing is certain enough to act on: the host shows the step again, and the same question is asked again. */
  | { readonly act: 'wait' }
  /** A far side refuses what it must not refuse. Only a human can settle it. */
  | { readonly act: 'stuck'; readonly operation: Operation; readonly reason: string }

const wait: Decision = { act: 'wait' }
const ask = (operation: Operation): Decision => ({ act: 'ask', operation })
const answer = (step: number, reason: Refusal = 'accepted'): Decision => ({ act: 'answer', step, reason })

/** The ledger's word for why a bank would not debit. */
const debitRefusals: Readonly<Record<string, Refusal>> = {
  INSUFFICIENT_BALANCE: 'linked-account-funds-insufficient',
  LIMIT: 'linked-account-limit-exceeded',
  ACCOUNT_CLOSED: 'linked-account-inactive',
  ACCOUNT_UNKNOWN: 'linked-account-unknown',
}

/**
 * What a saga does next: from its committed step and what was found out since, and nothing else. No guess is made: a
 * step is answered only for what a far side has certainly done or certainly never will do.
 */
export function nextStep(saga: 'recharge' | 'redemption', step: number, findings: Findings): Decision {
  return saga === 'recharge' ? nextOfRecharge(step, findings) : nextOfRedemption(step, findings)
}

function nextOfRecharge(step: number, { debit, issue, refund }: Findings): Decision {
  const { requested, debited, settled, refused, refunding, refunded } = rechargeSteps
  if (step === refunding) return undo('refund', refund, refunded)
  if (step !== requested && step !== debited) return wait
  if (step === requested) {
    if (debit === undefined) return ask('debit')
    if (debit.kind === 'unknown') return wait
    if (debit.kind === 'refused') return answer(refused, debitRefusals[debit.reason] ?? 'linked-account-refused')
  }
  if (issue === undefined) return ask('issue')
  if (issue.kind === 'done') return answer(settled)
  if (issue.kind === 'refused') return answer(refunding, 'issuance-refused')
  // The log learns how far the saga has come, so that people see it; the issuance is asked for again from there.
  return step === requested ? answer(debited) : wait
}

function nextOfRedemption(step: number, { burn, credit, 'reverse-burn': reverseBurn }: Findings): Decision {
  const { requested, burnt, paid, refused, reissuing, returned } = redemptionSteps
  if (step === reissuing) return undo('reverse-burn', reverseBurn, returned)
  if (step !== requested && step !== burnt) return wait
  if (step === requested) {
    if (burn === undefined) return ask('burn')
    if (burn.kind === 'unknown') return wait
    if (burn.kind === 'refused') return answer(refused, 'payout-refused')
  }
  if (credit === undefined) return ask('credit')
  if (credit.kind === 'done') return answer(paid)
  if (credit.kind === 'refused') return answer(reissuing, 'payout-refused')
  return step === requested ? answer(burnt) : wait
}

/** A compensation is never given up: the customer's money lies at a far side until it is done. */
function undo(operation: Operation, found: FarOutcome | undefined, doneStep: number): Decision {
  if (found === undefined) return ask(operation)
  if (found.kind === 'done') return answer(doneStep)
  return found.kind === 'refused' ? { act: 'stuck', operation, reason: found.reason } : wait
}

/**
 * True for what may be called off when it stays unknown for long: the saga then ends on its refusing side. A
 * compensation may not.
 */
export function mayBeCalledOff(operation: Operation): boolean {
  return operation !== 'refund' && operation !== 'reverse-burn'
}
