import { join } from 'node:path'
import type { Blobs } from '../log/blobs.ts'
import { chainStart } from '../log/chain.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { snapshotOf } from '../log/replicaSnapshot.ts'
import type { SegmentStore } from '../log/segmentStore.ts'
import type { LogEntry, ShardLog } from '../log/shardLog.ts'
import { BackupError, type BackupManifest } from './backupManifest.ts'
import { type AuditedShard, advanceToCut } from './cut.ts'

const segmentBytes = 16 * 1024 * 1024

export const segmentsDir = (dir: string): string => join(dir, 'segments')
export const snapshotsDir = (dir: string): string => join(dir, 'snapshots')

/**
 * Copies the shards as they are at one consistent cut at or past the logs' ends of now: a snapshot of each exactly
 * there, and its log from the first entry up to there. The region goes on meanwhile.
 * @param shards replicas that stand anywhere at or before the logs' ends
 * @throws BackupError when a log does not reach back to its beginning any more.
 */
export async function backUp(
  region: string,
  shards: readonly AuditedShard[],
  blobs: Blobs,
  dir: string,
): Promise<BackupManifest['shards']> {
  const segments = folderSegments(segmentsDir(dir), blobs, region)
  const snapshots = folderSnapshots(snapshotsDir(dir), blobs)
  for (const [shard, { log }] of shards.entries()) {
    const { first } = await log.bounds()
    if (first > 1)
      throw new BackupError(`the log of shard ${shard} begins at ${first}: its archive does not go back to 1`)
  }
  await advanceToCut(shards)
  const places: BackupManifest['shards'] = []
  for (const [shard, { replica, log }] of shards.entries()) {
    await snapshots.save(snapshotOf(region, replica, Date.now()))
    const chain = await copyLog(shard, log, replica.seq, segments)
    if (Buffer.compare(chain, replica.chain) !== 0) {
      throw new BackupError(`shard ${shard}: its log does not lead to its state at ${replica.seq}`)
    }
    const digest = replica.ledger.state.digestText()
    places.push({ shard, seq: replica.seq, chain: Buffer.from(chain).toString('hex'), digest })
  }
  return places
}

/** @returns the chain behind `last`. */
async function copyLog(shard: number, log: ShardLog, last: number, segments: SegmentStore): Promise<Uint8Array> {
  let chain: Uint8Array = chainStart
  let waiting: LogEntry[] = []
  let bytes = 0
  const save = async (): Promise<void> => {
    const stored = await segments.save(shard, chain, waiting)
    chain = stored.endChain
    waiting = []
    bytes = 0
  }
  const done = Promise.withResolvers<void>()
  const follower = log.follow(1, (entry) => {
    if (entry.seq > last) return
    waiting.push(entry)
    bytes += entry.data.length
    if (entry.seq === last) return save().then(done.resolve)
    if (bytes >= segmentBytes) return save()
  })
  void follower.failed.then(done.reject)
  try {
    await done.promise
  } finally {
    await follower.stop()
  }
  return chain
}
