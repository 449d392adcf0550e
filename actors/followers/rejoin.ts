import type { OwnerSegment } from '../log/ownerRecord.ts'
import { newestRun, type SegmentStore } from '../log/segmentStore.ts'
import { inOnePart } from '../log/snapshot.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'
import { cutArchive } from './cutArchive.ts'

/** What a region keeps of a shard beside its logs. */
export type ShardStores = { readonly snapshots: SnapshotStore; readonly segments: SegmentStore }

/**
 * Gives a region that has lost a log what it needs to go on without it: a state at or behind the last entry that lay
 * there alone, and an archive that reaches as far. Both come from the other region, which has them of the same log.
 * It may be done again when it ended half way.
 * @param lost position of the last entry of the shard's log that the region cannot read any more
 * @returns why the other region cannot give it yet; undefined once it is done
 */
export async function rejoinShard(
  { shard, lost, segments }: { shard: number; lost: number; segments: readonly OwnerSegment[] },
  from: ShardStores,
  to: ShardStores,
): Promise<string | undefined> {
  return (
    (await takeSnapshot(shard, lost, segments, from.snapshots, to.snapshots)) ??
    (await takeArchive(shard, lost, segments, from.segments, to.segments))
  )
}

async function takeSnapshot(
  shard: number,
  lost: number,
  segments: readonly OwnerSegment[],
  from: SnapshotStore,
  to: SnapshotStore,
): Promise<string | undefined> {
  const own = await to.newest(shard, segments)
  if (own !== undefined && own.manifest.seq >= lost) return undefined
  const theirs = await from.newest(shard, segments)
  if (theirs === undefined || theirs.manifest.seq < lost) {
    return `shard ${shard}: the other region has no snapshot at or behind ${lost} yet`
  }
  const { formatVersion: _, ...manifest } = theirs.manifest
  await to.save({ ...manifest, sections: inOnePart(theirs.sections) })
  return undefined
}

async function takeArchive(
  shard: number,
  lost: number,
  segments: readonly OwnerSegment[],
  from: SegmentStore,
  to: SegmentStore,
): Promise<string | undefined> {
  await cutArchive(shard, to, segments)
  const own = await to.list(shard)
  if ((newestRun(own)?.last ?? 0) >= lost) return undefined
  const theirs = await from.list(shard)
  const run = newestRun(theirs)
  if (run === undefined || run.last < lost) {
    return `shard ${shard}: the other region's archive does not reach ${lost} yet`
  }
  for (const info of own) await to.remove(info)
  for (const info of theirs) {
    if (info.last < run.first) continue
    const { startChain, entries } = await from.read(info)
    await to.save(shard, startChain, entries)
  }
  return undefined
}
