import { newestRun, type SegmentStore, segmentAt } from './segmentStore.ts'
import {
  type AppendOptions,
  type AppendOutcome,
  type EntryHandler,
  type Follower,
  type FollowOptions,
  type LogBounds,
  LogGap,
  type ShardLog,
} from './shardLog.ts'

const retryMsMin = 50
const retryMsMax = 1_000
const reachMsMax = 60_000

/**
 * One shard's log from its very beginning: what its server does not hold any more comes from the archive, with the
 * stamps it had, and the rest from the server. A reader cannot tell where the one ends and the other begins.
 */
export class ArchivedLog implements ShardLog {
  readonly #shard: number
  readonly #live: ShardLog
  readonly #segments: SegmentStore

  constructor(shard: number, live: ShardLog, segments: SegmentStore) {
    this.#shard = shard
    this.#live = live
    this.#segments = segments
  }

  append(subject: string, frame: Uint8Array, options: AppendOptions): Promise<AppendOutcome> {
    return this.#live.append(subject, frame, options)
  }

  follow(fromSeq: number, onEntry: EntryHandler, options: FollowOptions = {}): Follower {
    if (!Number.isSafeInteger(fromSeq) || fromSeq < 1) throw new Error(`a log is read from 1 on, not from ${fromSeq}`)
    return new ArchivedFollower(this.#shard, this.#live, this.#segments, fromSeq, onEntry, options)
  }

  async bounds(): Promise<LogBounds> {
    const { first, last } = await this.#live.bounds()
    const run = newestRun(await this.#segments.list(this.#shard))
    return run !== undefined && run.first < first && run.last >= first - 1
      ? { first: run.first, last }
      : { first, last }
  }
}

class ArchivedFollower implements Follower {
  readonly failed: Promise<Error>
  readonly #shard: number
  readonly #live: ShardLog
  readonly #segments: SegmentStore
  readonly #onEntry: EntryHandler
  readonly #options: FollowOptions
  readonly #fail: (error: Error) => void
  readonly #running: Promise<void>
  readonly #stopping = Promise.withResolvers<undefined>()
  #follower: Follower | undefined
  #next: number
  #ended = false

  constructor(
    shard: number,
    live: ShardLog,
    segments: SegmentStore,
    fromSeq: number,
    onEntry: EntryHandler,
    options: FollowOptions,
  ) {
    this.#shard = shard
    this.#live = live
    this.#segments = segments
    this.#next = fromSeq
    this.#onEntry = onEntry
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.failed = promise
    this.#fail = (error) => {
      if (this.#ended) return
      this.#ended = true
      resolve(error)
    }
    this.#running = this.#run().catch((error: unknown) => this.#fail(error as Error))
  }

  async stop(): Promise<void> {
    this.#ended = true
    this.#stopping.resolve(undefined)
    await this.#follower?.stop()
    await this.#running
  }

  /** Hands out the archive up to where the log's server begins, then follows the server. */
  async #run(): Promise<void> {
    for (let standstills = 0; !this.#ended; ) {
      const from = this.#next
      await this.#handOutArchive()
      const error = this.#ended ? undefined : await this.#followLive()
      if (error === undefined) return
      standstills = this.#next === from ? standstills + 1 : 0
      // The log may be trimmed while this reader lags behind: the archive then has what is missing, if anything has.
      const trimmed = error instanceof LogGap && error.expectedSeq === this.#next && error.foundSeq > this.#next
      if (!trimmed || standstills > 1) throw error
    }
  }

  /** @returns why following ended, or nothing when it was stopped */
  async #followLive(): Promise<Error | undefined> {
    const take: EntryHandler = (entry) => {
      this.#next = entry.seq + 1
      return this.#onEntry(entry)
    }
    const follower = this.#live.follow(this.#next, take, this.#options)
    this.#follower = follower
    const error = await Promise.race([follower.failed, this.#stopping.promise])
    if (error === undefined) await follower.stop()
    return error
  }

  async #handOutArchive(): Promise<void> {
    for (;;) {
      const first = await this.#liveFirst()
      if (this.#ended || this.#next >= first) return
      await this.#handOutSegment(first)
    }
  }

  async #handOutSegment(liveFirst: number): Promise<void> {
    const info = segmentAt(await this.#segments.list(this.#shard), this.#next)
    if (info === undefined) {
      const what = 'the log was trimmed, and the archive does not hold it'
      throw new LogGap(`of shard ${this.#shard}`, this.#next, liveFirst, what)
    }
    const { entries } = await this.#segments.read(info)
    for (const entry of entries) {
      // What the server holds it is asked for: the archive may hold on to a tail that was cut off since.
      if (this.#ended || entry.seq >= liveFirst) return
      if (entry.seq < this.#next) continue
      this.#next = entry.seq + 1
      await this.#onEntry(entry)
    }
  }

  /** A server that does not answer is asked again for a while, as a follower of its log would. */
  async #liveFirst(): Promise<number> {
    const deadlineMs = performance.now() + reachMsMax
    for (let retryMs = retryMsMin; ; retryMs = Math.min(retryMs * 2, retryMsMax)) {
      try {
        return (await this.#live.bounds()).first
      } catch (error) {
        if (this.#ended) return this.#next
        if (performance.now() > deadlineMs) throw error
        this.#options.onState?.({ kind: 'interrupted', reason: (error as Error).message })
        await new Promise((resolve) => setTimeout(resolve, retryMs * (0.5 + Math.random())))
      }
    }
  }
}
