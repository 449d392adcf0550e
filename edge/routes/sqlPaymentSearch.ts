import type postgres from 'postgres'
import { postingKinds } from '../../actors/ledger/outcomes.ts'
import type { PaymentFilter, TimeCursor } from './inspection.ts'
import type { JournalPayment } from './journal.ts'
import { selectPayments } from './sqlPayments.ts'

/** A credit is posted in another shard's time: it stands a little before or behind its debit. */
const slackMs = 600_000
/** Of a busy payee's credits so many are looked through for one page. */
const creditsMax = 5_000
const arrivals = [postingKinds.paymentIn, postingKinds.refundIn]

type Fragment = postgres.PendingQuery<postgres.Row[]>

/**
 * Payments that fit, newest first. Each way of asking has an index of its own: an id, an order number, a wallet (as
 * payer by the payments, as payee by its entries), or else the time.
 */
export function searchPayments(
  sql: postgres.Sql,
  filter: PaymentFilter,
  before: TimeCursor,
  count: number,
): Promise<JournalPayment[]> {
  const { timeMs, shard, seq, index } = before
  const { amountMinFen, amountMaxFen, refused } = filter
  const parts = [
    sql`p.log_time_ms between ${filter.fromMs} and ${Math.min(filter.toMs, timeMs)}`,
    sql`(p.log_time_ms, p.shard, p.seq, p.index) < (${timeMs}, ${shard}, ${seq}, ${index})`,
    ...(amountMinFen === undefined ? [] : [sql`p.amount_fen >= ${amountMinFen}`]),
    ...(amountMaxFen === undefined ? [] : [sql`p.amount_fen <= ${amountMaxFen}`]),
    ...(refused === undefined ? [] : [sql`(coalesce(r.reason, p.code) <> 0) = ${refused}`]),
    ...keysOf(sql, filter, before),
  ]
  const where = parts.reduce((all, part) => sql`${all} and ${part}`)
  return selectPayments(sql, where, sql`p.log_time_ms desc, p.shard desc, p.seq desc, p.index desc`, count)
}

function keysOf(sql: postgres.Sql, filter: PaymentFilter, before: TimeCursor): Fragment[] {
  const keys: Fragment[] = []
  if (filter.id !== undefined) keys.push(sql`p.id = ${filter.id}`)
  if (filter.orderNo !== undefined) {
    keys.push(sql`(p.payer, p.id) in (
      select payer, payment_id from orders where order_no = ${filter.orderNo} and payer <> 0
      union all select merchant, id from refunds where order_no = ${filter.orderNo})`)
  }
  if (filter.wallet !== undefined) keys.push(ofWallet(sql, filter.wallet, filter, before))
  return keys
}

function ofWallet(sql: postgres.Sql, wallet: number, { fromMs, toMs }: PaymentFilter, before: TimeCursor): Fragment {
  const untilMs = Math.min(toMs, before.timeMs) + slackMs
  return sql`(p.payer, p.id) in (
    select payer, id from payments where payer = ${wallet}
    union all
    (select counterparty, command_id from entries
      where wallet = ${wallet} and kind in ${sql(arrivals)} and log_time_ms between ${fromMs - slackMs} and ${untilMs}
      order by seq desc limit ${creditsMax}))`
}
