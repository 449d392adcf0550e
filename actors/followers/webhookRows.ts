import { createHash } from 'node:crypto'
import type { FrameInput } from '../ledger/frameInput.ts'
import { readRecord } from '../ledger/layout.ts'
import { orderNoBytes } from '../ledger/orderRecords.ts'
import { orderStates } from '../ledger/orderTable.ts'
import { postingKinds } from '../ledger/outcomes.ts'
import { commandRecords, transitRecord } from '../ledger/records.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { type WebhookType, webhookTypes } from '../log/webhookEvents.ts'
import { escaped, hex } from './copyText.ts'
import type { Posting } from './frameRows.ts'
import { orderNoText } from './orderRows.ts'
import type { ShardRows } from './shardRows.ts'

const endings: Readonly<Record<number, WebhookType>> = {
  [orderStates.expired]: 'order.expired',
  [orderStates.closed]: 'order.closed',
}

/**
 * What its merchant is told of each order that was paid or came to an end in this frame. That an order is paid does not
 * say when it was: the credit that names the order's payment does.
 */
export function addOrderEvents(rows: ShardRows, state: State, applied: Applied, postings: readonly Posting[]): void {
  const o = state.orders.columns.at
  const credits = new Map<string, number>()
  for (const { kind, row, id, index } of postings) {
    if (kind === postingKinds.paymentIn) credits.set(`${row}/${id}`, index)
  }
  for (const row of new Set(applied.out.orders)) {
    const ending = endings[o.state[row]!]
    if (ending !== undefined) addOrderEvent(rows, state, applied, row, ending, 0)
    if (o.state[row] !== orderStates.paid) continue
    const index = credits.get(`${o.wallet[row]}/${hex(o.paymentId, row * 16, 16)}`)
    if (index !== undefined) addOrderEvent(rows, state, applied, row, 'order.paid', index)
  }
}

function addOrderEvent(
  rows: ShardRows,
  state: State,
  { entry }: Applied,
  row: number,
  type: WebhookType,
  index: number,
): void {
  const o = state.orders.columns.at
  const merchant = state.wallets.at.number[o.wallet[row]!]!
  const orderNo = orderNoText(o.orderNo.subarray(row * orderNoBytes, (row + 1) * orderNoBytes))
  const cells = [
    `\\\\x${webhookEventId(type, merchant, `${orderNo}/${o.seq[row]}`)}`,
    webhookTypes[type],
    merchant,
    rows.shard,
    escaped(orderNo),
    o.seq[row]!,
    o.index[row]!,
    o.amount[row]!,
    o.createdMs[row]!,
    o.expiresMs[row]!,
    rows.shard,
    entry.seq,
    index,
    o.changedMs[row]!,
    o.payer[row]!,
    `\\\\x${hex(o.paymentId, row * 16, 16)}`,
    state.logTimeMs,
  ]
  rows.webhookEvents.push(`${cells.join('\t')}\n`)
}

/** The same in every region and however often the log is read: each of these happens to an order or a refund once. */
export function webhookEventId(type: WebhookType, merchant: number, what: string): string {
  return createHash('sha256').update(`jiaozi webhook|${type}|${merchant}|${what}`).digest('hex').slice(0, 32)
}

/** Refunds that arrived in this frame: the shard of who paid knows it, and not which order it was. */
export function addRefundArrivals(rows: ShardRows, state: State, applied: Applied, postings: readonly Posting[]): void {
  for (const { kind, row, delta, counterparty, id, index } of postings) {
    if (kind !== postingKinds.refundIn) continue
    const payer = state.wallets.at.number[row]!
    addEnd(rows, state, applied, { merchant: counterparty, id, payer, amount: delta, reason: 0, index })
  }
}

/** A refund that came back. @param at offset of its transit record */
export function addRefundReturn(
  rows: ShardRows,
  state: State,
  applied: Applied,
  index: number,
  at: number,
  id: Uint8Array,
): void {
  const { payer: merchant, payee: payer, amount, reason } = readRecord(transitRecord, applied.frame.view, at)
  addEnd(rows, state, applied, { merchant, id: hex(id, 0, 16), payer, amount, reason, index })
}

type RefundEnd = { merchant: number; id: string; payer: number; amount: number; reason: number; index: number }

function addEnd(rows: ShardRows, state: State, { entry }: Applied, end: RefundEnd): void {
  const { merchant, id, payer, amount, reason, index } = end
  const place = [state.shardOf(merchant), rows.shard, entry.seq, index, state.logTimeMs]
  rows.refundEnds.push(`${[merchant, `\\\\x${id}`, payer, amount, reason, ...place].join('\t')}\n`)
}

/** Somebody in charge asked that an event be told again. */
export function addReplay(rows: ShardRows, state: State, frame: FrameInput, at: number): void {
  const { wallet, event } = readRecord(commandRecords.webhookReplay, frame.view, at)
  rows.webhookReplays.push({ merchant: wallet, event: hex(event, 0, event.length), atMs: state.logTimeMs })
}
