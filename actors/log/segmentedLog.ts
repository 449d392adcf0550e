import { type OwnerSegment, positionOf } from './ownerRecord.ts'
import { SegmentedFollower } from './segmentedFollower.ts'
import type {
  AppendOptions,
  AppendOutcome,
  EntryHandler,
  Follower,
  FollowOptions,
  LogBounds,
  ShardLog,
} from './shardLog.ts'

export type SegmentedLogOptions = {
  /** Of this process: its stream is written here; another region's is a mirror, which may lag behind what was written. */
  readonly region: string
  /** The shard's stream, or mirror, of a region. */
  readonly logOf: (region: string) => ShardLog
  readonly segments: readonly OwnerSegment[]
  /** Runs once after a while; returns how to call it off. */
  readonly after?: (delayMs: number, work: () => void) => () => void
}

const machineAfter = (delayMs: number, work: () => void): (() => void) => {
  const timer = setTimeout(work, delayMs)
  return () => clearTimeout(timer)
}

/**
 * One shard's log as all of its owners wrote it, one after the other: the segments of the regions' streams, counted
 * through. `seq` is a logical position here, and each entry says whose epoch counts at its place.
 */
export class SegmentedLog implements ShardLog {
  readonly #o: SegmentedLogOptions
  readonly #followers = new Set<SegmentedFollower>()
  #segments: readonly OwnerSegment[]

  constructor(options: SegmentedLogOptions) {
    this.#o = options
    this.#segments = options.segments
  }

  get segments(): readonly OwnerSegment[] {
    return this.#segments
  }

  /**
   * Takes in that the shard has a new owner: readers end the old segment where it was cut and go on in the next. One that
   * has read beyond the cut fails with `CutBelow`. A list that is not newer changes nothing.
   */
  update(segments: readonly OwnerSegment[]): void {
    if (segments.at(-1)!.epoch <= this.#segments.at(-1)!.epoch) return
    this.#segments = segments
    for (const follower of this.#followers) follower.update(segments)
  }

  /** Appends to the stream of the shard's owner. `seq` of the outcome is the stream's, which a cut may still void. */
  append(subject: string, frame: Uint8Array, options: AppendOptions): Promise<AppendOutcome> {
    return this.#o.logOf(this.#segments.at(-1)!.region).append(subject, frame, options)
  }

  follow(fromSeq: number, onEntry: EntryHandler, options: FollowOptions = {}): Follower {
    const { region, logOf, after = machineAfter } = this.#o
    const follower = new SegmentedFollower({
      segments: this.#segments,
      fromSeq,
      onEntry,
      options,
      logOf,
      mayLag: (of) => of !== region,
      after,
      onEnd: () => this.#followers.delete(follower),
    })
    this.#followers.add(follower)
    follower.start()
    return follower
  }

  /** What can be read without a hole: a mirror that lags ends it, a stream that was trimmed begins it later. */
  async bounds(): Promise<LogBounds> {
    const segments = this.#segments
    let first = segments[0]!.first
    let last = first - 1
    for (const segment of segments) {
      if (segment.last !== undefined && segment.last < segment.first) continue
      const held = await this.#o.logOf(segment.region).bounds()
      const end = Math.max(segment.first - 1, Math.min(held.last, segment.last ?? held.last))
      if (held.first > segment.first) {
        const begin = Math.min(held.first, (segment.last ?? held.first) + 1)
        first = positionOf(segments, segment.epoch, begin)
      }
      last = Math.max(positionOf(segments, segment.epoch, end), first - 1)
      if (segment.last !== undefined && end < segment.last && held.first <= segment.last) break
    }
    return { first, last }
  }
}
