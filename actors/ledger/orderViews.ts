import { orderNoBytes } from './orderRecords.ts'
import { stateOf } from './orders.ts'
import { orderStates } from './orderTable.ts'
import { type Refusal, refusalOf } from './refusals.ts'
import { splitRowsOf } from './splits.ts'
import { splitStates } from './splitTable.ts'
import type { State } from './state.ts'

/** An order as its merchant's shard holds it; amounts in fen. */
export type OrderView = {
  /** What other shards call it. */
  order: number
  walletNumber: number
  orderNo: Uint8Array
  amount: number
  refunded: number
  refunds: number
  state: keyof typeof orderStates
  /** Wallet number of who paid, and the payment's id; 0 and zeros before. */
  payer: number
  paymentId: Uint8Array
  createdMs: number
  expiresMs: number
  /** When it was paid, closed or expired. */
  changedMs: number
  keepUntilMs: number
  splits: SplitView[]
  /** Sub-user that made it, and its version; 0 when its merchant or institution did. */
  user: number
  userVersion: number
  seq: number
  index: number
}

/** What somebody else gets of an order's money. */
export type SplitView = {
  payee: number
  amount: number
  /** Parts in ten thousand that it was made of, 0 when its fen were named. */
  weight: number
  state: keyof typeof splitStates
  reason: Refusal
  /** Of the payment that it was sent on by; zeros before. */
  paymentId: Uint8Array
}

const splitStateNames = Object.fromEntries(Object.entries(splitStates).map(([name, code]) => [code, name]))

function viewSplit(s: State, row: number): SplitView {
  const at = s.splits.columns.at
  return {
    payee: at.payee[row]!,
    amount: at.amount[row]!,
    weight: at.weight[row]!,
    state: splitStateNames[at.state[row]!] as SplitView['state'],
    reason: refusalOf(at.reason[row]!),
    paymentId: at.paymentId.slice(row * 16, row * 16 + 16),
  }
}

const orderStateNames = Object.fromEntries(Object.entries(orderStates).map(([name, code]) => [code, name]))

export function viewOrder(s: State, row: number): OrderView {
  const o = s.orders.columns.at
  const state = stateOf(s, row)
  const expired = state === orderStates.expired
  return {
    order: s.orders.numberOf(row),
    walletNumber: s.wallets.at.number[o.wallet[row]!]!,
    orderNo: o.orderNo.slice(row * orderNoBytes, (row + 1) * orderNoBytes),
    amount: o.amount[row]!,
    refunded: o.refunded[row]!,
    refunds: o.refunds[row]!,
    state: orderStateNames[state] as OrderView['state'],
    payer: o.payer[row]!,
    paymentId: o.paymentId.slice(row * 16, row * 16 + 16),
    createdMs: o.createdMs[row]!,
    expiresMs: o.expiresMs[row]!,
    changedMs: expired ? o.expiresMs[row]! : o.changedMs[row]!,
    keepUntilMs: o.keepUntilMs[row]!,
    splits: splitRowsOf(s, row).map((split) => viewSplit(s, split)),
    user: o.user[row]!,
    userVersion: o.userVersion[row]!,
    seq: o.seq[row]!,
    index: o.index[row]!,
  }
}

/** A merchant's order, or undefined when there is none or it was forgotten. */
export function findOrderView(s: State, wallet: number, orderNo: Uint8Array): OrderView | undefined {
  const walletRow = s.walletRows.row(wallet)
  const row = walletRow < 0 || orderNo.length !== orderNoBytes ? -1 : s.orders.find(walletRow, orderNo)
  return row < 0 ? undefined : viewOrder(s, row)
}
