import { chainStart } from '../log/chain.ts'
import { openDatabase } from './database.ts'
import type { Position } from './shardFollowing.ts'

/** Where the database stands, by shard; shards it has never heard of begin at zero. */
export async function readPositions(databaseUrl: string, shardCount: number): Promise<Position[]> {
  const sql = openDatabase(databaseUrl, 'positions', 1)
  try {
    for (let shard = 0; shard < shardCount; shard++) {
      await sql`insert into positions (shard, seq, chain, log_time_ms) values (${shard}, 0, ${chainStart}, 0) on conflict do nothing`
    }
    const rows = await sql<{ shard: number; seq: bigint; epoch: number; chain: Uint8Array }[]>`
      select shard, seq, epoch, chain from positions order by shard`
    return rows.map(({ seq, ...rest }) => ({ ...rest, seq: Number(seq) }))
  } finally {
    await sql.end({ timeout: 5 })
  }
}
