import { periodOfDay, periods } from './calendar.ts'
import { mandateStateOf, takenIn } from './mandates.ts'
import { mandateStates } from './mandateTable.ts'
import { type Refusal, refusalOf } from './refusals.ts'
import type { State } from './state.ts'

/** A mandate as its payer's shard knows it; amounts in fen. */
export type MandateView = {
  walletNumber: number
  id: Uint8Array
  payee: number
  payeeInstitution: number
  scheduled: boolean
  period: keyof typeof periods
  amount: number
  periodAmount: number
  /** Taken in the period of now, and in all. */
  periodTaken: number
  taken: number
  payments: number
  missed: number
  countMax: number
  firstMs: number
  /** 0 when it has no end. */
  endsMs: number
  /** Of a schedule that goes on: when it pays next, or tries again. */
  nextMs: number
  tries: number
  lastOutcome: Refusal
  state: keyof typeof mandateStates
  signedMs: number
  changedMs: number
  seq: number
  index: number
}

const namesOf = <T extends object>(table: T) =>
  Object.fromEntries(Object.entries(table).map(([name, code]) => [code, name])) as Readonly<Record<number, keyof T>>
const stateNames = namesOf(mandateStates)
const periodNames = namesOf(periods)

/** A wallet's mandate, or undefined when there is none or it was forgotten. */
export function findMandateView(s: State, wallet: number, id: Uint8Array): MandateView | undefined {
  const walletRow = s.walletRows.row(wallet)
  const row = walletRow < 0 || id.length !== 16 ? -1 : s.mandates.find(walletRow, id)
  if (row < 0) return undefined
  const m = s.mandates.columns.at
  const state = mandateStateOf(s, row)
  const ended = state !== m.state[row]
  return {
    walletNumber: wallet,
    id: m.id.slice(row * 16, row * 16 + 16),
    payee: m.payee[row]!,
    payeeInstitution: m.payeeInstitution[row]!,
    scheduled: m.scheduled[row] === 1,
    period: periodNames[m.period[row]!]!,
    amount: m.amount[row]!,
    periodAmount: m.periodAmount[row]!,
    periodTaken: takenIn(s, row, periodOfDay(s.today, m.period[row]!)),
    taken: m.taken[row]!,
    payments: m.payments[row]!,
    missed: m.missed[row]!,
    countMax: m.countMax[row]!,
    firstMs: m.firstMs[row]!,
    endsMs: m.endsMs[row]!,
    nextMs: state === mandateStates.active ? m.nextMs[row]! : 0,
    tries: m.tries[row]!,
    lastOutcome: refusalOf(m.lastCode[row]!),
    state: stateNames[state]!,
    signedMs: m.signedMs[row]!,
    changedMs: ended ? m.endsMs[row]! : m.changedMs[row]!,
    seq: m.seq[row]!,
    index: m.index[row]!,
  }
}
