import { replayTo } from '../log/replay.ts'
import { Replica } from '../log/replica.ts'
import type { Opener } from '../log/sealing.ts'
import type { Follower, FollowerState, LogEntry, ShardLog } from '../log/shardLog.ts'
import type { Snapshot } from '../log/snapshot.ts'
import { addFrame, PostingWatch } from './frameRows.ts'
import { ShardRows } from './shardRows.ts'

/** Rows wait about as long for their turn in the database. */
const restMs = 50

/** Where the database stands for one shard. */
export type Position = {
  readonly shard: number
  readonly seq: number
  /** Of the frame there. */
  readonly epoch: number
  readonly chain: Uint8Array
}

/** One shard's replica and the rows that its newest frames leave behind. */
export class ShardFollowing {
  readonly shard: number
  readonly replica: Replica
  readonly #watch = new PostingWatch()
  readonly #log: ShardLog
  #rows: ShardRows
  #follower: Follower | undefined
  /** Why the log is not heard now; empty while it is. */
  interrupted = ''

  constructor(shard: number, log: ShardLog, opener: Opener) {
    this.shard = shard
    this.#log = log
    this.replica = new Replica(shard, opener, this.#watch)
    this.#rows = new ShardRows(shard, 0)
  }

  get rows(): ShardRows {
    return this.#rows
  }

  /**
   * Brings the replica to where the database stands, from the newest snapshot that is not past it, writing nothing.
   * @throws Error when the log is not the one that the database was filled from.
   */
  async catchUp(position: Position, snapshots: readonly (Snapshot | undefined)[]): Promise<void> {
    await this.bringTo(position.seq, snapshots)
    if (position.seq > 0 && Buffer.compare(this.replica.chain, position.chain) !== 0) {
      throw new Error(
        `shard ${this.shard}: the database followed another log than this one up to ${position.seq}; it needs to be rebuilt`,
      )
    }
  }

  /** Brings the replica to a position of the log, from the newest snapshot that is not past it, writing nothing. */
  async bringTo(seq: number, snapshots: readonly (Snapshot | undefined)[]): Promise<void> {
    const usable = snapshots
      .filter((snapshot) => snapshot !== undefined)
      .filter(({ manifest }) => manifest.seq <= seq)
      .toSorted((a, b) => b.manifest.seq - a.manifest.seq)[0]
    if (usable !== undefined) this.replica.restore(usable.manifest, usable.sections)
    this.#watch.idle = true
    await replayTo(this.replica, this.#log, seq)
    this.#watch.idle = false
    this.#rows = new ShardRows(this.shard, this.replica.seq)
  }

  /** @param afterFrame holds the next frame back while its promise is pending */
  follow(afterFrame: () => void | Promise<void>, onFailed: (error: Error) => void): void {
    const onEntry = (entry: LogEntry): void | Promise<void> => {
      const done = this.#take(entry)
      return done === undefined ? afterFrame() : done.then(afterFrame)
    }
    const onState = (state: FollowerState): void => {
      this.interrupted = state.kind === 'following' ? '' : state.reason
    }
    this.#follower = this.#log.follow(this.replica.seq + 1, onEntry, { restMs, onState })
    void this.#follower.failed.then(onFailed)
  }

  #take(entry: LogEntry): void | Promise<void> {
    const applied = this.replica.apply(entry)
    if (applied instanceof Promise) return applied.then((done) => this.#add(done))
    this.#add(applied)
  }

  #add(applied: Parameters<typeof addFrame>[2]): void {
    const postings = this.#watch.postings
    this.#watch.postings = []
    addFrame(this.#rows, this.replica.ledger.state, applied, postings)
  }

  /** What comes from now on is collected anew. */
  takeRows(): ShardRows {
    const rows = this.#rows
    this.#rows = new ShardRows(this.shard, this.replica.seq)
    return rows
  }

  async stop(): Promise<void> {
    await this.#follower?.stop()
  }
}
