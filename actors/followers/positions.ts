import { chainStart } from '../log/chain.ts'
import { openDatabase } from './database.ts'
import type { Position } from './shardFollowing.ts'

/** Where the database stands, by shard; shards it has never heard of begin at zero. */
export async function readPositions(databaseUrl: string, shardCount: number): Promise<Position[]> {
  const sql = openDatabase(databaseUrl, 'positions', 1)
  try {
    for (let shard = 0; shard < shardCount; shard++) {
      await sql`insert into positions values (${shard}, 0, ${chainStart}, 0) on conflict do nothing`
    }
    const rows = await sql<{ shard: number; seq: bigint; chain: Uint8Array }[]>`
      select shard, seq, chain from positions order by shard`
    return rows.map(({ shard, seq, chain }) => ({ shard, seq: Number(seq), chain }))
  } finally {
    await sql.end({ timeout: 5 })
  }
}
