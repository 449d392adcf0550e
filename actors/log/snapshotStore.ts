import type { Blobs } from './blobs.ts'
import { liesWithin, type OwnerSegment } from './ownerRecord.ts'
import { type Snapshot, type SnapshotContents, SnapshotError } from './snapshot.ts'
import { openSnapshot, type SnapshotPlace } from './snapshotCodec.ts'

/** A stored snapshot as its store names it; nothing of it is authenticated until it is opened. */
export type SnapshotInfo = SnapshotPlace & {
  readonly name: string
  readonly createdMs: number
  readonly bytes: number
}

/** Keeps the newest snapshots of each shard, sealed. */
export interface SnapshotStore {
  /**
   * Stores a snapshot durably and drops those that are older than the newest few. The sections must not change meanwhile.
   * A save that fails or dies half way leaves what was there.
   */
  save(contents: SnapshotContents): Promise<void>
  /**
   * The newest one that opens; one that does not is reported and passed over. Undefined when there is none.
   * @param segments of the shard's log: a snapshot of what a later cut has voided is passed over too
   */
  newest(shard: number, segments?: readonly OwnerSegment[]): Promise<Snapshot | undefined>
  /** What is stored of a shard, newest first. */
  list(shard: number): Promise<SnapshotInfo[]>
}

export type SnapshotStoreOptions = {
  /** Told of each snapshot that was passed over, and why. */
  readonly onRefused?: (error: SnapshotError) => void
}

/** A new epoch begins a new history; within one the longer is the newer. */
export function newestFirst(a: SnapshotInfo, b: SnapshotInfo): number {
  return b.epoch - a.epoch || b.seq - a.seq || b.createdMs - a.createdMs
}

/** Opens the first of `infos` that is whole and, when `segments` are given, a state of that log. */
export async function openNewest(
  infos: readonly SnapshotInfo[],
  segments: readonly OwnerSegment[] | undefined,
  blobs: Blobs,
  read: (info: SnapshotInfo) => AsyncIterable<Uint8Array>,
  onRefused: SnapshotStoreOptions['onRefused'],
): Promise<Snapshot | undefined> {
  for (const info of infos) {
    if (segments !== undefined && !liesWithin(segments, info)) continue
    try {
      return await openSnapshot(blobs, info.name, info, read(info))
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error
      onRefused?.(error)
    }
  }
  return undefined
}
