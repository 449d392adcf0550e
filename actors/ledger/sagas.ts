import type { Position } from './execution.ts'
import { LawBroken } from './money.ts'
import type { Refusal } from './refusals.ts'
import { codeOf } from './refusals.ts'
import { type State, sagaKey } from './state.ts'
import { sagaKinds } from './stateTables.ts'

/** A saga that ended stays readable here for an hour; after that the journal answers. */
export const finalSagaMemoryMs = 3_600_000

/** Of one wallet at a time: a single one must not take the rows of a whole shard while a bank is down. */
export const sagasPerWalletMax = 1_000
/** And with those that ended within the hour: what ends at once takes a row for as long. */
export const sagasHeldPerWalletMax = 2_000

export type SagaRequest = {
  kind: number
  wallet: number
  link: number
  amount: number
  id: Uint8Array
  sealedToken: Uint8Array
  tokenLength: number
}

/**
 * True when this wallet can begin no saga: it has too many, or every row is taken by one that is under way or ended a
 * short while ago.
 */
export function sagasFull(s: State, wallet: number): boolean {
  freeOld(s)
  if (wallet >= 0 && s.accounts.openSagas(wallet) >= sagasPerWalletMax) return true
  if ((s.sagasHeld.get(wallet) ?? 0) >= sagasHeldPerWalletMax) return true
  return s.freeSagas.length === 0 && s.sagas.count >= s.sagas.capacity
}

/** Begins a saga: what its wallet and amount are; the caller has posted what it owes. Returns its row. */
export function beginSaga(s: State, request: SagaRequest, place: Position): number {
  const row = s.freeSagas.pop() ?? s.sagas.count++
  const at = s.sagas.at
  at.amount[row] = request.amount
  at.requestedMs[row] = s.logTimeMs
  at.changedMs[row] = s.logTimeMs
  at.seq[row] = place.seq
  at.balanceAfter[row] = 0
  at.index[row] = place.index
  at.id.set(request.id, row * 16)
  at.wallet[row] = request.wallet
  at.link[row] = request.link
  at.kind[row] = request.kind
  at.step[row] = 1
  at.reason[row] = 0
  at.institution[row] = s.accounts.institution(request.wallet)
  at.tokenLength[row] = request.tokenLength
  at.sealedToken.fill(0, row * 192, (row + 1) * 192)
  at.sealedToken.set(request.sealedToken, row * 192)
  s.sagas.hashRow(s.digest, row, 1)
  s.openSagas.add(row)
  s.sagaRows.set(sagaKey(s.wallets.at.number[request.wallet]!, request.id, 0), row)
  s.countSaga(request.wallet, 1)
  countOpen(s, request.wallet, 1)
  return row
}

/** Row of the saga that a step speaks of, or -1. */
export function findSaga(s: State, wallet: number, id: Uint8Array, kind: number): number {
  const row = s.sagaRows.get(sagaKey(wallet, id, 0))
  return row !== undefined && s.sagas.at.kind[row] === kind ? row : -1
}

export function moveSaga(s: State, row: number, step: number, reason: Refusal): void {
  s.sagas.hashRow(s.digest, row, -1)
  s.sagas.at.step[row] = step
  if (reason !== 'accepted') s.sagas.at.reason[row] = codeOf[reason]
  s.sagas.at.changedMs[row] = s.logTimeMs
  s.sagas.hashRow(s.digest, row, 1)
}

/** Ends a saga: it owes nothing more, and its id is answered with the final outcome from now on. */
export function endSaga(s: State, row: number): void {
  if (!s.openSagas.delete(row)) throw new LawBroken(`saga row ${row} ended twice`)
  s.finalSagas.push(row)
  s.sagas.hashRow(s.digest, row, -1)
  s.sagas.at.balanceAfter[row] = s.accounts.balance(s.sagas.at.wallet[row]!)
  s.sagas.hashRow(s.digest, row, 1)
  countOpen(s, s.sagas.at.wallet[row]!, -1)
}

function countOpen(s: State, wallet: number, delta: number): void {
  s.accounts.hashUnderWay(s.digest, wallet, -1)
  s.accounts.setOpenSagas(wallet, s.accounts.openSagas(wallet) + delta)
  s.accounts.hashUnderWay(s.digest, wallet, 1)
}

function freeOld(s: State): void {
  const at = s.sagas.at
  for (let n = 0; n < 4; n++) {
    const row = s.finalSagas[0]
    if (row === undefined || at.changedMs[row]! >= s.logTimeMs - finalSagaMemoryMs) return
    s.finalSagas.shift()
    s.sagas.hashRow(s.digest, row, -1)
    s.sagaRows.delete(sagaKey(s.wallets.at.number[at.wallet[row]!]!, at.id, row * 16))
    s.countSaga(at.wallet[row]!, -1)
    at.kind[row] = sagaKinds.free
    s.freeSagas.push(row)
  }
}
