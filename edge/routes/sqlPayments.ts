import type postgres from 'postgres'
import type { JournalPayment } from './journal.ts'

type PaymentRow = {
  payer: bigint
  payee: bigint
  id: Uint8Array
  amount: bigint
  code: number
  digest: Uint8Array
  shard: number
  seq: bigint
  index: number
  time: bigint
  complete: boolean
  rule_version: number
}

/** Payments that `where` chooses. One between shards is complete once the payee's has taken it in and every return until then came back. */
export async function selectPayments(
  sql: postgres.Sql,
  where: postgres.PendingQuery<postgres.Row[]>,
  order: postgres.PendingQuery<postgres.Row[]>,
  count: number,
): Promise<JournalPayment[]> {
  const rows = await sql<PaymentRow[]>`
    select p.payer, p.payee, p.id, p.amount_fen as amount, coalesce(r.reason, p.code) as code, p.digest,
      p.shard, p.seq, p.index, p.log_time_ms as time, p.rule_version,
      p.destination = 0 or r.reason is not null
        or coalesce(l.received > p.transit and l.returns_applied >= l.returns_issued, false) as complete
    from payments p
    left join returns r on r.payer = p.payer and r.id = p.id
    left join lanes l on l.source = p.shard and l.destination = p.destination - 1
    where ${where} order by ${order} limit ${count}`
  return rows.map(({ payer, payee, amount, code, digest, id, complete, shard, seq, index, time, rule_version }) => ({
    payer: Number(payer),
    payee: Number(payee),
    amountFen: Number(amount),
    code,
    digest,
    id,
    complete,
    ruleVersion: rule_version,
    executed: { shard, seq: Number(seq), index, timeMs: Number(time) },
  }))
}
