import type postgres from 'postgres'
import type { JournalEntry } from './journal.ts'
import { type EntryRow, entryOf } from './sqlEntries.ts'

type LineRow = EntryRow & { order_no: string | null }

/** Sum of all that moved in a wallet before a business day, in fen. */
export async function selectOpening(sql: postgres.Sql, wallet: number, day: number): Promise<number> {
  const [row] = await sql<{ fen: bigint }[]>`
    select coalesce(sum(delta_fen), 0)::bigint as fen from entries where wallet = ${wallet} and day < ${day}`
  return Number(row!.fen)
}

/** What moved in a wallet on the business days from the first to before the last, oldest first. */
export async function selectLines(
  sql: postgres.Sql,
  wallet: number,
  days: { readonly from: number; readonly to: number },
  count: number,
  shard: number,
): Promise<(JournalEntry & { orderNo: string | undefined })[]> {
  const rows = await sql<LineRow[]>`
    select e.seq, e.index, e.kind, e.delta_fen as delta, e.counterparty, w.kind as counterparty_kind,
      e.command_id as id, e.log_time_ms as time, coalesce(o.order_no, f.order_no) as order_no
    from entries e
    left join wallets w on w.number = e.counterparty
    left join lateral (
      select o.order_no from orders o
      where (e.kind = 2 and o.merchant = e.wallet and o.payer = e.counterparty and o.payment_id = e.command_id)
        or (e.kind = 1 and o.merchant = e.counterparty and o.payer = e.wallet and o.payment_id = e.command_id)
      order by o.seq desc limit 1
    ) o on true
    left join refunds f on e.kind in (7, 9) and f.merchant = e.wallet and f.id = e.command_id
    where e.wallet = ${wallet} and e.day >= ${days.from} and e.day < ${days.to}
    order by e.seq, e.index, e.kind limit ${count}`
  return rows.map((row) => ({ ...entryOf(row, shard), orderNo: row.order_no ?? undefined }))
}

/** The number of the order that a payment paid, if it paid one. */
export async function selectOrderOfPayment(
  sql: postgres.Sql,
  payer: number,
  payee: number,
  id: Uint8Array,
): Promise<string | undefined> {
  const [row] = await sql<{ order_no: string }[]>`
    select order_no from orders where payer = ${payer} and payment_id = ${id} and merchant = ${payee} limit 1`
  return row?.order_no
}
