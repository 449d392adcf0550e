import { businessDay } from '../ledger/businessTime.ts'
import { readRecord } from '../ledger/layout.ts'
import type { MadePayment } from '../ledger/outcomes.ts'
import { commandRecords } from '../ledger/records.ts'
import { rememberedByCode } from '../ledger/refusals.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { hex } from './copyText.ts'
import { addPayment, textLine, textOf } from './orderRows.ts'
import type { ShardRows } from './shardRows.ts'

const bytea = (bytes: Uint8Array, at = 0): string => `\\\\x${hex(bytes, at, 16)}`

/** One mandate, taken down at once: its row is free for another some time after its end. */
export function addMandate(rows: ShardRows, state: State, row: number): void {
  const m = state.mandates.columns.at
  const wallet = state.wallets.at.number[m.wallet[row]!]!
  const cells = [
    wallet,
    bytea(m.id, row * 16),
    rows.shard,
    m.seq[row]!,
    m.index[row]!,
    m.payee[row]!,
    m.scheduled[row]!,
    m.period[row]!,
    m.amount[row]!,
    m.periodAmount[row]!,
    m.taken[row]!,
    m.payments[row]!,
    m.missed[row]!,
    m.countMax[row]!,
    m.firstMs[row]!,
    m.endsMs[row]!,
    m.nextMs[row]!,
    m.tries[row]!,
    m.lastCode[row]!,
    m.state[row]!,
    m.signedMs[row]!,
    m.changedMs[row]!,
  ]
  rows.mandates.set(`${wallet}/${hex(m.id, row * 16, 16)}`, `${cells.join('\t')}\n`)
}

/** What a mandate that was signed in this frame is for. */
export function addPurpose(rows: ShardRows, { frame, entry }: Applied, i: number, at: number): void {
  rows.mandateTexts.push(textLine(rows.shard, entry.seq, i, textOf(frame, at, 'mandateSign')))
}

/** A collection is a payment of the payer's like any other; by which mandate stands beside it. */
export function addCollection(rows: ShardRows, state: State, applied: Applied, i: number, at: number): void {
  const { wallet, payee, amount, mandate, id } = readRecord(commandRecords.mandateCollect, applied.frame.view, at)
  addPayment(rows, state, applied, i, at, { payer: wallet, payee, amount })
  const code = applied.out.code[i]!
  if (applied.out.repeated[i] === 1 || (code !== 0 && rememberedByCode[code] === 0)) return
  rows.mandatePayments.push(`${wallet}\t${bytea(mandate)}\t${bytea(id)}\n`)
}

/** A payment that the ledger made by itself, or tried to; nobody signed it, so that it has no digest. */
export function addMade(rows: ShardRows, state: State, seq: number, made: MadePayment): void {
  const { payer, payee, amount, code, mandate, id, index, destination, transit } = made
  const day = businessDay(state.logTimeMs)
  const cells = [day, payer, bytea(id), payee, amount, code, rows.shard, seq, index, destination, transit]
  rows.payments.push(`${cells.join('\t')}\t\\\\x${'00'.repeat(8)}\t${state.logTimeMs}\t${state.ruleVersion}\n`)
  if (mandate === undefined) return
  const { id: ids } = state.mandates.columns.at
  rows.mandatePayments.push(`${payer}\t${bytea(ids, mandate * 16)}\t${bytea(id)}\n`)
}
