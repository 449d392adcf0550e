import type postgres from 'postgres'
import type { JournalEntry } from './journal.ts'

/** A posting of a wallet as a statement reads it. */
export type EntryRow = {
  seq: bigint
  index: number
  kind: number
  delta: bigint
  counterparty: bigint
  counterparty_kind: number | null
  id: Uint8Array
  time: bigint
}

/** Entries of a wallet of `shard` that lie before a place, newest first. */
export async function selectEntries(
  sql: postgres.Sql,
  wallet: number,
  shard: number,
  { seq, index, kind }: { seq: number; index: number; kind: number },
  count: number,
): Promise<JournalEntry[]> {
  const rows = await sql<EntryRow[]>`
    select e.seq, e.index, e.kind, e.delta_fen as delta, e.counterparty, w.kind as counterparty_kind,
      e.command_id as id, e.log_time_ms as time
    from entries e left join wallets w on w.number = e.counterparty
    where e.wallet = ${wallet} and (e.seq, e.index, e.kind) < (${seq}, ${index}, ${kind})
    order by e.seq desc, e.index desc, e.kind desc limit ${count}`
  return rows.map((row) => entryOf(row, shard))
}

/** @param shard where the wallet lives */
export function entryOf(row: EntryRow, shard: number): JournalEntry {
  return {
    executed: { shard, seq: Number(row.seq), index: row.index, timeMs: Number(row.time) },
    kind: row.kind,
    deltaFen: Number(row.delta),
    counterparty: Number(row.counterparty),
    counterpartyKind: row.counterparty_kind ?? 0,
    id: row.id,
  }
}
