import { chainStart } from '../log/chain.ts'
import { heldTo, type OwnerSegment } from '../log/ownerRecord.ts'
import { CutBelow } from '../log/segmentedFollower.ts'
import type { SegmentInfo, SegmentStore } from '../log/segmentStore.ts'
import { type Follower, type LogEntry, LogGap, type ShardLog } from '../log/shardLog.ts'
import { cutArchive } from './cutArchive.ts'

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
  readonly #owners: () => readonly OwnerSegment[]
  readonly #o: ShardArchiverOptions
  #chain: Uint8Array = chainStart
  #archived = { epoch: 0, seq: 0 }
  /** Known from the beginning and from then on: to ask for each file of a large archive takes seconds. */
  #stored: SegmentInfo[] = []
  #waiting: LogEntry[] = []
  #waitingBytes = 0
  #oldestMs = 0
  #saving: Promise<void> = Promise.resolve()
  #follower: Follower | undefined

  /** @param owners segments of the log, as its owners are known now */
  constructor(
    shard: number,
    log: ShardLog,
    segments: SegmentStore,
    owners: () => readonly OwnerSegment[],
    options: ShardArchiverOptions,
  ) {
    this.shard = shard
    this.#log = log
    this.#segments = segments
    this.#owners = owners
    this.#o = options
  }

  /** Everything of the log up to here is in the archive for good. */
  get archivedSeq(): number {
    return heldTo(this.#owners(), this.#archived)
  }

  /** What the archive holds, in the log's order. */
  get stored(): readonly SegmentInfo[] {
    return this.#stored
  }

  get bytesWaiting(): number {
    return this.#waitingBytes
  }

  /**
   * Finds the archive's end, behind which a cut of the log may have left nothing.
   * @throws SegmentError when its last segment is damaged; LogGap when the log does not reach back to it, or ends before.
   */
  async begin(): Promise<void> {
    const archived = await cutArchive(this.shard, this.#segments, this.#owners())
    if (archived !== undefined) {
      this.#chain = archived.chain
      this.#archived = archived
    }
    this.#stored = await this.#segments.list(this.shard)
    const end = this.#archived.seq
    const { first, last } = await this.#log.bounds()
    if (first > end + 1) throw new LogGap(`of shard ${this.shard}`, end + 1, first, 'the archive ends before it')
    if (last < end) throw new LogGap(`of shard ${this.shard}`, end + 1, last + 1, 'the archive holds more than the log')
  }

  /** Follows the log. `onFailed` hears why it can't go on. */
  start(onFailed: (error: Error) => void): void {
    const { epoch, seq } = this.#archived
    // Whoever follows from beyond a cut would never hear of it: what comes looks like what should.
    if (this.archivedSeq < seq) {
      onFailed(new CutBelow(epoch, this.archivedSeq, seq))
      return
    }
    this.#follower = this.#log.follow(this.#archived.seq + 1, (entry) => this.#take(entry), { restMs })
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
      const { endChain, ...info } = await this.#segments.save(this.shard, this.#chain, entries)
      this.#stored.push(info)
      this.#chain = endChain
      this.#archived = { epoch: entries.at(-1)!.epoch ?? 0, seq: info.last }
      // What came meanwhile stands behind what was stored.
      this.#waiting = this.#waiting.slice(entries.length)
      this.#waitingBytes -= bytes
      this.#oldestMs = performance.now()
    })
    return this.#saving
  }

  /** Removes segments from the archive. */
  async forget(segments: readonly SegmentInfo[]): Promise<void> {
    for (const segment of segments) await this.#segments.remove(segment)
    const gone = new Set(segments)
    this.#stored = this.#stored.filter((segment) => !gone.has(segment))
  }

  /** Stores what was read and ends. */
  async stop(): Promise<void> {
    await this.#follower?.stop()
    await this.#save()
  }
}
