import type postgres from 'postgres'
import type { JournalMerchant } from './journal.ts'

type MerchantRow = {
  version: number
  seq: bigint
  index: number
  changed: bigint
  content: string | null
}

/** A merchant as it stands, with what it says of itself. */
export async function selectMerchant(sql: postgres.Sql, wallet: number): Promise<JournalMerchant | undefined> {
  const [row] = await sql<MerchantRow[]>`
    select m.profile_version as version, m.profile_seq as seq, m.profile_index as index, m.changed_ms as changed,
      t.content
    from merchants m
    left join merchant_texts t on t.shard = m.shard and t.seq = m.profile_seq and t.index = m.profile_index
    where m.wallet = ${wallet}`
  if (row === undefined) return undefined
  return {
    profileVersion: row.version,
    profileSeq: Number(row.seq),
    profileIndex: row.index,
    changedMs: Number(row.changed),
    content: row.content ?? undefined,
  }
}
