import type {
  AppendOptions,
  AppendOutcome,
  EntryHandler,
  Follower,
  FollowOptions,
  LogBounds,
  LogEntry,
  ShardLog,
} from './shardLog.ts'
import { LogGap } from './shardLog.ts'

/**
 * What happens to one append, as it happens on a real network.
 * `lose`: it never arrives, and the sender does not know. `lose-ack`: it is stored, and the sender does not know.
 * `refuse`: nobody listens, and the sender knows.
 */
export type AppendFate = 'store' | 'lose' | 'lose-ack' | 'refuse'

export type MemoryLogOptions = {
  /** Named in errors. */
  readonly name?: string
  readonly nowMs?: () => number
  /** Frames that do not fit any more are refused; nothing is dropped for them. */
  readonly bytesMax?: number
  /** Runs work later; a simulation gives its own scheduler, so that order and time are the seed's. */
  readonly defer?: (work: () => void) => void
  readonly fateOf?: (subject: string, frame: Uint8Array) => AppendFate
}

/** A shard's log in memory, with the faults of a real one on request. It never reads a clock or chance by itself. */
export class MemoryLog implements ShardLog {
  readonly #name: string
  readonly #nowMs: () => number
  readonly #bytesMax: number
  readonly #defer: (work: () => void) => void
  readonly #fateOf: (subject: string, frame: Uint8Array) => AppendFate
  readonly #entries = new Map<number, LogEntry>()
  readonly #followers = new Set<MemoryFollower>()
  #first = 1
  #last = 0
  #bytes = 0

  constructor(options: MemoryLogOptions = {}) {
    this.#name = options.name ?? 'memory'
    this.#nowMs = options.nowMs ?? Date.now
    this.#bytesMax = options.bytesMax ?? Number.POSITIVE_INFINITY
    this.#defer = options.defer ?? queueMicrotask
    this.#fateOf = options.fateOf ?? (() => 'store')
  }

  append(subject: string, frame: Uint8Array, _options?: AppendOptions): Promise<AppendOutcome> {
    const fate = this.#fateOf(subject, frame)
    const outcome = this.#store(fate, subject, frame)
    return new Promise((resolve) => this.#defer(() => resolve(outcome)))
  }

  #store(fate: AppendFate, subject: string, frame: Uint8Array): AppendOutcome {
    if (fate === 'refuse') return { kind: 'not-sent' }
    if (fate === 'lose') return { kind: 'unknown' }
    if (this.#bytes + frame.length > this.#bytesMax) return { kind: 'full' }
    const seq = ++this.#last
    this.#bytes += frame.length
    this.#entries.set(seq, { seq, stampMs: this.#nowMs(), subject, data: frame.slice() })
    for (const follower of this.#followers) follower.wake()
    return fate === 'lose-ack' ? { kind: 'unknown' } : { kind: 'appended', seq }
  }

  follow(fromSeq: number, onEntry: EntryHandler, options: FollowOptions = {}): Follower {
    const read = (seq: number): LogEntry | undefined => {
      const entry = this.#entries.get(seq)
      if (entry !== undefined) return entry
      if (seq < this.#first) throw new LogGap(this.#name, seq, this.#first, 'the log was trimmed')
      if (seq > this.#last + 1) throw new LogGap(this.#name, seq, this.#last + 1, 'the log has lost its tail')
      if (seq <= this.#last) throw new LogGap(this.#name, seq, seq + 1, 'the log is damaged')
      return undefined
    }
    const follower = new MemoryFollower(fromSeq, read, onEntry, this.#defer, () => this.#followers.delete(follower))
    this.#followers.add(follower)
    options.onState?.({ kind: 'following' })
    follower.wake()
    return follower
  }

  bounds(): Promise<LogBounds> {
    return Promise.resolve({ first: this.#first, last: this.#last })
  }

  get last(): number {
    return this.#last
  }

  get first(): number {
    return this.#first
  }

  /** All entries held, oldest first. */
  entries(): LogEntry[] {
    return [...this.#entries.values()]
  }

  /** Takes the next entry of the log that this one mirrors, under its number and stamp. */
  copy(entry: LogEntry): void {
    if (entry.seq !== this.#last + 1)
      throw new LogGap(this.#name, this.#last + 1, entry.seq, 'a mirror copies in order')
    this.#last = entry.seq
    this.#bytes += entry.data.length
    this.#entries.set(entry.seq, { ...entry, data: entry.data.slice() })
    for (const follower of this.#followers) follower.wake()
  }

  entry(seq: number): LogEntry | undefined {
    return this.#entries.get(seq)
  }

  /** Drops everything up to and including `seq`, as the archiver does. */
  trimTo(seq: number): void {
    for (; this.#first <= Math.min(seq, this.#last); this.#first++) this.#remove(this.#first)
  }

  /** Drops one entry from the middle, as a damaged disk does. */
  damage(seq: number): void {
    this.#remove(seq)
  }

  /** Forgets the last entries and uses their numbers again, as a server does that had not synced. */
  loseTail(count: number): void {
    for (let i = 0; i < count && this.#last >= this.#first; i++) this.#remove(this.#last--)
    for (const follower of this.#followers) follower.wake()
  }

  #remove(seq: number): void {
    this.#bytes -= this.#entries.get(seq)?.data.length ?? 0
    this.#entries.delete(seq)
  }
}

class MemoryFollower implements Follower {
  readonly failed: Promise<Error>
  readonly #read: (seq: number) => LogEntry | undefined
  readonly #onEntry: EntryHandler
  readonly #defer: (work: () => void) => void
  readonly #onEnd: () => void
  readonly #fail: (error: Error) => void
  #next: number
  #busy: Promise<void> | undefined
  #scheduled = false
  #ended = false

  constructor(
    fromSeq: number,
    read: (seq: number) => LogEntry | undefined,
    onEntry: EntryHandler,
    defer: (work: () => void) => void,
    onEnd: () => void,
  ) {
    this.#next = fromSeq
    this.#read = read
    this.#onEntry = onEntry
    this.#defer = defer
    this.#onEnd = onEnd
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.failed = promise
    this.#fail = (error) => {
      this.#end()
      resolve(error)
    }
  }

  wake(): void {
    if (this.#scheduled || this.#busy !== undefined || this.#ended) return
    this.#scheduled = true
    this.#defer(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  async stop(): Promise<void> {
    this.#end()
    await this.#busy
  }

  #deliver(): void {
    try {
      while (!this.#ended) {
        const entry = this.#read(this.#next)
        if (entry === undefined) return
        this.#next++
        const held = this.#onEntry(entry)
        if (held !== undefined) {
          this.#waitFor(held)
          return
        }
      }
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #waitFor(held: Promise<void>): void {
    this.#busy = held.then(
      () => {
        this.#busy = undefined
        this.wake()
      },
      (error: Error) => {
        this.#busy = undefined
        this.#fail(error)
      },
    )
  }

  #end(): void {
    this.#ended = true
    this.#onEnd()
  }
}
