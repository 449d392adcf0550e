import { chainStart } from '../log/chain.ts'
import { newestRun, type SegmentStore } from '../log/segmentStore.ts'
import { type Follower, type LogEntry, LogGap, type ShardLog } from '../log/shardLog.ts'

/** Nobody waits for a segment. */
const restMs = 250

export type ShardArchiverOptions = {
  readonly segmentBytesMax: number
  readonly segmentAgeMsMax: number
}

/**
 * Copies one shard's log into segments. What was not stored when the process died is read from the log again: a log is
 * trimmed only behind `archivedSeq`.
 */
export class ShardArchiver {
  readonly shard: number
  readonly #log: ShardLog
  readonly #segments: SegmentStore
  readonly #o: ShardArchiverOptions
  #chain: Uint8Array = chainStart
  #archivedSeq = 0
  #waiting: LogEntry[] = []
  #waitingBytes = 0
  #oldestMs = 0
  #saving: Promise<void> = Promise.resolve()
  #follower: Follower | undefined

  constructor(shard: number, log: ShardLog, segments: SegmentStore, options: ShardArchiverOptions) {
    this.shard = shard
    this.#log = log
    this.#segments = segments
    this.#o = options
  }

  /** Everything up to here is in the archive for good. */
  get archivedSeq(): number {
    return this.#archivedSeq
  }

  get bytesWaiting(): number {
    return this.#waitingBytes
  }

  /**
   * Finds the archive's end.
   * @throws SegmentError when its last segment is damaged; LogGap when the log does not reach back to it, or ends before.
   */
  async begin(): Promise<void> {
    const infos = await this.#segments.list(this.shard)
    const end = newestRun(infos)?.last ?? 0
    const newest = infos.find(({ last }) => last === end)
    if (newest !== undefined) {
      this.#chain = (await this.#segments.read(newest)).endChain
      this.#archivedSeq = end
    }
    const { first, last } = await this.#log.bounds()
    if (first > end + 1) throw new LogGap(`of shard ${this.shard}`, end + 1, first, 'the archive ends before it')
    if (last < end) throw new LogGap(`of shard ${this.shard}`, end + 1, last + 1, 'the archive holds more than the log')
  }

  /** Follows the log. `onFailed` hears why it can't go on. */
  start(onFailed: (error: Error) => void): void {
    this.#follower = this.#log.follow(this.#archivedSeq + 1, (entry) => this.#take(entry), { restMs })
    void this.#follower.failed.then(onFailed)
  }

  /** Entries wait for the store, so that what is held in memory is bounded. */
  #take(entry: LogEntry): void | Promise<void> {
    if (this.#waiting.length === 0) this.#oldestMs = performance.now()
    this.#waiting.push(entry)
    this.#waitingBytes += entry.data.length
    if (this.#waitingBytes >= this.#o.segmentBytesMax) return this.#save()
  }

  /** Stores what has waited long enough. */
  saveAged(): Promise<void> {
    if (this.#waiting.length === 0 || performance.now() - this.#oldestMs < this.#o.segmentAgeMsMax) {
      return Promise.resolve()
    }
    return this.#save()
  }

  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const entries = this.#waiting.slice()
      if (entries.length === 0) return
      const bytes = this.#waitingBytes
      const { endChain, last } = await this.#segments.save(this.shard, this.#chain, entries)
      this.#chain = endChain
      this.#archivedSeq = last
      // What came meanwhile stands behind what was stored.
      this.#waiting = this.#waiting.slice(entries.length)
      this.#waitingBytes -= bytes
      this.#oldestMs = performance.now()
    })
    return this.#saving
  }

  /** Stores what was read and ends. */
  async stop(): Promise<void> {
    await this.#follower?.stop()
    await this.#save()
  }
}
