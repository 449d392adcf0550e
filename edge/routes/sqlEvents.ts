import type postgres from 'postgres'
import type { EventCursor } from '../events/eventPlace.ts'
import type { JournalEvent } from './journal.ts'
import type { EntryRow } from './sqlEntries.ts'

type EventRow = EntryRow & { n: number; about: string | null; order_no: string | null }

/** Of each wallet what happened behind its cursor, oldest first, in one statement for all of them. */
export async function selectEvents(
  sql: postgres.Sql,
  after: readonly EventCursor[],
  count: number,
): Promise<JournalEvent[][]> {
  const cursors = JSON.stringify(after.map((cursor, n) => ({ n, ...cursor })))
  const rows = await sql<EventRow[]>`
    select c.n, v.seq, v.index, v.kind, v.delta, v.counterparty, w.kind as counterparty_kind, v.id, v.time, v.about,
      o.order_no
    from jsonb_to_recordset(${cursors}::text::jsonb)
      as c(n int, wallet bigint, seq bigint, index int, kind int, day int)
    cross join lateral (
      select * from (
        (select e.seq, e.index, e.kind::int as kind, e.delta_fen as delta, e.counterparty, e.command_id as id,
            e.log_time_ms as time, null::text as about
          from entries e
          where e.wallet = c.wallet and e.day >= c.day and (e.seq, e.index, e.kind) > (c.seq, c.index, c.kind)
          order by e.seq, e.index, e.kind limit ${count})
        union all
        (select n.seq, n.index, n.kind::int, 0, 0, ''::bytea, n.log_time_ms, n.about
          from notices n
          where n.wallet = c.wallet and (n.seq, n.index, n.kind) > (c.seq, c.index, c.kind)
          order by n.seq, n.index, n.kind limit ${count})
      ) both_kinds order by seq, index, kind limit ${count}
    ) v
    left join wallets w on w.number = v.counterparty
    left join lateral (
      select o.order_no from orders o
      where v.kind = 2 and o.merchant = c.wallet and o.payer = v.counterparty and o.payment_id = v.id
      order by o.seq desc limit 1
    ) o on true
    order by c.n, v.seq, v.index, v.kind`
  const events: JournalEvent[][] = after.map(() => [])
  for (const row of rows) events[row.n]?.push(eventOf(row))
  return events
}

function eventOf(row: EventRow): JournalEvent {
  return {
    seq: Number(row.seq),
    index: row.index,
    kind: row.kind,
    timeMs: Number(row.time),
    deltaFen: Number(row.delta),
    counterparty: Number(row.counterparty),
    counterpartyKind: row.counterparty_kind ?? 0,
    id: row.id,
    about: row.about ?? undefined,
    orderNo: row.order_no ?? undefined,
  }
}
