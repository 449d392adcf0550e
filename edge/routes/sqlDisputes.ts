import type postgres from 'postgres'
import type { JournalDispute } from './journal.ts'

type DisputeRow = {
  wallet: bigint
  payer: bigint
  payment_id: Uint8Array
  seq: bigint
  index: number
  amount: bigint
  state: number
  opened: bigint
  expires: bigint
  changed: bigint
  sealed: Uint8Array | null
  log_time: bigint | null
}

const open = 1
const expired = 4

/** Cases that `where` chooses, newest first. */
export async function selectDisputes(
  sql: postgres.Sql,
  where: postgres.PendingQuery<postgres.Row[]>,
  count: number,
): Promise<JournalDispute[]> {
  const rows = await sql<DisputeRow[]>`
    select d.wallet, d.payer, d.payment_id, d.seq, d.index, d.amount_fen as amount, d.state, d.opened_ms as opened,
      d.expires_ms as expires, d.changed_ms as changed, t.text_sealed as sealed, p.log_time_ms as log_time
    from disputes d
    left join dispute_texts t on t.shard = d.shard and t.seq = d.seq and t.index = d.index
    left join positions p on p.shard = d.shard
    where ${where} order by d.opened_ms desc, d.seq desc, d.index desc limit ${count}`
  return rows.map(disputeOf)
}

/** A deadline counts from its time on, whether a frame has carried it out yet or not. */
function disputeOf(row: DisputeRow): JournalDispute {
  const over = row.state === open && row.log_time !== null && row.expires <= row.log_time
  return {
    payee: Number(row.wallet),
    payer: Number(row.payer),
    paymentId: row.payment_id,
    amountFen: Number(row.amount),
    state: over ? expired : row.state,
    openedMs: Number(row.opened),
    expiresMs: Number(row.expires),
    changedMs: Number(over ? row.expires : row.changed),
    sealed: row.sealed ?? undefined,
  }
}
