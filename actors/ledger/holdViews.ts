import { holdStateOf } from './holds.ts'
import { holdStates } from './holdTable.ts'
import type { State } from './state.ts'

/** A hold as its payer's shard knows it; amounts in fen. */
export type HoldView = {
  walletNumber: number
  id: Uint8Array
  payee: number
  payeeInstitution: number
  amount: number
  captured: number
  captures: number
  state: keyof typeof holdStates
  placedMs: number
  expiresMs: number
  changedMs: number
  seq: number
  index: number
}

const stateNames = Object.fromEntries(Object.entries(holdStates).map(([name, code]) => [code, name]))

/** A wallet's hold, or undefined when there is none or it was forgotten. */
export function findHoldView(s: State, wallet: number, id: Uint8Array): HoldView | undefined {
  const walletRow = s.walletRows.row(wallet)
  const row = walletRow < 0 || id.length !== 16 ? -1 : s.holds.find(walletRow, id)
  if (row < 0) return undefined
  const h = s.holds.columns.at
  const state = holdStateOf(s, row)
  return {
    walletNumber: wallet,
    id: h.id.slice(row * 16, row * 16 + 16),
    payee: h.payee[row]!,
    payeeInstitution: h.payeeInstitution[row]!,
    amount: h.amount[row]!,
    captured: h.captured[row]!,
    captures: h.captures[row]!,
    state: stateNames[state] as HoldView['state'],
    placedMs: h.placedMs[row]!,
    expiresMs: h.expiresMs[row]!,
    changedMs: state === holdStates.expired ? h.expiresMs[row]! : h.changedMs[row]!,
    seq: h.seq[row]!,
    index: h.index[row]!,
  }
}
