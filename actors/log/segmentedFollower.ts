import { type OwnerSegment, placeOf, positionOf } from './ownerRecord.ts'
import {
  type EntryHandler,
  type Follower,
  type FollowOptions,
  type LogEntry,
  LogGap,
  type ShardLog,
} from './shardLog.ts'

/** How long to wait for a mirror that has not come as far as the log that it copies. */
const mirrorRetryMs = 250

/** The shard went to another owner at a position below what was read here: the reader must go back before it. */
export class CutBelow extends Error {
  /** Last position that the logical log still holds of what was read. */
  readonly cutPosition: number
  readonly readPosition: number

  constructor(epoch: number, cutPosition: number, readPosition: number) {
    super(`epoch ${epoch} was cut at position ${cutPosition}, and position ${readPosition} was read`)
    this.name = 'CutBelow'
    this.cutPosition = cutPosition
    this.readPosition = readPosition
  }
}

export type SegmentedFollowerOptions = {
  readonly segments: readonly OwnerSegment[]
  readonly fromSeq: number
  readonly onEntry: EntryHandler
  readonly options: FollowOptions
  readonly logOf: (region: string) => ShardLog
  /** True for a region whose stream is read from a mirror. */
  readonly mayLag: (region: string) => boolean
  readonly after: (delayMs: number, work: () => void) => () => void
  readonly onEnd: () => void
}

/** Reads the logical log: one stream after the other, each exactly to where it was cut. */
export class SegmentedFollower implements Follower {
  readonly failed: Promise<Error>
  readonly #o: SegmentedFollowerOptions
  readonly #fail: (error: Error) => void
  #segments: readonly OwnerSegment[]
  #next: number
  /** What is read now, and where in its stream the reader stands. */
  #segment: OwnerSegment | undefined
  #nextSeq = 0
  #inner: Follower | undefined
  #handling: Promise<void> | undefined
  #cancelRetry: (() => void) | undefined
  #ended = false

  constructor(options: SegmentedFollowerOptions) {
    this.#o = options
    this.#segments = options.segments
    this.#next = options.fromSeq
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.failed = promise
    this.#fail = (error) => {
      if (this.#ended) return
      this.#end()
      resolve(error)
    }
  }

  start(): void {
    this.#open()
  }

  update(segments: readonly OwnerSegment[]): void {
    if (this.#ended) return
    this.#segments = segments
    const epoch = this.#segment!.epoch
    const segment = segments.find((one) => one.epoch === epoch)
    if (segment === undefined) {
      this.#fail(new Error(`no segment has epoch ${epoch} any more, and position ${this.#next - 1} was read in it`))
      return
    }
    this.#segment = segment
    if (segment.last !== undefined && this.#nextSeq - 1 > segment.last) {
      this.#fail(new CutBelow(epoch, positionOf(segments, epoch, segment.last), this.#next - 1))
    } else if (this.#handling === undefined) this.#goOn()
  }

  async stop(): Promise<void> {
    const inner = this.#inner
    this.#end()
    await inner?.stop()
    await this.#handling?.catch(() => undefined)
  }

  /** Opens the stream in which the next position lies. */
  #open(): void {
    const { logOf, options, mayLag, after } = this.#o
    const { segment, seq } = placeOf(this.#segments, this.#next)!
    this.#segment = segment
    this.#nextSeq = seq
    const inner = logOf(segment.region).follow(seq, (entry) => this.#take(inner, entry), options)
    this.#inner = inner
    void inner.failed.then((error) => {
      if (this.#inner !== inner) return
      const behind = error instanceof LogGap && error.foundSeq < error.expectedSeq
      if (!behind || !mayLag(segment.region)) return this.#fail(error)
      // The mirror has not come so far yet, after a start or a failover: its origin has what is missing.
      options.onState?.({ kind: 'interrupted', reason: error.message })
      this.#inner = undefined
      this.#cancelRetry = after(mirrorRetryMs, () => this.#open())
    })
  }

  #take(inner: Follower, entry: LogEntry): void | Promise<void> {
    // A stream that was left may still hand out what it had on its way.
    if (this.#ended || this.#inner !== inner) return
    const { epoch } = this.#segment!
    const held = this.#o.onEntry({ ...entry, seq: this.#next, epoch })
    this.#next++
    this.#nextSeq++
    if (held === undefined) {
      this.#goOn()
      return
    }
    this.#handling = held.then(() => {
      this.#handling = undefined
      this.#goOn()
    })
    return this.#handling
  }

  /** Leaves a segment that was read to its end for the next that holds anything. */
  #goOn(): void {
    if (this.#ended) return
    const { last } = this.#segment!
    if (last === undefined || this.#nextSeq <= last) return
    const left = this.#inner
    this.#inner = undefined
    this.#cancelRetry?.()
    void left?.stop()
    this.#open()
  }

  #end(): void {
    this.#ended = true
    this.#cancelRetry?.()
    const inner = this.#inner
    this.#inner = undefined
    void inner?.stop()
    this.#o.onEnd()
  }
}
