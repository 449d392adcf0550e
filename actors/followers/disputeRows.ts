import { disputeName } from '../ledger/disputeTable.ts'
import { readRecord } from '../ledger/layout.ts'
import type { DisputeChange } from '../ledger/outcomes.ts'
import { commandRecords } from '../ledger/records.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { hex } from './copyText.ts'
import { addNotice, type NoticePlace } from './noticeRows.ts'
import { addPayment } from './orderRows.ts'
import type { ShardRows } from './shardRows.ts'

const bytea = (bytes: Uint8Array): string => `\\\\x${hex(bytes, 0, bytes.length)}`
const statusNames = ['', 'open', 'returned', 'declined', 'expired', 'withdrawn', 'bounced'] as const

/** A case as a change left it; the payee, who lives in this shard, is told. */
export function addDisputeChange(rows: ShardRows, change: DisputeChange, place: NoticePlace): void {
  addDispute(rows, change)
  addNotice(rows, change.wallet, 'disputeChanged', place, { status: statusNames[change.state]! })
}

export function addDispute(rows: ShardRows, change: DisputeChange): void {
  const { wallet, payer, paymentId, amount, payerInstitution, seq, index } = change
  const { openedMs, expiresMs, changedMs, state } = change
  const of = [wallet, payer, bytea(paymentId), rows.shard, seq, index, amount, payerInstitution, state]
  rows.disputes.set(`${wallet}/${payer}/${seq}/${index}`, `${[...of, openedMs, expiresMs, changedMs].join('\t')}\n`)
}

/** What the payer says in a case that was opened in this frame, sealed as the edge sealed it. */
export function addDisputeText(rows: ShardRows, { frame, entry }: Applied, i: number, at: number): void {
  const record = commandRecords.disputeOpen
  const length = frame.view.getUint16(at + record.at.textLength, true)
  if (length === 0) return
  rows.disputeTexts.push(`${rows.shard}\t${entry.seq}\t${i}\t\\\\x${hex(frame.u8, at + record.size, length)}\n`)
}

/** What the payee gives back is a payment of the payee's. */
export function addDisputeReturn(rows: ShardRows, state: State, applied: Applied, i: number, at: number): void {
  const { wallet, payer, payment, consent } = readRecord(commandRecords.disputeAnswer, applied.frame.view, at)
  const row = state.walletRows.row(wallet)
  const dispute = row < 0 ? -1 : state.disputes.find(row, disputeName(payment, payer))
  if (consent !== 1 || dispute < 0) return
  const amount = state.disputes.columns.at.amount[dispute]!
  addPayment(rows, state, applied, i, at, { payer: wallet, payee: payer, amount })
}
