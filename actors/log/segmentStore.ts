import type { Segment, SegmentPlace } from './segment.ts'
import type { LogEntry } from './shardLog.ts'

/** A stored segment as its store names it; nothing of it is checked until it is read. */
export type SegmentInfo = SegmentPlace & { readonly name: string; readonly bytes: number }

/** Keeps the parts of the shards' logs that a log's own server need not hold any more. */
export interface SegmentStore {
  /**
   * Stores entries that follow one another as one segment. Once it is resolved a crash or a power cut loses nothing of
   * it; one that fails or dies half way leaves nothing that `list` shows.
   * @param startChain the log's chain before the first of them
   */
  save(
    shard: number,
    startChain: Uint8Array,
    entries: readonly LogEntry[],
  ): Promise<SegmentInfo & { endChain: Uint8Array }>
  /** What is stored of a shard, in the log's order. */
  list(shard: number): Promise<SegmentInfo[]>
  /** @throws SegmentError when it is not whole. */
  read(info: SegmentInfo): Promise<Segment>
  /** Forgets a segment for good. */
  remove(info: SegmentInfo): Promise<void>
}

/** By first entry; of two with the same first the longer comes first, so that a reader takes it. */
export function logOrder(a: SegmentInfo, b: SegmentInfo): number {
  return a.first - b.first || b.last - a.last
}

/**
 * The entries that a store holds without a hole, the newest such run.
 * @returns undefined when there is nothing
 */
export function newestRun(infos: readonly SegmentInfo[]): { first: number; last: number } | undefined {
  let run: { first: number; last: number } | undefined
  for (const { first, last } of infos) {
    if (run === undefined || first > run.last + 1) run = { first, last }
    else if (last > run.last) run = { first: run.first, last }
  }
  return run
}

/** The segment to read on with at `seq`: of those that hold it the one that reaches furthest. */
export function segmentAt(infos: readonly SegmentInfo[], seq: number): SegmentInfo | undefined {
  return infos.filter(({ first, last }) => first <= seq && seq <= last).toSorted((a, b) => b.last - a.last)[0]
}
