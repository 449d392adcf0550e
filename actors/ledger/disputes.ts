import { mayActForWallet, mayInstitution, type Signed } from './authority.ts'
import { bytesWords } from './commandBytes.ts'
import { deadlineKinds } from './deadlines.ts'
import { disputeName, disputeNameBytes, disputeStates } from './disputeTable.ts'
import { type Command, type Execute, type Executed, refuse } from './execution.ts'
import { freedOverdue } from './holds.ts'
import { isAmount } from './money.ts'
import { type DisputeChange, type Outcomes, postingKinds } from './outcomes.ts'
import { creditWallet, oweCredit, takeFromWallet } from './postings.ts'
import { signers, transitOps } from './records.ts'
import { judgeRefundCredit } from './refunds.ts'
import { codeOf, type Refusal, refusalOf } from './refusals.ts'
import { type State, walletStates } from './state.ts'

const dayMs = 86_400_000
/** How long after its payment a case may be opened, and how long the payee has to answer it. */
export const disputePeriodMs = 30 * dayMs
export const disputeAnswerMs = 7 * dayMs

/**
 * The payer of a wrong transfer asks for it back. Nothing moves and nothing is held: the payee has until the deadline
 * to consent or decline. A payment has one case, for as long as one could be opened.
 */
export const openDispute: Execute<'disputeOpen'> = (s, command, out, place) => {
  const wallet = s.walletRows.row(command.wallet)
  const refusal = judgeOpening(s, wallet, command)
  if (refusal !== 'accepted') return refuse(refusal)
  const row = s.disputes.take(wallet, disputeName(command.payment, command.payer))
  const expiresMs = s.logTimeMs + disputeAnswerMs
  const at = s.disputes.columns.at
  at.amount[row] = command.amount
  at.payer[row] = command.payer
  at.openedMs[row] = s.logTimeMs
  at.expiresMs[row] = expiresMs
  at.changedMs[row] = s.logTimeMs
  at.keepUntilMs[row] = Math.max(command.paidMs + disputePeriodMs, expiresMs + dayMs)
  at.seq[row] = place.seq
  at.index[row] = place.index
  at.payerInstitution[row] = command.payerInstitution
  at.state[row] = disputeStates.open
  s.disputes.columns.hashRow(s.digest, row, 1)
  s.deadlines.add(expiresMs, deadlineKinds.dispute, s.disputes.numberOf(row))
  out.disputes.push(disputeAt(s, row))
  return { refusal: 'accepted', value: expiresMs }
}

function judgeOpening(s: State, wallet: number, command: Command<'disputeOpen'>): Refusal {
  if (wallet < 0) return 'wallet-unknown'
  const { payer, paidMs, amount, payerInstitution } = command
  if (mayInstitution(s, payerInstitution) !== 'accepted') return 'institution-unknown'
  const may = mayAsPayer(s, command, payer, payerInstitution)
  if (may !== 'accepted') return may
  // An institution names the payer: what is no wallet's number has no shard that the money could go back to.
  if (!(Number.isSafeInteger(payer) && payer > 0)) return 'wallet-unknown'
  if (!isAmount(amount)) return 'amount-invalid'
  if (s.accounts.state(wallet) === walletStates.closed) return 'payee-closed'
  const inTime = Number.isSafeInteger(paidMs) && paidMs <= s.logTimeMs && s.logTimeMs < paidMs + disputePeriodMs
  if (!inTime) return 'dispute-late'
  if (s.disputes.find(wallet, disputeName(command.payment, payer)) >= 0) return 'dispute-open'
  return s.disputes.hasRoomFor(wallet) ? 'accepted' : 'disputes-full'
}

/** Whether the payer signed, whose key the edge has just read in its own shard, or its institution. */
function mayAsPayer(s: State, by: Signed & { actor: number }, payer: number, institution: number): Refusal {
  if (by.signer === signers.payeeKey) return by.actor === payer ? 'accepted' : 'signer-not-allowed'
  if (by.signer !== signers.institution) return 'signer-not-allowed'
  const may = mayInstitution(s, by.principal)
  if (may !== 'accepted') return may
  return by.principal === institution ? 'accepted' : 'signer-not-allowed'
}

/**
 * The payee answers. With its consent the money goes back in this very step, once: what it has spent already it cannot
 * give, and may consent again when it can. The payer's wallet takes it even frozen or full.
 */
export const answerDispute: Execute<'disputeAnswer'> = (s, command, out, place) => {
  const { wallet, payer, id } = command
  const row = s.walletRows.row(wallet)
  const dispute = row < 0 ? -1 : s.disputes.find(row, disputeName(command.payment, payer))
  let refusal = judgeAnswer(s, row, dispute, command)
  if (freedOverdue(s, row, codeOf[refusal], out)) refusal = judgeAnswer(s, row, dispute, command)
  if (refusal !== 'accepted') return refuse(refusal)
  if (command.consent === 0) {
    end(s, dispute, disputeStates.declined, s.logTimeMs, out)
    return { refusal: 'accepted' }
  }
  const amount = s.disputes.columns.at.amount[dispute]!
  const shard = s.shardOf(payer)
  const payerRow = shard === s.genesis.shard ? s.walletRows.row(payer) : -1
  const code = shard === s.genesis.shard ? judgeRefundCredit(s, payerRow) : 0
  if (code !== 0) return refuse(refusalOf(code))
  takeFromWallet(s, row, amount)
  out.watch?.posted(row, postingKinds.refundOut, -amount, payer, id, 0, place.index)
  end(s, dispute, disputeStates.returned, s.logTimeMs, out)
  if (shard === s.genesis.shard) {
    creditWallet(s, payerRow, amount)
    out.watch?.posted(payerRow, postingKinds.refundIn, amount, wallet, id, 0, place.index)
    return { refusal: 'accepted' }
  }
  const lane = s.lanes[shard]!
  lane.begin(s.accounts.institution(row), place.sender, command.token, bytesWords(id, 0, 0), 0)
  oweCredit(s, shard, transitOps.disputeCredit, 0, s.disputes.numberOf(dispute), wallet, payer, amount)
  return { refusal: 'accepted', value: lane.next - 1, destination: shard + 1 }
}

function judgeAnswer(s: State, row: number, dispute: number, command: Command<'disputeAnswer'>): Refusal {
  const may = mayActForWallet(s, row, command, [signers.walletKey])
  if (may !== 'accepted') return may
  // What comes back is found by the payee's wallet and the id.
  if (command.actor !== command.wallet || command.consent > 1) return 'signer-not-allowed'
  if (dispute < 0) return 'dispute-unknown'
  if (disputeStateOf(s, dispute) !== disputeStates.open) return 'dispute-ended'
  if (command.consent === 0) return 'accepted'
  if (s.accounts.state(row) === walletStates.frozen) return 'wallet-frozen'
  if (s.accounts.state(row) === walletStates.closed) return 'wallet-closed'
  return s.accounts.balance(row) < s.disputes.columns.at.amount[dispute]! ? 'funds-insufficient' : 'accepted'
}

/** The payer takes its request back. */
export const withdrawDispute: Execute<'disputeWithdraw'> = (s, command, out): Executed => {
  const row = s.walletRows.row(command.wallet)
  const dispute = row < 0 ? -1 : s.disputes.find(row, disputeName(command.payment, command.payer))
  if (dispute < 0) return refuse('dispute-unknown')
  const may = mayAsPayer(s, command, command.payer, s.disputes.columns.at.payerInstitution[dispute]!)
  if (may !== 'accepted') return refuse(may)
  if (disputeStateOf(s, dispute) !== disputeStates.open) return refuse('dispute-ended')
  end(s, dispute, disputeStates.withdrawn, s.logTimeMs, out)
  return { refusal: 'accepted' }
}

/** How a case stands now: its deadline counts whether anybody has carried it out yet or not. */
export function disputeStateOf(s: State, row: number): number {
  const { state, expiresMs } = s.disputes.columns.at
  const overdue = state[row] === disputeStates.open && s.logTimeMs >= expiresMs[row]!
  return overdue ? disputeStates.expired : state[row]!
}

/** The deadline stays where it is in the heap: when it comes, the one to forget the case takes its place. */
function end(s: State, row: number, state: number, changedMs: number, out: Outcomes): void {
  s.disputes.change(row, (at) => {
    at.state[row] = state
    at.changedMs[row] = changedMs
  })
  out.disputes.push(disputeAt(s, row))
}

/** What was given back has come home again: the payer's wallet was closed. */
export function disputeBounced(s: State, number: number, out: Outcomes): void {
  const row = s.disputes.row(number)
  if (row >= 0) end(s, row, disputeStates.bounced, s.logTimeMs, out)
}

/** A case's deadline has come: that of the payee's answer, or the one to forget it. */
export function disputeDue(s: State, number: number, out: Outcomes): void {
  const row = s.disputes.row(number)
  const { state, expiresMs, keepUntilMs } = s.disputes.columns.at
  if (state[row] !== disputeStates.open && keepUntilMs[row]! <= s.logTimeMs) {
    s.disputes.release(row)
    return
  }
  if (state[row] === disputeStates.open) end(s, row, disputeStates.expired, expiresMs[row]!, out)
  // Never in this frame: whoever writes down what changed must find the case as it ended.
  s.deadlines.add(Math.max(keepUntilMs[row]!, s.logTimeMs + 1), deadlineKinds.dispute, number)
}

/** A case as it stands, for whoever writes it down. */
export function disputeAt(s: State, row: number): DisputeChange {
  const at = s.disputes.columns.at
  return {
    wallet: s.wallets.at.number[at.wallet[row]!]!,
    payer: at.payer[row]!,
    paymentId: at.name.slice(row * disputeNameBytes, row * disputeNameBytes + 16),
    amount: at.amount[row]!,
    payerInstitution: at.payerInstitution[row]!,
    seq: at.seq[row]!,
    index: at.index[row]!,
    openedMs: at.openedMs[row]!,
    expiresMs: at.expiresMs[row]!,
    changedMs: at.changedMs[row]!,
    state: at.state[row]!,
  }
}

/** A payee's case as its shard holds it, or undefined when there is none or it was forgotten. */
export type DisputeView = { amount: number; state: number; openedMs: number; expiresMs: number; changedMs: number }

export function viewDispute(s: State, number: number, payer: number, payment: Uint8Array): DisputeView | undefined {
  const wallet = s.walletRows.row(number)
  const row = wallet < 0 || payment.length !== 16 ? -1 : s.disputes.find(wallet, disputeName(payment, payer))
  if (row < 0) return undefined
  const { amount, openedMs, expiresMs, changedMs } = s.disputes.columns.at
  const state = disputeStateOf(s, row)
  const changed = state === disputeStates.expired ? expiresMs[row]! : changedMs[row]!
  return { amount: amount[row]!, state, openedMs: openedMs[row]!, expiresMs: expiresMs[row]!, changedMs: changed }
}
