import type { SafePositions } from './safePositions.ts'
import { CutBelow } from './segmentedFollower.ts'
import type {
  AppendOptions,
  AppendOutcome,
  EntryHandler,
  Follower,
  FollowOptions,
  LogBounds,
  ShardLog,
} from './shardLog.ts'

/**
 * One shard's logical log as those read it who cannot go back: an entry is handed out once no later cut can lie below
 * it. An entry that was waiting when its owner was cut off is let go, and what the next owner wrote comes in its place.
 */
export class SafeLog implements ShardLog {
  readonly #shard: number
  readonly #log: ShardLog
  readonly #safe: SafePositions

  constructor(shard: number, log: ShardLog, safe: SafePositions) {
    this.#shard = shard
    this.#log = log
    this.#safe = safe
  }

  append(subject: string, frame: Uint8Array, options: AppendOptions): Promise<AppendOutcome> {
    return this.#log.append(subject, frame, options)
  }

  /** Those of the log itself: its end may not be safe yet. */
  bounds(): Promise<LogBounds> {
    return this.#log.bounds()
  }

  follow(fromSeq: number, onEntry: EntryHandler, options: FollowOptions = {}): Follower {
    return new SafeFollower(this.#shard, this.#log, this.#safe, fromSeq, onEntry, options)
  }
}

class SafeFollower implements Follower {
  readonly failed: Promise<Error>
  readonly #shard: number
  readonly #log: ShardLog
  readonly #safe: SafePositions
  readonly #onEntry: EntryHandler
  readonly #options: FollowOptions
  readonly #fail: (error: Error) => void
  #next: number
  #inner: Follower
  /** Lets go of the entry that waits. */
  #letGo: () => void = () => undefined
  #ended = false

  constructor(
    shard: number,
    log: ShardLog,
    safe: SafePositions,
    fromSeq: number,
    onEntry: EntryHandler,
    options: FollowOptions,
  ) {
    this.#shard = shard
    this.#log = log
    this.#safe = safe
    this.#next = fromSeq
    this.#onEntry = onEntry
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.failed = promise
    this.#fail = resolve
    this.#inner = this.#open()
  }

  #open(): Follower {
    let dropped = false
    // Of the one entry that waits: a promise that all of them waited for would remember each for as long as this follows.
    let release: () => void = () => undefined
    this.#letGo = () => {
      dropped = true
      release()
    }
    const inner = this.#log.follow(
      this.#next,
      (entry) => {
        if (entry.seq <= this.#safe.of(this.#shard)) return this.#hand(entry)
        if (dropped) return undefined
        return new Promise<void>((resolve) => {
          release = resolve
          void this.#safe.reached(this.#shard, entry.seq).then(resolve)
        }).then(() => (dropped ? undefined : this.#hand(entry)))
      },
      this.#options,
    )
    void inner.failed.then((error) => this.#onInnerFailed(error))
    return inner
  }

  #hand(entry: Parameters<EntryHandler>[0]): void | Promise<void> {
    this.#next = entry.seq + 1
    return this.#onEntry(entry)
  }

  #onInnerFailed(error: Error): void {
    this.#letGo()
    if (this.#ended) return
    if (error instanceof CutBelow && error.cutPosition >= this.#next - 1) this.#inner = this.#open()
    else this.#fail(error)
  }

  async stop(): Promise<void> {
    this.#ended = true
    this.#letGo()
    await this.#inner.stop()
  }
}
