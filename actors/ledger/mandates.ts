import { mayActForWallet, mayInstitution } from './authority.ts'
import { businessDay, dayMs } from './businessTime.ts'
import { periodOfDay, periods } from './calendar.ts'
import { deadlineKinds } from './deadlines.ts'
import { type Command, type Execute, refuse } from './execution.ts'
import { mandateStates } from './mandateTable.ts'
import { isAmount } from './money.ts'
import type { Outcomes } from './outcomes.ts'
import { signers } from './records.ts'
import { codeOf, type Refusal } from './refusals.ts'
import { type State, walletStates } from './state.ts'

/** How far ahead a mandate may begin, and end. */
export const mandateBeginMsMax = 366 * dayMs
export const mandateLifeMsMax = 10 * mandateBeginMsMax
/** How long ago it may have begun when it is signed. */
const begunMsMax = dayMs
/** A mandate that is over is answered for at least this long. */
export const mandateMemoryMs = dayMs
/** Of one wallet at a time; one that is over counts until it is forgotten. */
export const mandatesPerWalletMax = 100
/** One that is over is found no later than this, and forgotten: it must not keep its place until a first date far off. */
const wakeMsMax = 31 * dayMs

/** A payer allows payments to a payee: collected by it within bounds, or made at their times by the ledger itself. */
export const signMandate: Execute<'mandateSign'> = (s, command, out, place) => {
  const row = s.walletRows.row(command.wallet)
  const refusal = judgeMandate(s, row, command)
  if (refusal !== 'accepted') return refuse(refusal)
  const mandate = s.mandates.take(row, command.id)
  const at = s.mandates.columns.at
  at.amount[mandate] = command.amount
  at.periodAmount[mandate] = command.periodAmount
  at.periodTaken[mandate] = 0
  at.periodNumber[mandate] = 0
  at.taken[mandate] = 0
  at.payee[mandate] = command.payee
  at.firstMs[mandate] = command.firstMs
  at.endsMs[mandate] = command.endsMs
  at.nextMs[mandate] = command.scheduled === 1 ? command.firstMs : 0
  at.signedMs[mandate] = s.logTimeMs
  at.changedMs[mandate] = s.logTimeMs
  at.seq[mandate] = place.seq
  at.index[mandate] = place.index
  at.countMax[mandate] = command.period === periods.once ? 1 : command.countMax
  at.payments[mandate] = 0
  at.missed[mandate] = 0
  at.occurrence[mandate] = 0
  at.tries[mandate] = 0
  at.lastCode[mandate] = 0
  at.payeeInstitution[mandate] = command.payeeInstitution
  at.period[mandate] = command.period
  at.scheduled[mandate] = command.scheduled
  at.state[mandate] = mandateStates.active
  s.mandates.columns.hashRow(s.digest, mandate, 1)
  countMandates(s, row, 1)
  wakeLater(s, mandate)
  out.mandates.push(mandate)
  return { refusal: 'accepted', value: s.mandates.numberOf(mandate) }
}

function judgeMandate(s: State, row: number, command: Command<'mandateSign'>): Refusal {
  const may = mayActForWallet(s, row, command, [signers.walletKey])
  if (may !== 'accepted') return may
  if (command.actor !== command.wallet) return 'signer-not-allowed'
  const terms = judgeTerms(s, command)
  if (terms !== 'accepted') return terms
  if (s.accounts.state(row) === walletStates.frozen) return 'wallet-frozen'
  if (s.accounts.state(row) === walletStates.closed) return 'wallet-closed'
  if (!isPayee(s, command.payee) || mayInstitution(s, command.payeeInstitution) !== 'accepted') return 'payee-unknown'
  if (s.accounts.mandates(row) >= mandatesPerWalletMax || s.mandates.full) return 'mandates-full'
  return s.mandates.find(row, command.id) < 0 ? 'accepted' : 'id-reused'
}

/** Whether there may be such a wallet; of another shard only that shard knows. */
function isPayee(s: State, payee: number): boolean {
  if (!(Number.isSafeInteger(payee) && payee > 0)) return false
  return s.shardOf(payee) !== s.genesis.shard || s.walletRows.row(payee) >= 0
}

function judgeTerms(s: State, command: Command<'mandateSign'>): Refusal {
  const { amount, periodAmount, period, scheduled } = command
  if (!isAmount(amount)) return 'amount-invalid'
  if (command.payee === command.wallet) return 'payer-is-payee'
  if (period > periods.month || scheduled > 1) return 'rule-invalid'
  if (scheduled === 1 ? periodAmount !== 0 : !isAmount(periodAmount) || periodAmount < amount) return 'rule-invalid'
  return judgeDates(s, command)
}

function judgeDates(s: State, { firstMs, endsMs, scheduled }: Command<'mandateSign'>): Refusal {
  const earliestMs = scheduled === 1 ? s.logTimeMs + 1 : s.logTimeMs - begunMsMax
  const begins = Number.isSafeInteger(firstMs) && firstMs >= earliestMs && firstMs <= s.logTimeMs + mandateBeginMsMax
  if (!begins) return 'mandate-dates-invalid'
  if (endsMs === 0) return 'accepted'
  const ends = Number.isSafeInteger(endsMs) && endsMs > Math.max(firstMs, s.logTimeMs)
  return ends && endsMs <= s.logTimeMs + mandateLifeMsMax ? 'accepted' : 'mandate-dates-invalid'
}

function countMandates(s: State, row: number, delta: number): void {
  s.accounts.hashUnderWay(s.digest, row, -1)
  s.accounts.setMandates(row, s.accounts.mandates(row) + delta)
  s.accounts.hashUnderWay(s.digest, row, 1)
}

/** The payer takes back what it allowed: from this position of the log on nothing is paid by it. */
export const cancelMandate: Execute<'mandateCancel'> = (s, command, out) => {
  const row = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, row, command, [signers.walletKey, signers.institution, signers.operator])
  if (may !== 'accepted') return refuse(may)
  const mandate = s.mandates.find(row, command.mandate)
  if (mandate < 0) return refuse('mandate-unknown')
  const state = mandateStateOf(s, mandate)
  if (state === mandateStates.over) return refuse('mandate-ended')
  if (state === mandateStates.active) endMandate(s, mandate, mandateStates.cancelled, s.logTimeMs, out)
  return { refusal: 'accepted', value: s.mandates.numberOf(mandate) }
}

/** How a mandate stands now: its end counts whether anybody has carried it out yet or not. */
export function mandateStateOf(s: State, mandate: number): number {
  const { state } = s.mandates.columns.at
  return state[mandate] === mandateStates.active && hasEnded(s, mandate) ? mandateStates.over : state[mandate]!
}

export function hasEnded(s: State, mandate: number): boolean {
  const endsMs = s.mandates.columns.at.endsMs[mandate]!
  return endsMs !== 0 && s.logTimeMs >= endsMs
}

/** The deadline stays where it is in the heap: when it comes, the one to forget the mandate takes its place. */
export function endMandate(s: State, mandate: number, state: number, changedMs: number, out: Outcomes): void {
  s.mandates.change(mandate, (at) => {
    at.state[mandate] = state
    at.changedMs[mandate] = changedMs
  })
  out.mandates.push(mandate)
}

/** Counts a payment that was made now against the bounds of a mandate, which may be its last. */
export function countPayment(s: State, mandate: number, amount: number, out: Outcomes): void {
  const { period, countMax } = s.mandates.columns.at
  const number = periodOfDay(s.today, period[mandate]!)
  s.mandates.change(mandate, (at) => {
    at.periodTaken[mandate] = takenIn(s, mandate, number) + amount
    at.periodNumber[mandate] = number
    at.taken[mandate]! += amount
    at.payments[mandate]! += 1
    at.changedMs[mandate] = s.logTimeMs
    at.lastCode[mandate] = 0
    const last = at.scheduled[mandate] === 0 && at.payments[mandate] === countMax[mandate]
    if (last) at.state[mandate] = mandateStates.over
  })
  out.mandates.push(mandate)
}

/** Fen taken in a period, which is the last in which any was, or one after it. */
export function takenIn(s: State, mandate: number, period: number): number {
  const { periodNumber, periodTaken } = s.mandates.columns.at
  return periodNumber[mandate] === period ? periodTaken[mandate]! : 0
}

const endsForGood: ReadonlySet<number> = new Set<number>([
  codeOf['wallet-closed'],
  codeOf['payee-closed'],
  codeOf['payee-unknown'],
])

/** Whether nothing can ever be paid by a mandate after such a refusal. */
export const isForGood = (code: number): boolean => endsForGood.has(code)

/** A payment by a mandate has come back: it is not counted, and of a schedule it was missed. */
export function mandateReturned(
  s: State,
  number: number,
  amount: number,
  paidMs: number | undefined,
  reason: number,
  out: Outcomes,
): void {
  const mandate = s.mandates.row(number)
  if (mandate < 0) return
  s.mandates.change(mandate, (at) => {
    const period = at.period[mandate]!
    // What may be paid once has one period, whenever that was.
    const isKnown = paidMs !== undefined || period === periods.once
    const samePeriod = isKnown && periodOfDay(businessDay(paidMs ?? 0), period) === at.periodNumber[mandate]
    if (samePeriod) at.periodTaken[mandate]! -= amount
    const wasLast = at.scheduled[mandate] === 0 && at.payments[mandate] === at.countMax[mandate]
    at.taken[mandate]! -= amount
    at.payments[mandate]! -= 1
    // It was over for having been the last: now there is one more to collect.
    if (wasLast && at.state[mandate] === mandateStates.over && !hasEnded(s, mandate)) {
      at.state[mandate] = mandateStates.active
    }
    at.missed[mandate]! += at.scheduled[mandate]!
    at.lastCode[mandate] = reason
    const over = isForGood(reason) && at.state[mandate] === mandateStates.active
    if (over) at.state[mandate] = mandateStates.over
    if (over) at.changedMs[mandate] = s.logTimeMs
  })
  out.mandates.push(mandate)
}

/** Puts the next deadline of a mandate into the heap, where it has none now. */
export function wakeLater(s: State, mandate: number): void {
  const { state, scheduled, nextMs, endsMs, changedMs } = s.mandates.columns.at
  const number = s.mandates.numberOf(mandate)
  // Never in this frame: whoever writes down what changed must find the mandate as it ended.
  if (state[mandate] !== mandateStates.active) {
    const forgetMs = Math.max(changedMs[mandate]! + mandateMemoryMs, s.logTimeMs + 1)
    s.deadlines.add(forgetMs, deadlineKinds.mandate, number)
    return
  }
  const tryMs = scheduled[mandate] === 1 ? nextMs[mandate]! : Number.POSITIVE_INFINITY
  const endMs = endsMs[mandate] === 0 ? Number.POSITIVE_INFINITY : endsMs[mandate]!
  s.deadlines.add(Math.min(tryMs, endMs, s.logTimeMs + wakeMsMax), deadlineKinds.mandate, number)
}

export function forgetMandate(s: State, mandate: number): void {
  countMandates(s, s.mandates.columns.at.wallet[mandate]!, -1)
  s.mandates.release(mandate)
}
