import { readRecord } from '../ledger/layout.ts'
import { commandRecords } from '../ledger/records.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { hex } from './copyText.ts'
import { addPayment } from './orderRows.ts'
import type { ShardRows } from './shardRows.ts'

/** One hold, taken down at once: its row is free for another some time after its end. */
export function addHold(rows: ShardRows, state: State, row: number): void {
  const h = state.holds.columns.at
  const wallet = state.wallets.at.number[h.wallet[row]!]!
  const id = hex(h.id, row * 16, 16)
  const cells = [
    wallet,
    `\\\\x${id}`,
    rows.shard,
    h.seq[row]!,
    h.index[row]!,
    h.payee[row]!,
    h.amount[row]!,
    h.captured[row]!,
    h.state[row]!,
    h.placedMs[row]!,
    h.expiresMs[row]!,
    h.changedMs[row]!,
  ]
  rows.holds.set(`${wallet}/${id}`, `${cells.join('\t')}\n`)
}

/** A capture is a payment of the payer's like any other. */
export function addCapture(rows: ShardRows, state: State, applied: Applied, i: number, at: number): void {
  const { wallet, payee, amount } = readRecord(commandRecords.holdCapture, applied.frame.view, at)
  addPayment(rows, state, applied, i, at, { payer: wallet, payee, amount })
}
