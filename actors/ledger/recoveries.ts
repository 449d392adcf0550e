import { mayActForWallet } from './authority.ts'
import { deadlineKinds } from './deadlines.ts'
import { type Command, type Execute, refuse } from './execution.ts'
import { isKey, replaceKey } from './keyOfWallet.ts'
import { removeAllUsers } from './merchantUsers.ts'
import type { Outcomes, RecoveryChange } from './outcomes.ts'
import { signers } from './records.ts'
import { recoveryName, recoveryStates } from './recoveryTable.ts'
import type { Refusal } from './refusals.ts'
import { type State, walletStates } from './state.ts'

/** One that has ended is answered for so long. */
export const recoveryMemoryMs = 86_400_000

/**
 * A lost phone: the institution, which has identified the user again, names a new key. It is the current one once the
 * waiting time is over; until then who has the old key may object. The value is the log time at which it will be.
 */
export const startRecovery: Execute<'recoveryStart'> = (s, command, out, place) => {
  const wallet = s.walletRows.row(command.wallet)
  const refusal = judgeStart(s, wallet, command)
  if (refusal !== 'accepted') return refuse(refusal)
  const known = s.recoveries.find(wallet, recoveryName)
  if (known >= 0) {
    s.deadlines.cancel(deadlineKinds.recovery, s.recoveries.numberOf(known))
    s.recoveries.release(known)
  }
  if (s.recoveries.full) return refuse('recoveries-full')
  const row = s.recoveries.take(wallet, recoveryName)
  const effectiveMs = s.logTimeMs + s.rules.recoveryWaitMs
  const at = s.recoveries.columns.at
  at.startedMs[row] = s.logTimeMs
  at.effectiveMs[row] = effectiveMs
  at.changedMs[row] = s.logTimeMs
  at.seq[row] = place.seq
  at.index[row] = place.index
  at.state[row] = recoveryStates.waiting
  at.algorithm[row] = command.algorithm
  at.key.set(command.key, row * 33)
  s.recoveries.columns.hashRow(s.digest, row, 1)
  s.deadlines.add(effectiveMs, deadlineKinds.recovery, s.recoveries.numberOf(row))
  out.recoveries.push(recoveryAt(s, row))
  if (effectiveMs <= s.logTimeMs) endNow(s, row, recoveryStates.done, out)
  return { refusal: 'accepted', value: effectiveMs }
}

function judgeStart(s: State, wallet: number, command: Command<'recoveryStart'>): Refusal {
  const may = mayActForWallet(s, wallet, command, [signers.institution])
  if (may !== 'accepted') return may
  if (s.accounts.state(wallet) === walletStates.closed) return 'wallet-closed'
  if (!isKey(command.algorithm, command.key)) return 'key-invalid'
  return waitingOf(s, wallet) >= 0 ? 'recovery-open' : 'accepted'
}

/** Row of the recovery that waits for a wallet's new key, or -1. One whose time has come waits no more. */
export function waitingOf(s: State, wallet: number): number {
  const row = s.recoveries.find(wallet, recoveryName)
  const { state, effectiveMs } = s.recoveries.columns.at
  return row >= 0 && state[row] === recoveryStates.waiting && s.logTimeMs < effectiveMs[row]! ? row : -1
}

/** Ends a recovery before its time: whoever has the old key objects, or the institution or an operator takes it back. */
export const stopRecovery: Execute<'recoveryStop'> = (s, command, out) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, [signers.walletKey, signers.institution, signers.operator])
  if (may !== 'accepted') return refuse(may)
  return stopWaiting(s, wallet, out) ? { refusal: 'accepted', value: command.wallet } : refuse('recovery-unknown')
}

/** True when there was one that waited. */
export function stopWaiting(s: State, wallet: number, out: Outcomes): boolean {
  const row = waitingOf(s, wallet)
  if (row < 0) return false
  endNow(s, row, recoveryStates.stopped, out)
  return true
}

/** Ends one before its deadline has come up; the one to forget it takes its place. */
function endNow(s: State, row: number, state: number, out: Outcomes): void {
  const number = s.recoveries.numberOf(row)
  s.deadlines.cancel(deadlineKinds.recovery, number)
  end(s, row, state, s.logTimeMs, out)
  s.deadlines.add(s.logTimeMs + recoveryMemoryMs, deadlineKinds.recovery, number)
}

function end(s: State, row: number, state: number, changedMs: number, out: Outcomes): void {
  const { wallet: wallets, algorithm, key } = s.recoveries.columns.at
  const wallet = wallets[row]!
  const closed = s.accounts.state(wallet) === walletStates.closed
  const done = state === recoveryStates.done && !closed
  s.recoveries.change(row, (at) => {
    at.state[row] = done ? recoveryStates.done : recoveryStates.stopped
    at.changedMs[row] = changedMs
  })
  if (done) {
    replaceKey(s, wallet, algorithm[row]!, key.subarray(row * 33, row * 33 + 33))
    removeAllUsers(s, wallet, out)
  }
  out.recoveries.push(recoveryAt(s, row))
}

/** A recovery as it stands, for whoever writes it down: the row may be another wallet's before the frame is over. */
export function recoveryAt(s: State, row: number): RecoveryChange {
  const { wallet, seq, index, startedMs, effectiveMs, changedMs, state } = s.recoveries.columns.at
  return {
    wallet: s.wallets.at.number[wallet[row]!]!,
    seq: seq[row]!,
    index: index[row]!,
    startedMs: startedMs[row]!,
    effectiveMs: effectiveMs[row]!,
    changedMs: changedMs[row]!,
    state: state[row]!,
  }
}

/**
 * Row of a recovery of this wallet whose time has come though its turn among all that fell due has not, or -1. There is
 * none unless something is due and not carried out: then nothing is looked up.
 */
export function overdueRecovery(s: State, wallet: number): number {
  if (s.deadlines.nextMs > s.logTimeMs || wallet < 0) return -1
  const row = s.recoveries.find(wallet, recoveryName)
  const { state, effectiveMs } = s.recoveries.columns.at
  return row >= 0 && state[row] === recoveryStates.waiting && effectiveMs[row]! <= s.logTimeMs ? row : -1
}

/** Gives a wallet the key of such a recovery: called before anybody asks which key is the current one. */
export function finishOverdue(s: State, wallet: number, out: Outcomes): void {
  const row = overdueRecovery(s, wallet)
  if (row < 0) return
  const number = s.recoveries.numberOf(row)
  s.deadlines.cancel(deadlineKinds.recovery, number)
  recoveryDue(s, number, out)
}

/** A recovery's deadline has come: its waiting time is over, or the time to answer for it. */
export function recoveryDue(s: State, number: number, out: Outcomes): void {
  const row = s.recoveries.row(number)
  const { state, effectiveMs } = s.recoveries.columns.at
  if (state[row] !== recoveryStates.waiting) {
    s.recoveries.release(row)
    return
  }
  end(s, row, recoveryStates.done, effectiveMs[row]!, out)
  s.deadlines.add(s.logTimeMs + recoveryMemoryMs, deadlineKinds.recovery, number)
}
