import type postgres from 'postgres'
import { periods } from '../../actors/ledger/calendar.ts'
import { refusalOf } from '../../actors/ledger/refusals.ts'
import type { JournalMandate } from './journal.ts'

type MandateRow = {
  id: Uint8Array
  seq: bigint
  index: number
  payee: bigint
  scheduled: number
  period: number
  amount: bigint
  period_amount: bigint
  taken: bigint
  payments: bigint
  missed: bigint
  count_max: bigint
  first: bigint
  ends: bigint
  next: bigint
  last_code: number
  state: number
  signed: bigint
  changed: bigint
  content: string | null
  log_time: bigint | null
}

const stateNames = ['free', 'active', 'cancelled', 'over'] as const
const active = 1
const periodNames = Object.keys(periods) as (keyof typeof periods)[]

/** Mandates that `where` chooses, newest first. */
export async function selectMandates(
  sql: postgres.Sql,
  where: postgres.PendingQuery<postgres.Row[]>,
  count: number,
): Promise<JournalMandate[]> {
  const rows = await sql<MandateRow[]>`
    select m.id, m.seq, m.index, m.payee, m.scheduled, m.period, m.amount_fen as amount,
      m.period_amount_fen as period_amount, m.taken_fen as taken, m.payments, m.missed, m.count_max,
      m.first_ms as first, m.ends_ms as ends, m.next_ms as next, m.last_code, m.state, m.signed_ms as signed,
      m.changed_ms as changed, t.content, p.log_time_ms as log_time
    from mandates m
    left join mandate_texts t on t.shard = m.shard and t.seq = m.seq and t.index = m.index
    left join positions p on p.shard = m.shard
    where ${where} order by m.seq desc, m.index desc limit ${count}`
  return rows.map(mandateOf)
}

/** An end counts from its time on, whether a frame has carried it out yet or not. */
function mandateOf(row: MandateRow): JournalMandate {
  const ended = row.state === active && row.ends > 0n && row.log_time !== null && row.ends <= row.log_time
  return {
    id: row.id,
    seq: Number(row.seq),
    index: row.index,
    payee: Number(row.payee),
    scheduled: row.scheduled === 1,
    period: periodNames.find((name) => periods[name] === row.period)!,
    amount: Number(row.amount),
    periodAmount: Number(row.period_amount),
    taken: Number(row.taken),
    payments: Number(row.payments),
    missed: Number(row.missed),
    countMax: Number(row.count_max),
    firstMs: Number(row.first),
    endsMs: Number(row.ends),
    nextMs: Number(row.next),
    lastOutcome: refusalOf(row.last_code),
    state: ended ? 'over' : stateNames[row.state]!,
    signedMs: Number(row.signed),
    changedMs: Number(ended ? row.ends : row.changed),
    purpose: row.content === null || row.content === '' ? undefined : row.content,
  }
}
