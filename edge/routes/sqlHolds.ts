import type postgres from 'postgres'
import type { JournalHold } from './journal.ts'

type HoldRow = {
  id: Uint8Array
  seq: bigint
  index: number
  payee: bigint
  amount: bigint
  captured: bigint
  state: number
  placed: bigint
  expires: bigint
  changed: bigint
  log_time: bigint | null
}

const stateNames = ['free', 'held', 'captured', 'voided', 'expired'] as const
const held = 1

/** Holds that `where` chooses, newest first. */
export async function selectHolds(
  sql: postgres.Sql,
  where: postgres.PendingQuery<postgres.Row[]>,
  count: number,
): Promise<JournalHold[]> {
  const rows = await sql<HoldRow[]>`
    select h.id, h.seq, h.index, h.payee, h.amount_fen as amount, h.captured_fen as captured, h.state,
      h.placed_ms as placed, h.expires_ms as expires, h.changed_ms as changed, p.log_time_ms as log_time
    from holds h left join positions p on p.shard = h.shard
    where ${where} order by h.seq desc, h.index desc limit ${count}`
  return rows.map(holdOf)
}

/** A deadline counts from its time on, whether a frame has carried it out yet or not. */
function holdOf(row: HoldRow): JournalHold {
  const expired = row.state === held && row.log_time !== null && row.expires <= row.log_time
  return {
    id: row.id,
    seq: Number(row.seq),
    index: row.index,
    payee: Number(row.payee),
    amount: Number(row.amount),
    captured: Number(row.captured),
    state: expired ? 'expired' : stateNames[row.state]!,
    placedMs: Number(row.placed),
    expiresMs: Number(row.expires),
    changedMs: Number(expired ? row.expires : row.changed),
  }
}
