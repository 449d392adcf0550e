import { mayActForWallet, mayInstitution, mayOperator, type Signed } from './authority.ts'
import { bytesWords } from './commandBytes.ts'
import { deadlineKinds } from './deadlines.ts'
import { type Command, type Execute, type Executed, refuse } from './execution.ts'
import { holdStates } from './holdTable.ts'
import { addExact, fenMax, isAmount } from './money.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { judgeCredit, judgePayment } from './paymentRules.ts'
import { creditPayment, debitWallet, oweCredit, returnToWallet } from './postings.ts'
import { signers, transitOps } from './records.ts'
import { codeOf, type Refusal, refusalOf } from './refusals.ts'
import { notCounted } from './riskJudgements.ts'
import { type State, walletStates } from './state.ts'

export const holdLifeMsMax = 30 * 86_400_000
/** A hold that ended is answered for so long after its expiry. */
export const holdMemoryMs = 86_400_000
/** Of one wallet at a time. */
export const holdsPerWalletMax = 100

/**
 * A payer sets money aside for a payee: it leaves the balance at once, counts against the limits like a payment, and
 * room for it stays under the balance limit, so that it can always come back. Legs: wallet -, held +.
 */
export const placeHold: Execute<'holdPlace'> = (s, command, out, place) => {
  const { wallet, payee, amount, id, expiresMs } = command
  const row = s.walletRows.row(wallet)
  const refusal = judgeHold(s, row, command, out)
  if (refusal !== 'accepted') return refuse(refusal)
  debitWallet(s, row, amount, command.device)
  out.watch?.posted(row, postingKinds.holdPlaced, -amount, payee, id, 0, place.index)
  keepAside(s, row, amount)
  const hold = s.holds.take(row, id)
  const at = s.holds.columns.at
  at.amount[hold] = amount
  at.captured[hold] = 0
  at.payee[hold] = payee
  at.placedMs[hold] = s.logTimeMs
  at.expiresMs[hold] = expiresMs
  at.changedMs[hold] = s.logTimeMs
  at.seq[hold] = place.seq
  at.index[hold] = place.index
  at.captures[hold] = 0
  at.payeeInstitution[hold] = command.payeeInstitution
  at.state[hold] = holdStates.held
  at.next[hold] = s.accounts.firstHold(row)
  s.holds.columns.hashRow(s.digest, hold, 1)
  chain(s, row, hold + 1, 1)
  s.deadlines.add(expiresMs, deadlineKinds.hold, s.holds.numberOf(hold))
  out.holds.push(hold)
  return { refusal: 'accepted', value: s.holds.numberOf(hold) }
}

function judgeHold(s: State, row: number, command: Command<'holdPlace'>, out: Outcomes): Refusal {
  const { wallet, payee, amount, expiresMs, payeeInstitution } = command
  const may = mayActForWallet(s, row, command, [signers.walletKey])
  if (may !== 'accepted') return may
  if (command.actor !== wallet) return 'signer-not-allowed'
  releaseOverdue(s, row, out)
  const code = judgePayment(s, row, wallet, payee, amount, command.device)
  if (code !== 0) return refusalOf(code)
  if (!Number.isSafeInteger(expiresMs) || expiresMs <= s.logTimeMs) return 'expiry-invalid'
  if (expiresMs > s.logTimeMs + holdLifeMsMax) return 'expiry-invalid'
  if (mayInstitution(s, payeeInstitution) !== 'accepted') return 'payee-unknown'
  if (s.accounts.openHolds(row) >= holdsPerWalletMax || !s.holds.hasRoomFor(row)) return 'holds-full'
  // What came home was not judged: beside a recharge under way the room that is reserved may pass what can be counted.
  if (s.accounts.pendingIn(row) + amount > fenMax) return 'balance-limit-exceeded'
  return s.holds.find(row, command.id) < 0 ? 'accepted' : 'id-reused'
}

/** Moves fen aside, or with a negative amount back; the leg on the wallet's balance is the caller's. */
function keepAside(s: State, row: number, amount: number): void {
  s.books.toHeld(amount)
  s.accounts.setPendingIn(row, addExact(s.accounts.pendingIn(row), amount))
  s.settleAccount(row)
  s.accounts.hashUnderWay(s.digest, row, -1)
  s.accounts.setHeld(row, addExact(s.accounts.held(row), amount))
  s.accounts.hashUnderWay(s.digest, row, 1)
}

/** Sets where the chain of a wallet's open holds begins, and how many there are. */
function chain(s: State, row: number, first: number, delta: number): void {
  s.accounts.hashUnderWay(s.digest, row, -1)
  s.accounts.setHolds(row, first, s.accounts.openHolds(row) + delta)
  s.accounts.hashUnderWay(s.digest, row, 1)
}

/** The payee takes what is held, in parts: what it takes is free for a moment, and then paid like any payment. */
export const captureHold: Execute<'holdCapture'> = (s, command, out, place) => {
  const { wallet, amount, id } = command
  const row = s.walletRows.row(wallet)
  const hold = row < 0 ? -1 : s.holds.find(row, command.hold)
  const refusal = judgeCapture(s, row, hold, command)
  if (refusal !== 'accepted') return refuse(refusal)
  const at = s.holds.columns.at
  const payee = at.payee[hold]!
  const shard = s.shardOf(payee)
  const payeeRow = shard === s.genesis.shard ? s.walletRows.row(payee) : -1
  const code = shard === s.genesis.shard ? judgeCredit(s, payeeRow, amount) : 0
  if (code !== 0) return refuse(refusalOf(code))
  free(s, hold, amount, out, place.index)
  s.holds.change(hold, () => {
    at.captured[hold] = addExact(at.captured[hold]!, amount)
    at.captures[hold]! += 1
    at.changedMs[hold] = s.logTimeMs
  })
  if (at.captured[hold] === at.amount[hold]) end(s, hold, holdStates.captured, s.logTimeMs)
  out.holds.push(hold)
  // The payer made no payment now: that was when the money was set aside.
  debitWallet(s, row, amount, notCounted)
  out.watch?.posted(row, postingKinds.paymentOut, -amount, payee, id, 0, place.index)
  if (shard === s.genesis.shard) {
    creditPayment(s, payeeRow, amount)
    out.watch?.posted(payeeRow, postingKinds.paymentIn, amount, wallet, id, 0, place.index)
    return { refusal: 'accepted' }
  }
  const lane = s.lanes[shard]!
  lane.begin(s.accounts.institution(row), place.sender, command.token, bytesWords(id, 0, 0), 0)
  oweCredit(s, shard, transitOps.credit, 0, 0, wallet, payee, amount)
  return { refusal: 'accepted', value: lane.next - 1, destination: shard + 1 }
}

function judgeCapture(s: State, row: number, hold: number, command: Command<'holdCapture'>): Refusal {
  const may = mayTake(s, row, hold, command)
  if (may !== 'accepted') return may
  // What comes back is found by the payer's wallet and the id.
  if (command.actor !== command.wallet) return 'signer-not-allowed'
  if (!isAmount(command.amount)) return 'amount-invalid'
  if (s.accounts.state(row) === walletStates.frozen) return 'wallet-frozen'
  const state = holdStateOf(s, hold)
  if (state === holdStates.expired) return 'hold-expired'
  if (state !== holdStates.held) return 'hold-ended'
  return command.amount > leftOf(s, hold) ? 'hold-exceeded' : 'accepted'
}

/**
 * Whether the payee signed, or its institution. The key of a payee is known in its own shard alone: the edge has just
 * read there that it is the current one.
 */
function mayTake(s: State, row: number, hold: number, by: Signed & { payee: number }): Refusal {
  if (row < 0) return 'wallet-unknown'
  if (hold < 0) return 'hold-unknown'
  const { payee, payeeInstitution } = s.holds.columns.at
  if (by.signer === signers.payeeKey) return payee[hold] === by.payee ? 'accepted' : 'signer-not-allowed'
  if (by.signer !== signers.institution) return 'signer-not-allowed'
  const may = mayInstitution(s, by.principal)
  if (may !== 'accepted') return may
  return payeeInstitution[hold] === by.principal ? 'accepted' : 'signer-not-allowed'
}

/** The payee gives up what it has not taken. To say so twice changes nothing. */
export const voidHold: Execute<'holdVoid'> = (s, command, out, place): Executed => {
  const row = s.walletRows.row(command.wallet)
  const hold = row < 0 ? -1 : s.holds.find(row, command.hold)
  const byOperator = hold >= 0 && command.signer === signers.operator
  const may = byOperator ? mayOperator(s, command) : mayTake(s, row, hold, command)
  if (may !== 'accepted') return refuse(may)
  const state = holdStateOf(s, hold)
  if (state === holdStates.expired) return refuse('hold-expired')
  if (state === holdStates.captured) return refuse('hold-ended')
  if (state === holdStates.held) {
    free(s, hold, leftOf(s, hold), out, place.index)
    end(s, hold, holdStates.voided, s.logTimeMs)
    out.holds.push(hold)
  }
  return { refusal: 'accepted', value: s.holds.numberOf(hold) }
}

/** How a hold stands now: its deadline counts whether anybody has carried it out yet or not. */
export function holdStateOf(s: State, hold: number): number {
  const { state, expiresMs } = s.holds.columns.at
  const overdue = state[hold] === holdStates.held && s.logTimeMs >= expiresMs[hold]!
  return overdue ? holdStates.expired : state[hold]!
}

export function leftOf(s: State, hold: number): number {
  const { amount, captured } = s.holds.columns.at
  return amount[hold]! - captured[hold]!
}

/** Legs: held -, wallet +. What was held no longer counts against the limits of the day and year it was set aside in. */
function free(s: State, hold: number, amount: number, out: Outcomes, index: number): void {
  const { wallet, payee, placedMs, id } = s.holds.columns.at
  const row = wallet[hold]!
  keepAside(s, row, -amount)
  returnToWallet(s, row, amount, placedMs[hold]!)
  out.watch?.posted(row, postingKinds.holdReleased, amount, payee[hold]!, id, hold * 16, index)
}

/** Nothing is held any more: the hold leaves the chain of its wallet. */
function end(s: State, hold: number, state: number, changedMs: number): void {
  const at = s.holds.columns.at
  const row = at.wallet[hold]!
  let before = s.accounts.firstHold(row) - 1
  if (before === hold) chain(s, row, at.next[hold]!, -1)
  else {
    while (at.next[before] !== hold + 1) before = at.next[before]! - 1
    s.holds.change(before, () => {
      at.next[before] = at.next[hold]!
    })
    chain(s, row, s.accounts.firstHold(row), -1)
  }
  s.holds.change(hold, () => {
    at.state[hold] = state
    at.next[hold] = 0
    at.changedMs[hold] = changedMs
  })
}

function expire(s: State, hold: number, out: Outcomes): void {
  out.released += 1
  free(s, hold, leftOf(s, hold), out, out.nextIndex())
  end(s, hold, holdStates.expired, s.holds.columns.at.expiresMs[hold]!)
  out.holds.push(hold)
}

/** A hold's deadline has come: its expiry, or the one to forget it. */
export function holdDue(s: State, number: number, out: Outcomes): void {
  const hold = s.holds.row(number)
  const { state, expiresMs } = s.holds.columns.at
  const keepUntilMs = expiresMs[hold]! + holdMemoryMs
  if (state[hold] !== holdStates.held && keepUntilMs <= s.logTimeMs) {
    s.holds.release(hold)
    return
  }
  if (state[hold] === holdStates.held) expire(s, hold, out)
  // Never in this frame: whoever writes down what changed must find the hold as it ended.
  s.deadlines.add(Math.max(keepUntilMs, s.logTimeMs + 1), deadlineKinds.hold, number)
}

/**
 * Frees what is overdue in one wallet, though its turn among all that fell due has not come. True when there was any:
 * whoever found too little money looks again.
 */
export function releaseOverdue(s: State, row: number, out: Outcomes): boolean {
  const { next, expiresMs } = s.holds.columns.at
  const before = out.released
  for (let hold = s.accounts.firstHold(row) - 1; hold >= 0; ) {
    const following = next[hold]! - 1
    if (s.logTimeMs >= expiresMs[hold]!) expire(s, hold, out)
    hold = following
  }
  return out.released > before
}

/** Refusals that may be none once a hold is free: of its money, or of what it counted against limits. */
const curable = new Set([codeOf['funds-insufficient'], codeOf['day-limit-exceeded'], codeOf['year-limit-exceeded']])

/**
 * Whether a wallet refused for this reason is to be judged again, since what is overdue in it has been freed. `row` is
 * looked at only for a reason that a wallet of this shard alone has.
 */
export function freedOverdue(s: State, row: number, code: number, out: Outcomes): boolean {
  return curable.has(code) && s.accounts.firstHold(row) !== 0 && releaseOverdue(s, row, out)
}

/** As `judge` says of a payer's wallet, after what is overdue in it has been freed if that could help. */
export function judgeWithOverdue(s: State, row: number, out: Outcomes, judge: () => number): number {
  const code = judge()
  return freedOverdue(s, row, code, out) ? judge() : code
}

/** What is overdue in a wallet and not carried out yet: a reader sees it as free. */
export function overdueOf(s: State, row: number): number {
  const { next, expiresMs } = s.holds.columns.at
  let fen = 0
  for (let hold = s.accounts.firstHold(row) - 1; hold >= 0; hold = next[hold]! - 1) {
    if (s.logTimeMs >= expiresMs[hold]!) fen += leftOf(s, hold)
  }
  return fen
}
