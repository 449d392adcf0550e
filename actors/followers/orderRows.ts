import { businessDay } from '../ledger/businessTime.ts'
import { readRecord } from '../ledger/layout.ts'
import { orderNoBytes } from '../ledger/orderRecords.ts'
import { commandHeadRecord, commandRecords } from '../ledger/records.ts'
import { rememberedByCode } from '../ledger/refusals.ts'
import { splitRowsOf } from '../ledger/splits.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { escaped, hex, int8Of } from './copyText.ts'
import { signedByUser } from './merchantUserRows.ts'
import type { ShardRows } from './shardRows.ts'

const bytea = (bytes: Uint8Array, at: number, length: number): string => `\\\\x${hex(bytes, at, length)}`

export function orderNoText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? orderNoBytes : end))
}

/** One split as it stands, beside the order that it is of. */
export function addSplit(rows: ShardRows, state: State, row: number): void {
  const p = state.splits.columns.at
  const o = state.orders.columns.at
  const order = p.order[row]!
  const merchant = state.wallets.at.number[p.wallet[row]!]!
  const orderNo = orderNoText(o.orderNo.subarray(order * orderNoBytes, (order + 1) * orderNoBytes))
  const cells = [
    merchant,
    escaped(orderNo),
    o.seq[order]!,
    p.place[row]!,
    p.payee[row]!,
    p.amount[row]!,
    p.weight[row]!,
    p.state[row]!,
    p.reason[row]!,
    bytea(p.paymentId, row * 16, 16),
  ]
  rows.splits.set(`${merchant}/${orderNo}/${o.seq[order]}/${p.place[row]}`, `${cells.join('\t')}\n`)
}

/** One order, taken down at once: its row is free for another some time after its end. */
export function addOrder(rows: ShardRows, state: State, row: number): void {
  const o = state.orders.columns.at
  const text = orderNoText(o.orderNo.subarray(row * orderNoBytes, (row + 1) * orderNoBytes))
  const cells = [
    state.wallets.at.number[o.wallet[row]!]!,
    escaped(text),
    rows.shard,
    o.seq[row]!,
    o.index[row]!,
    o.amount[row]!,
    o.refunded[row]!,
    o.state[row]!,
    o.payer[row]!,
    bytea(o.paymentId, row * 16, 16),
    o.createdMs[row]!,
    o.expiresMs[row]!,
    o.changedMs[row]!,
    o.user[row]!,
    o.userVersion[row]!,
  ]
  rows.orders.set(`${state.orders.numberOf(row)}/${o.seq[row]}`, `${cells.join('\t')}\n`)
  for (const split of splitRowsOf(state, row)) addSplit(rows, state, split)
}

type NameOfText = 'orderCreate' | 'orderCreateSplit' | 'mandateSign'

/** The text that follows a command's record. */
export function textOf({ view, u8 }: Applied['frame'], at: number, name: NameOfText): string {
  const record = commandRecords[name]
  const length = view.getUint16(at + record.at.textLength, true)
  return new TextDecoder().decode(u8.subarray(at + record.size, at + record.size + length))
}

export function textLine(shard: number, seq: number, index: number, text: string): string {
  // PostgreSQL's text holds no zero byte.
  return `${shard}\t${seq}\t${index}\t${escaped(text.replaceAll('\0', ''))}\n`
}

/** The text that came with an order that was made in this frame, and not in an earlier one. */
export function addOrderText(
  rows: ShardRows,
  state: State,
  { frame, entry, out }: Applied,
  i: number,
  at: number,
  name: 'orderCreate' | 'orderCreateSplit',
): void {
  const row = state.orders.row(out.value[i]!)
  const { seq, index } = state.orders.columns.at
  if (row < 0 || seq[row] !== entry.seq || index[row] !== i) return
  rows.orderTexts.push(textLine(rows.shard, entry.seq, i, textOf(frame, at, name)))
}

/** A payment that names an order is a payment like any other. */
export function addOrderPayment(rows: ShardRows, state: State, applied: Applied, i: number, at: number): void {
  const { payer, payee, amount } = readRecord(commandRecords.orderPayment, applied.frame.view, at)
  addPayment(rows, state, applied, i, at, { payer, payee, amount })
}

/** And so is a refund, which its merchant pays; of which order it is stands beside it. */
export function addRefund(rows: ShardRows, state: State, applied: Applied, i: number, at: number): void {
  const { wallet, amount, orderNo, id } = readRecord(commandRecords.orderRefund, applied.frame.view, at)
  const walletRow = state.walletRows.row(wallet)
  const order = walletRow < 0 ? -1 : state.orders.find(walletRow, orderNo)
  const { payer, seq } = state.orders.columns.at
  addPayment(rows, state, applied, i, at, { payer: wallet, payee: order < 0 ? 0 : payer[order]!, amount })
  if (applied.out.code[i] !== 0 || applied.out.repeated[i] === 1 || order < 0) return
  const cells = [wallet, escaped(orderNoText(orderNo)), seq[order]!, bytea(id, 0, 16), ...signedByUser(applied, at)]
  rows.refunds.push(`${cells.join('\t')}\n`)
}

type Paid = { payer: number; payee: number; amount: number }

/** The row of a payment that stands in the log as a command. */
export function addPayment(
  rows: ShardRows,
  state: State,
  { frame, out, entry }: Applied,
  i: number,
  at: number,
  { payer, payee, amount }: Paid,
): void {
  const code = out.code[i]!
  if (out.repeated[i] === 1 || (code !== 0 && rememberedByCode[code] === 0)) return
  const cells = [
    businessDay(state.logTimeMs),
    int8Of(payer),
    bytea(frame.u8, at + commandHeadRecord.at.id, 16),
    int8Of(payee),
    int8Of(amount),
    code,
    rows.shard,
    entry.seq,
    i,
    out.destination[i]!,
    out.value[i]!,
    bytea(frame.u8, at + commandHeadRecord.at.digestHigh, 8),
    state.logTimeMs,
    out.ruleVersion[i]!,
  ]
  rows.payments.push(`${cells.join('\t')}\n`)
}
