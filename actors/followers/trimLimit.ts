import type { SegmentInfo } from '../log/segmentStore.ts'

/** What bounds the trimming of one shard's log. */
export type TrimFacts = {
  /** Last entry that the archive holds for good. */
  readonly archivedSeq: number
  /** Positions of the region's durable snapshots. */
  readonly snapshotSeqs: readonly number[]
  /** Where the projector's database stands. */
  readonly projectorSeq: number
  readonly segments: readonly SegmentInfo[]
  /** Archived bytes that stay in the log nevertheless. */
  readonly bytesKept: number
}

/**
 * The last entry that a log may forget, 0 for none: it is archived, in Postgres, behind the older of two snapshots (so
 * that one which does not open stops no shard), and older than what is kept for readers that begin in the past.
 */
export function trimLimit({ archivedSeq, snapshotSeqs, projectorSeq, segments, bytesKept }: TrimFacts): number {
  const olderSnapshot = snapshotSeqs.toSorted((a, b) => b - a)[1] ?? 0
  return Math.max(0, Math.min(archivedSeq, olderSnapshot, projectorSeq, behindBytes(segments, bytesKept)))
}

/** The last entry behind the newest segments that together hold at least `bytes`. */
function behindBytes(segments: readonly SegmentInfo[], bytes: number): number {
  let kept = 0
  for (const segment of segments.toReversed()) {
    if (kept >= bytes) return segment.last
    kept += segment.bytes
  }
  return 0
}

/**
 * The oldest segments that an archive of at most `bytesMax` does not keep: each lies behind `snapshotSeq`, from where a
 * shard can still be made anew.
 */
export function segmentsToForget(
  segments: readonly SegmentInfo[],
  bytesMax: number,
  snapshotSeq: number,
): readonly SegmentInfo[] {
  let total = segments.reduce((sum, { bytes }) => sum + bytes, 0)
  const forgotten: SegmentInfo[] = []
  for (const segment of segments) {
    if (total <= bytesMax || segment.last >= snapshotSeq) break
    total -= segment.bytes
    forgotten.push(segment)
  }
  return forgotten
}
