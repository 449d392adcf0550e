import type postgres from 'postgres'
import { bucketOf } from '../../actors/ledger/ids.ts'
import type { Leg, PaymentTrail } from './inspection.ts'
import type { Found, JournalPayment } from './journal.ts'
import { selectPayments } from './sqlPayments.ts'

/** Shards' clocks differ by seconds at most; from so long before the debit on its credit is looked for. */
const marginMs = 60_000
const hourMs = 3_600_000

type Fragment = postgres.PendingQuery<postgres.Row[]>
type LegRow = { seq: bigint; index: number; time: bigint; delta: bigint; shard: number; kind: number }

/** Puts together what the journal holds of one payment, in both shards. */
export async function readTrail(
  sql: postgres.Sql,
  payer: number,
  id: Uint8Array,
  shardCount: number,
): Promise<Found<PaymentTrail>> {
  const [payment] = await selectPayments(sql, sql`p.payer = ${payer} and p.id = ${id}`, sql`p.seq`, 1)
  if (payment === undefined) return { kind: 'none' }
  const [debit, credit, returned, lane, order] = await Promise.all([
    debitOf(sql, payment),
    creditOf(sql, payment, bucketOf(payment.payee) % shardCount),
    returnOf(sql, payment),
    laneOf(sql, payment),
    orderOf(sql, payment),
  ])
  return { kind: 'found', record: { payment, debit, credit, returned, lane, order } }
}

async function legOf(sql: postgres.Sql, wallet: number, where: Fragment): Promise<Leg | undefined> {
  const [row] = await sql<LegRow[]>`
    select e.shard, e.seq, e.index, e.log_time_ms as time, e.delta_fen as delta, e.kind from entries e
    where e.wallet = ${wallet} and ${where} order by e.seq, e.index limit 1`
  if (row === undefined) return undefined
  const { shard, seq, index, time, delta } = row
  const executed = { shard, seq: Number(seq), index, timeMs: Number(time) }
  return { executed, deltaFen: Number(delta), wallet }
}

function debitOf(sql: postgres.Sql, { payer, id, executed }: JournalPayment): Promise<Leg | undefined> {
  return legOf(sql, payer, sql`e.seq = ${executed.seq} and e.command_id = ${id} and e.delta_fen < 0`)
}

/**
 * The payee's entry is looked for from about where its shard stood at the time of the debit: a payee may have millions.
 */
async function creditOf(
  sql: postgres.Sql,
  { payee, id, executed }: JournalPayment,
  shard: number,
): Promise<Leg | undefined> {
  const untilMs = executed.timeMs - marginMs
  const [near] = await sql<{ seq: bigint }[]>`
    select seq from payments where log_time_ms between ${untilMs - hourMs} and ${untilMs} and shard = ${shard}
    order by log_time_ms desc limit 1`
  const from = shard === executed.shard ? executed.seq : Number(near?.seq ?? 0n)
  return legOf(sql, payee, sql`e.seq >= ${from} and e.command_id = ${id} and e.delta_fen > 0`)
}

async function returnOf(sql: postgres.Sql, { payer, id }: JournalPayment): Promise<PaymentTrail['returned']> {
  const [row] = await sql<{ reason: number; seq: bigint }[]>`
    select reason, seq from returns where payer = ${payer} and id = ${id}`
  if (row === undefined) return undefined
  const leg = await legOf(sql, payer, sql`e.seq = ${Number(row.seq)} and e.command_id = ${id} and e.delta_fen > 0`)
  return leg === undefined ? undefined : { ...leg, code: row.reason }
}

async function laneOf(sql: postgres.Sql, { payer, id }: JournalPayment): Promise<PaymentTrail['lane']> {
  const [row] = await sql<{ destination: number; transit: bigint; received: bigint | null }[]>`
    select p.destination - 1 as destination, p.transit, l.received from payments p
    left join lanes l on l.source = p.shard and l.destination = p.destination - 1
    where p.payer = ${payer} and p.id = ${id} and p.destination > 0 and p.code = 0`
  if (row === undefined) return undefined
  return { destination: row.destination, transit: Number(row.transit), received: Number(row.received ?? 0n) }
}

async function orderOf(sql: postgres.Sql, { payer, id }: JournalPayment): Promise<PaymentTrail['order']> {
  const [row] = await sql<{ merchant: bigint; order_no: string; refund: boolean }[]>`
    select merchant, order_no, false as refund from orders where payer = ${payer} and payment_id = ${id}
    union all select merchant, order_no, true from refunds where merchant = ${payer} and id = ${id} limit 1`
  return row === undefined ? undefined : { merchant: Number(row.merchant), orderNo: row.order_no, refund: row.refund }
}
