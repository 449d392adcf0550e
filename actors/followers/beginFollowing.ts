import type { Logger } from 'pino'
import type { Blobs } from '../log/blobs.ts'
import { heldTo, type OwnerSegment } from '../log/ownerRecord.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'
import { cutBack } from './cutBack.ts'
import type { Database } from './database.ts'
import type { Position, ShardFollowing } from './shardFollowing.ts'

export type BeginPorts = {
  readonly blobs: Blobs
  readonly logger: Logger
  /** Where a state of the shard may be found; one that a cut has voided is passed over. */
  readonly snapshots: readonly SnapshotStore[]
  readonly openDatabase: () => Database
}

/**
 * Brings a shard's replica to where the database stands. A database that stands beyond a cut of the log is brought back
 * to it: a region was lost with a tail that it alone had, and returns.
 */
export async function beginFollowing(
  following: ShardFollowing,
  position: Position,
  segments: readonly OwnerSegment[],
  { blobs, logger, snapshots, openDatabase }: BeginPorts,
): Promise<void> {
  const { shard, replica } = following
  const stored = await Promise.all(snapshots.map((store) => store.newest(shard, segments)))
  const cut = heldTo(segments, position)
  if (cut === position.seq) {
    await following.catchUp(position, stored)
    return
  }
  await following.bringTo(cut, stored)
  const sql = openDatabase()
  try {
    await cutBack(sql, position, replica, blobs)
  } finally {
    await sql.end({ timeout: 5 })
  }
  logger.warn({ shard, from: position.seq, to: cut }, 'the log was cut off there: its rows are gone too')
}
