import type postgres from 'postgres'
import type { Followed } from './journal.ts'

/** A projector that has not been heard of for so long may have missed what somebody asks for. */
const silentAfter = '60 seconds'
/**
 * A journal that is further behind its shard's log than this, in log time, does not say that there is nothing. What is
 * newer the shard itself remembers: ids for 20 minutes, sagas for an hour, orders for a day. Names and texts it
 * does not remember: they may be missing for so long.
 */
const behindMsMax = 60_000

/** How far a shard is followed, as it was before something was looked for; `heard`: some shard was followed lately. */
export type Standing = Followed & { readonly heard: boolean }

/** Where a shard's log ends, as the shard's owner says. @throws ShardUnavailable */
export type EndOfLog = (shard: number) => Promise<Followed>

export async function followedRows(
  sql: postgres.Sql,
  which: postgres.PendingQuery<postgres.Row[]>,
): Promise<Followed[]> {
  const rows = await sql<{ shard: number; seq: bigint; time: bigint }[]>`
    select shard, seq, log_time_ms as time from positions ${which}`
  return rows.map(({ shard, seq, time }) => ({ shard, seq: Number(seq), timeMs: Number(time) }))
}

export async function standingRows(sql: postgres.Sql): Promise<Standing[]> {
  // One process follows all shards, and writes only those in which something happened: any of them shows that it lives.
  const rows = await sql<{ shard: number; seq: bigint; time: bigint; heard: boolean }[]>`
    select shard, seq, log_time_ms as time, max(followed_at) over () > now() - ${silentAfter}::interval as heard
    from positions`
  return rows.map(({ shard, seq, time, heard }) => ({ shard, seq: Number(seq), timeMs: Number(time), heard }))
}

/**
 * A log to which nothing is added has an old end: there the position counts, not the time. Its newest frame may be
 * missing: it may be the very request that was answered with `id-expired`, and what it did the ledger still remembers.
 */
export function reaches({ seq, timeMs }: Followed, end: Followed): boolean {
  return seq >= end.seq - 1 || timeMs >= end.timeMs - behindMsMax
}
