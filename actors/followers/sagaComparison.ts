import { farTxId } from '../connectors/farTxId.ts'
import { commandIdText } from '../ledger/ids.ts'
import { rechargeSteps, redemptionSteps } from '../ledger/records.ts'
import type { State } from '../ledger/state.ts'
import { sagaKinds } from '../ledger/stateTables.ts'
import type { FarMovement } from './farStatements.ts'

/** A recharge or redemption as the ledger booked it. */
export type BookedSaga = { kind: number; fen: bigint; step: number }

/** By the id that bank and central bank know it under. */
export type BookedSagas = Map<string, BookedSaga>

export function bookSaga(sagas: BookedSagas, wallet: number, id: Uint8Array, saga: BookedSaga): void {
  sagas.set(farTxId(wallet, commandIdText(id)), saga)
}

/** Adds every saga that a shard still holds, as it stands there now. */
export function bookHeldSagas(sagas: BookedSagas, state: State): void {
  const { kind, amount, step, id, wallet } = state.sagas.at
  for (const row of state.sagaRows.values()) {
    const number = state.wallets.at.number[wallet[row]!]!
    const saga = { kind: kind[row]!, fen: BigInt(amount[row]!), step: step[row]! }
    bookSaga(sagas, number, id.subarray(row * 16, row * 16 + 16), saga)
  }
}

/** What the far sides must have moved once a saga has ended; undefined while it is under way. */
function finalMovement({ kind, fen, step }: BookedSaga): FarMovement | undefined {
  const nothing = { customer: 0n, suspense: 0n, reserve: 0n, issued: 0n }
  if (kind === sagaKinds.recharge) {
    if (step === rechargeSteps.settled) return { customer: -fen, suspense: 0n, reserve: fen, issued: fen }
    return step === rechargeSteps.refused || step === rechargeSteps.refunded ? nothing : undefined
  }
  if (step === redemptionSteps.paid) return { customer: fen, suspense: 0n, reserve: -fen, issued: -fen }
  return step === redemptionSteps.refused || step === redemptionSteps.returned ? nothing : undefined
}

/** Whether far sides may stand like this while a saga is under way: each part moved wholly or not at all. */
function isPossible({ kind, fen }: BookedSaga, { customer, suspense, reserve, issued }: FarMovement): boolean {
  const sign = kind === sagaKinds.recharge ? 1n : -1n
  const either = (value: bigint, moved: bigint): boolean => value === 0n || value === moved
  return (
    either(customer, -sign * fen) && either(suspense, fen) && either(reserve, sign * fen) && either(issued, sign * fen)
  )
}

export type SagaFindings = {
  compared: number
  underWay: number
  /** One line for each that nothing explains. */
  unexplained: string[]
  unexplainedFen: bigint
  /** What the far sides issued (less burnt) for sagas whose end the ledger has not booked. */
  issuedUnderWay: bigint
}

/**
 * Compares, id by id, what the ledger booked with what bank and central bank moved.
 * @param booked at the cut
 * @param later at a moment after the statements were written: whoever asked by then is no stranger
 */
export function compareSagas(
  booked: BookedSagas,
  later: BookedSagas,
  far: ReadonlyMap<string, FarMovement>,
): SagaFindings {
  const findings: SagaFindings = { compared: 0, underWay: 0, unexplained: [], unexplainedFen: 0n, issuedUnderWay: 0n }
  const nothing: FarMovement = { customer: 0n, suspense: 0n, reserve: 0n, issued: 0n }
  for (const [txId, saga] of later) {
    findings.compared += 1
    const moved = far.get(txId) ?? nothing
    const atCut = booked.get(txId)
    const expected = atCut && finalMovement(atCut)
    if (expected === undefined) {
      findings.underWay += 1
      findings.issuedUnderWay += moved.issued - bookedIssue(atCut)
      if (!isPossible(saga, moved)) explainNot(findings, txId, moved, nothing)
    } else if (!isSame(expected, moved)) explainNot(findings, txId, moved, expected)
  }
  for (const [txId, moved] of far) if (!later.has(txId)) explainNot(findings, txId, moved, nothing)
  return findings
}

/** What the shards have booked as issued for a saga under way: a redemption counts as burnt before it ends. */
function bookedIssue(saga: BookedSaga | undefined): bigint {
  const burnt = saga?.kind === sagaKinds.redemption && saga.step !== redemptionSteps.requested
  return burnt ? -saga.fen : 0n
}

function isSame(a: FarMovement, b: FarMovement): boolean {
  return a.customer === b.customer && a.suspense === b.suspense && a.reserve === b.reserve && a.issued === b.issued
}

function explainNot(findings: SagaFindings, txId: string, moved: FarMovement, expected: FarMovement): void {
  const parts = (['customer', 'suspense', 'reserve', 'issued'] as const)
    .filter((name) => moved[name] !== expected[name])
    .map((name) => `${name} ${moved[name]} fen instead of ${expected[name]}`)
  if (parts.length === 0) return
  findings.unexplained.push(`${txId}: ${parts.join(', ')}`)
  const gap = (name: keyof FarMovement): bigint => {
    const fen = moved[name] - expected[name]
    return fen < 0n ? -fen : fen
  }
  findings.unexplainedFen += [gap('customer'), gap('suspense'), gap('reserve'), gap('issued')].reduce((a, b) =>
    a > b ? a : b,
  )
}
