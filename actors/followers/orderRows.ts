import { businessDay } from '../ledger/businessTime.ts'
import { readRecord } from '../ledger/layout.ts'
import { orderNoBytes } from '../ledger/orderRecords.ts'
import { commandRecords } from '../ledger/records.ts'
import { rememberedByCode } from '../ledger/refusals.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { escaped, hex, int8Of } from './copyText.ts'
import type { ShardRows } from './shardRows.ts'

const bytea = (bytes: Uint8Array, at: number, length: number): string => `\\\\x${hex(bytes, at, length)}`

/** One order, taken down at once: its row is free for another some time after its end. */
export function addOrder(rows: ShardRows, state: State, row: number): void {
  const o = state.orders.columns.at
  const number = o.orderNo.subarray(row * orderNoBytes, (row + 1) * orderNoBytes)
  const text = String.fromCharCode(...number.subarray(0, number.indexOf(0) < 0 ? orderNoBytes : number.indexOf(0)))
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
  ]
  rows.orders.set(`${state.orders.numberOf(row)}/${o.seq[row]}`, `${cells.join('\t')}\n`)
}

/** The text that came with an order that was made in this frame, and not in an earlier one. */
export function addOrderText(
  rows: ShardRows,
  state: State,
  { frame, entry, out }: Applied,
  i: number,
  at: number,
): void {
  const row = state.orders.row(out.value[i]!)
  const { seq, index } = state.orders.columns.at
  if (row < 0 || seq[row] !== entry.seq || index[row] !== i) return
  const record = commandRecords.orderCreate
  const length = frame.view.getUint16(at + record.at.textLength, true)
  const text = new TextDecoder().decode(frame.u8.subarray(at + record.size, at + record.size + length))
  // PostgreSQL's text holds no zero byte.
  rows.orderTexts.push(`${rows.shard}\t${entry.seq}\t${i}\t${escaped(text.replaceAll('\0', ''))}\n`)
}

/** A payment that names an order is a payment like any other. */
export function addOrderPayment(rows: ShardRows, state: State, applied: Applied, i: number, at: number): void {
  const { frame, out, entry } = applied
  const code = out.code[i]!
  if (out.repeated[i] === 1 || (code !== 0 && rememberedByCode[code] === 0)) return
  const { payer, payee, amount, id } = readRecord(commandRecords.orderPayment, frame.view, at)
  const cells = [
    businessDay(state.logTimeMs),
    int8Of(payer),
    bytea(id, 0, 16),
    int8Of(payee),
    int8Of(amount),
    code,
    rows.shard,
    entry.seq,
    i,
    out.destination[i]!,
    out.value[i]!,
    bytea(frame.u8, at + commandRecords.orderPayment.at.digestHigh, 8),
    state.logTimeMs,
  ]
  rows.payments.push(`${cells.join('\t')}\n`)
}
