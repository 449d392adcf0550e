import { dayMs } from './businessTime.ts'
import { occurrenceMs, periods } from './calendar.ts'
import { bytesWords } from './commandBytes.ts'
import { judgeWithOverdue } from './holds.ts'
import { countPayment, endMandate, forgetMandate, hasEnded, isForGood, mandateMemoryMs, wakeLater } from './mandates.ts'
import { mandateStates } from './mandateTable.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { judgeCredit, judgePayment } from './paymentRules.ts'
import { creditPayment, debitWallet, oweCredit } from './postings.ts'
import { transitOps } from './records.ts'
import { codeOf } from './refusals.ts'
import { nobodyThere } from './riskJudgements.ts'
import type { State } from './state.ts'

/** A scheduled payment that found too little money is tried so often in all, so far apart; of a daily one less far. */
export const scheduleTriesMax = 4
export const scheduleRetryMs = dayMs
export const dailyRetryMs = dayMs / 4

/** A mandate's deadline has come: a payment of its schedule, its end, or the time to forget it. */
export function mandateDue(s: State, number: number, out: Outcomes): void {
  const mandate = s.mandates.row(number)
  const at = s.mandates.columns.at
  if (at.state[mandate] !== mandateStates.active && at.changedMs[mandate]! + mandateMemoryMs <= s.logTimeMs) {
    forgetMandate(s, mandate)
    return
  }
  const due = at.scheduled[mandate] === 1 && at.nextMs[mandate]! <= s.logTimeMs
  if (at.state[mandate] === mandateStates.active && due) payAsScheduled(s, mandate, out)
  if (at.state[mandate] === mandateStates.active && hasEnded(s, mandate)) {
    endMandate(s, mandate, mandateStates.over, at.endsMs[mandate]!, out)
  }
  wakeLater(s, mandate)
}

function payAsScheduled(s: State, mandate: number, out: Outcomes): void {
  const at = s.mandates.columns.at
  // What the log slept through until the next time came is missed: nobody wants several payments at once.
  while (nextTimeMs(s, mandate) <= s.logTimeMs) missTime(s, mandate, codeOf['mandate-late'], out)
  if (at.state[mandate] !== mandateStates.active) return
  if (hasEnded(s, mandate)) {
    missTime(s, mandate, codeOf['mandate-late'], out)
    return
  }
  const code = pay(s, mandate, out)
  if (code === 0) passTime(s, mandate, out)
  else if (isForGood(code)) {
    missTime(s, mandate, code, out)
    if (at.state[mandate] === mandateStates.active) endMandate(s, mandate, mandateStates.over, s.logTimeMs, out)
  } else if (code !== codeOf['funds-insufficient'] || !tryAgain(s, mandate, code, out)) {
    missTime(s, mandate, code, out)
  }
}

/** When the schedule comes after the time that is due now; never when that is its last. */
function nextTimeMs(s: State, mandate: number): number {
  const { firstMs, period, occurrence, countMax, state } = s.mandates.columns.at
  const next = occurrence[mandate]! + 1
  if (state[mandate] !== mandateStates.active || next === countMax[mandate]) return Number.POSITIVE_INFINITY
  return occurrenceMs(firstMs[mandate]!, period[mandate]!, next)
}

/** The next time of the schedule, or its end when there is none. */
function passTime(s: State, mandate: number, out: Outcomes): void {
  const nextMs = nextTimeMs(s, mandate)
  const endsMs = s.mandates.columns.at.endsMs[mandate]!
  const over = nextMs === Number.POSITIVE_INFINITY || (endsMs !== 0 && nextMs >= endsMs)
  s.mandates.change(mandate, (at) => {
    at.occurrence[mandate]! += 1
    at.tries[mandate] = 0
    if (over) at.state[mandate] = mandateStates.over
    else at.nextMs[mandate] = nextMs
    at.changedMs[mandate] = s.logTimeMs
  })
  out.mandates.push(mandate)
}

function missTime(s: State, mandate: number, code: number, out: Outcomes): void {
  s.mandates.change(mandate, (at) => {
    at.missed[mandate]! += 1
    at.lastCode[mandate] = code
  })
  passTime(s, mandate, out)
}

/** @returns false when there is no time left for another try before the next payment or the end */
function tryAgain(s: State, mandate: number, code: number, out: Outcomes): boolean {
  const { tries, period, endsMs } = s.mandates.columns.at
  const againMs = s.logTimeMs + (period[mandate] === periods.day ? dailyRetryMs : scheduleRetryMs)
  const ended = endsMs[mandate] !== 0 && againMs >= endsMs[mandate]!
  if (tries[mandate]! + 1 >= scheduleTriesMax || ended || againMs >= nextTimeMs(s, mandate)) return false
  s.mandates.change(mandate, (at) => {
    at.tries[mandate]! += 1
    at.lastCode[mandate] = code
    at.nextMs[mandate] = againMs
    at.changedMs[mandate] = s.logTimeMs
  })
  out.mandates.push(mandate)
  return true
}

/** One try: judged like any payment, and written down whatever comes of it. */
function pay(s: State, mandate: number, out: Outcomes): number {
  const { wallet, payee: payees, amount: amounts } = s.mandates.columns.at
  const [row, payee, amount] = [wallet[mandate]!, payees[mandate]!, amounts[mandate]!]
  const payer = s.wallets.at.number[row]!
  const shard = s.shardOf(payee)
  const here = shard === s.genesis.shard
  const payeeRow = here ? s.walletRows.row(payee) : -1
  const code = judgeWithOverdue(s, row, out, () => {
    const found = judgePayment(s, row, payer, payee, amount, nobodyThere)
    return found !== 0 || !here ? found : judgeCredit(s, payeeRow, amount)
  })
  const made = out.make(s, { payer, payee, amount, code, mandate })
  if (code !== 0) return code
  countPayment(s, mandate, amount, out)
  debitWallet(s, row, amount, nobodyThere)
  out.watch?.posted(row, postingKinds.paymentOut, -amount, payee, made.id, 0, made.index)
  if (here) {
    creditPayment(s, payeeRow, amount)
    out.watch?.posted(payeeRow, postingKinds.paymentIn, amount, payer, made.id, 0, made.index)
    return 0
  }
  const lane = s.lanes[shard]!
  lane.begin(s.accounts.institution(row), 0, 0, bytesWords(made.id, 0, 0), 0)
  oweCredit(s, shard, transitOps.mandateCredit, 0, s.mandates.numberOf(mandate), payer, payee, amount)
  made.destination = shard + 1
  made.transit = lane.next - 1
  return 0
}
