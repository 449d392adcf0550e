import type postgres from 'postgres'
import type { RefundsPage } from './journal.ts'
import { selectPayments } from './sqlPayments.ts'

/** An order has no more refunds than this shown; the order itself says how much went back. */
const refundsMax = 1_000

type RefundRow = { id: Uint8Array; by_user: number; by_user_version: number }

/** Refunds of the newest order of this number, oldest first. */
export async function selectRefunds(
  sql: postgres.Sql,
  merchant: number,
  orderNo: string,
): Promise<RefundsPage['refunds']> {
  const newest = sql`select max(seq) from orders where merchant = ${merchant} and order_no = ${orderNo}`
  const ofOrder = sql`merchant = ${merchant} and order_no = ${orderNo} and order_seq = (${newest})`
  const ids = sql`select id from refunds where ${ofOrder}`
  const where = sql`p.payer = ${merchant} and p.id in (${ids})`
  const payments = await selectPayments(sql, where, sql`p.seq, p.index`, refundsMax)
  const by = await sql<RefundRow[]>`select id, by_user, by_user_version from refunds where ${ofOrder}`
  return payments.map((payment) => {
    const row = by.find(({ id }) => Buffer.compare(id, payment.id) === 0)
    return { ...payment, user: row?.by_user ?? 0, userVersion: row?.by_user_version ?? 0 }
  })
}
