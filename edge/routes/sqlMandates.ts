import type postgres from 'postgres'
import { periods } from '../../actors/ledger/calendar.ts'
import type { MandateView } from '../../actors/ledger/mandateViews.ts'
import { refusalOf } from '../../actors/ledger/refusals.ts'
import type { TimeCursor } from './inspection.ts'
import type { JournalMandate, PayeeMandate } from './journal.ts'

type MandateRow = {
  wallet: bigint
  shard: number
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

type Fragment = postgres.PendingQuery<postgres.Row[]>

const stateNames = ['free', 'active', 'cancelled', 'over'] as const
const active = 1
const newestPlace: TimeCursor = { timeMs: Number.MAX_SAFE_INTEGER, shard: 0, seq: 0, index: 0 }
const periodNames = Object.keys(periods) as (keyof typeof periods)[]

/** A payer's mandates that `where` chooses, newest first. */
export async function selectMandates(sql: postgres.Sql, where: Fragment, count: number): Promise<JournalMandate[]> {
  return (await selectRows(sql, where, sql`m.seq desc, m.index desc`, count)).map(mandateOf)
}

/** Mandates by which a wallet is paid, whoever signed them, newest first. */
export async function selectMandatesFor(
  sql: postgres.Sql,
  payee: number,
  status: MandateView['state'] | undefined,
  before: TimeCursor = newestPlace,
  count: number,
): Promise<PayeeMandate[]> {
  const { timeMs, shard, seq, index } = before
  const ofStatus = status === undefined ? sql`` : sql`and ${inStatus(sql, status)}`
  const where = sql`m.payee = ${payee} and (m.signed_ms, m.shard, m.seq, m.index) < (${timeMs}, ${shard}, ${seq}, ${index})
    ${ofStatus}`
  const newest = sql`m.signed_ms desc, m.shard desc, m.seq desc, m.index desc`
  const rows = await selectRows(sql, where, newest, count)
  return rows.map((row) => ({ ...mandateOf(row), payer: Number(row.wallet), shard: row.shard }))
}

/** The same judgement as of a row that was read, so that a page of what is active holds nothing that has ended. */
function inStatus(sql: postgres.Sql, status: MandateView['state']): Fragment {
  const ended = sql`(m.state = ${active} and m.ends_ms > 0 and coalesce(m.ends_ms <= p.log_time_ms, false))`
  if (status === 'over') return sql`(m.state = ${stateNames.indexOf(status)} or ${ended})`
  return sql`(m.state = ${stateNames.indexOf(status)} and not ${ended})`
}

function selectRows(sql: postgres.Sql, where: Fragment, order: Fragment, count: number): Promise<MandateRow[]> {
  return sql<MandateRow[]>`
    select m.wallet, m.shard, m.id, m.seq, m.index, m.payee, m.scheduled, m.period, m.amount_fen as amount,
      m.period_amount_fen as period_amount, m.taken_fen as taken, m.payments, m.missed, m.count_max,
      m.first_ms as first, m.ends_ms as ends, m.next_ms as next, m.last_code, m.state, m.signed_ms as signed,
      m.changed_ms as changed, t.content, p.log_time_ms as log_time
    from mandates m
    left join mandate_texts t on t.shard = m.shard and t.seq = m.seq and t.index = m.index
    left join positions p on p.shard = m.shard
    where ${where} order by ${order} limit ${count}`
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
