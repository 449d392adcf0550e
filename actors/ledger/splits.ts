import { bytesWords } from './commandBytes.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { judgeCredit } from './paymentRules.ts'
import { creditPayment, oweCredit, takeFromWallet } from './postings.ts'
import { transitOps } from './records.ts'
import { splitName, splitStates } from './splitTable.ts'
import type { State } from './state.ts'

/** Rows of an order's splits, in their order. */
export function splitRowsOf(s: State, order: number): number[] {
  const { wallet, splits } = s.orders.columns.at
  const number = s.orders.numberOf(order)
  return Array.from({ length: splits[order]! }, (_, place) => s.splits.find(wallet[order]!, splitName(number, place)))
}

/**
 * The order was paid, and its whole amount stands in the merchant's wallet: what is others' goes on to them in the same
 * frame. It is no payment of the merchant's choice and counts against no limit of its.
 */
export function sendSplits(s: State, order: number, out: Outcomes): void {
  if (s.orders.columns.at.splits[order] === 0) return
  for (const split of splitRowsOf(s, order)) {
    sendSplit(s, split, out)
    out.splits.push(split)
  }
}

function sendSplit(s: State, split: number, out: Outcomes): void {
  const { payee: payees, amount: amounts, wallet } = s.splits.columns.at
  const [row, payee, amount] = [wallet[split]!, payees[split]!, amounts[split]!]
  const merchant = s.wallets.at.number[row]!
  const shard = s.shardOf(payee)
  const here = shard === s.genesis.shard
  const payeeRow = here ? s.walletRows.row(payee) : -1
  if (amount === 0) {
    settleSplit(s, split, splitStates.paid, 0)
    return
  }
  const code = here ? judgeCredit(s, payeeRow, amount) : 0
  const made = out.make(s, { payer: merchant, payee, amount, code })
  settleSplit(s, split, code === 0 ? splitStates.paid : splitStates.returned, code, made.id)
  if (code !== 0) return
  takeFromWallet(s, row, amount)
  out.watch?.posted(row, postingKinds.splitOut, -amount, payee, made.id, 0, made.index)
  if (here) {
    creditPayment(s, payeeRow, amount)
    out.watch?.posted(payeeRow, postingKinds.splitIn, amount, merchant, made.id, 0, made.index)
    return
  }
  const lane = s.lanes[shard]!
  lane.begin(s.accounts.institution(row), 0, 0, bytesWords(made.id, 0, 0), 0)
  oweCredit(s, shard, transitOps.splitCredit, 0, s.splits.numberOf(split), merchant, payee, amount)
  made.destination = shard + 1
  made.transit = lane.next - 1
}

function settleSplit(s: State, split: number, state: number, reason: number, paymentId?: Uint8Array): void {
  s.splits.change(split, (at) => {
    at.state[split] = state
    at.reason[split] = reason
    if (paymentId !== undefined) at.paymentId.set(paymentId, split * 16)
  })
}

/** A split has come back, and is the merchant's. */
export function splitReturned(s: State, number: number, reason: number, out: Outcomes): void {
  const split = s.splits.row(number)
  if (split < 0) return
  settleSplit(s, split, splitStates.returned, reason)
  out.splits.push(split)
}

/** Forgets the splits of an order that is about to be forgotten. */
export function forgetSplits(s: State, order: number): void {
  if (s.orders.columns.at.splits[order] === 0) return
  for (const split of splitRowsOf(s, order)) s.splits.release(split)
}
