import type { Logger } from 'pino'
import { messageOf } from '../log/process.ts'
import { Replica } from '../log/replica.ts'
import { snapshotOf } from '../log/replicaSnapshot.ts'
import type { Opener } from '../log/sealing.ts'
import type { Follower, ShardLog } from '../log/shardLog.ts'
import { bytesOf } from '../log/snapshot.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'
import { Leader, type LeaderOptions } from './leader.ts'

/** How often a shard looks whether its next snapshot is due. */
const snapshotCheckMs = 1_000
const keptBytesMinDefault = 64 * 1024 * 1024
/** How long a snapshot waits in memory until its position is committed; then the next one is taken instead. */
const snapshotCommitMs = 2_000

export type RunnerOptions = Omit<LeaderOptions, 'replica'> & {
  shard: number
  log: ShardLog
  opener: Opener
  snapshots: SnapshotStore
  snapshotEveryMs: number
  /**
   * What other shards sent they keep in memory until it is in a snapshot here: when that grows beyond this, or beyond
   * what a snapshot of this shard takes, one is due before its time.
   */
  keptBytesMin?: number
  logger: Logger
}

/** Runs one shard in this worker while it holds the lease: load, catch up, lead, snapshot, stop. */
export class ShardRunner {
  readonly #o: RunnerOptions
  #leader: Leader | undefined
  #follower: Follower | undefined
  #snapshotSeq = 0
  #snapshotBytes = 0
  #cancelSnapshot: (() => void) | undefined
  #saving: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: RunnerOptions) {
    this.#o = options
  }

  get shard(): number {
    return this.#o.shard
  }

  get leader(): Leader | undefined {
    return this.#leader
  }

  get leading(): boolean {
    return this.#leader?.leading ?? false
  }

  /** Loads the newest snapshot, replays the rest of the log and leads from its end on. */
  async start(): Promise<void> {
    const { shard, log, opener, snapshots, logger, ports } = this.#o
    const beganMs = ports.monotonicMs()
    const replica = new Replica(shard, opener)
    const leader = new Leader({ ...this.#o, replica })
    this.#leader = leader
    const snapshot = await snapshots.newest(shard)
    if (this.#stopped) return
    if (snapshot !== undefined) {
      const { seq } = snapshot.manifest
      replica.restore(snapshot.manifest, snapshot.sections)
      this.#checkDigest(replica, snapshot.manifest.digest)
      this.#snapshotSeq = seq
      leader.snapshotDurable(leader.receivedNow())
    }
    const { last } = await log.bounds()
    if (this.#stopped) return
    await this.#catchUp(leader, last)
    if (this.#stopped) return
    leader.lead()
    this.#scheduleSnapshot()
    logger.info(
      { shard, seq: replica.seq, from: this.#snapshotSeq, ms: Math.round(ports.monotonicMs() - beganMs) },
      'leading',
    )
  }

  #checkDigest(replica: Replica, expected: string): void {
    const digest = replica.ledger.state.digestText()
    if (digest !== expected)
      throw new Error(`shard ${this.shard}: snapshot digest ${expected}, its state has ${digest}`)
  }

  /** Follows the log; resolves when what stood in it at the start has been applied. */
  #catchUp(leader: Leader, last: number): Promise<void> {
    const { log } = this.#o
    return new Promise((resolve) => {
      const from = leader.replica.seq + 1
      this.#follower = log.follow(from, (entry) => {
        const done = leader.onEntry(entry)
        if (entry.seq < last || leader.leading) return done
        if (done === undefined) resolve()
        else return done.then(resolve)
      })
      void this.#follower.failed.then((error) => this.#fail(leader, error))
      if (leader.replica.seq >= last) resolve()
    })
  }

  /** A broken law, a gap in the log, an unknown key: this state must not be spoken for any more. */
  #fail(leader: Leader, error: Error): void {
    leader.stop()
    this.#cancelSnapshot?.()
    const { shard, logger, ports } = this.#o
    logger.fatal({ shard, seq: leader.replica.seq, error: messageOf(error) }, 'shard stops')
    ports.onError(error)
  }

  #scheduleSnapshot(): void {
    const { ports, snapshotEveryMs } = this.#o
    // Shards of one worker take turns, so that their copies do not fall together.
    const dueMs = ports.monotonicMs() + snapshotEveryMs * (0.75 + ports.random() * 0.5)
    this.#checkSnapshot(dueMs)
  }

  #checkSnapshot(dueMs: number): void {
    const { ports, keptBytesMin = keptBytesMinDefault } = this.#o
    const waitMs = Math.max(0, Math.min(snapshotCheckMs, dueMs - ports.monotonicMs()))
    this.#cancelSnapshot = ports.after(waitMs, () => {
      const keptBytes = this.#leader?.keptElsewhereBytes ?? 0
      if (ports.monotonicMs() < dueMs && keptBytes < Math.max(keptBytesMin, this.#snapshotBytes)) {
        this.#checkSnapshot(dueMs)
        return
      }
      this.snapshot().then(
        () => this.#scheduleSnapshot(),
        (error: unknown) => {
          this.#o.logger.warn({ shard: this.shard, error: String(error) }, 'snapshot failed, the log still has all')
          this.#scheduleSnapshot()
        },
      )
    })
  }

  /** Takes a snapshot now, unless nothing has changed since the last. One at a time. */
  snapshot(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const leader = this.#leader
      if (leader === undefined || !leader.leading || leader.replica.seq === this.#snapshotSeq) return
      const received = leader.receivedNow()
      const seq = leader.replica.seq
      const snapshot = snapshotOf(this.#o.region, leader.replica, this.#o.ports.nowMs())
      // A state that a cut may still void must not be what somebody begins from.
      if (!(await leader.whenCommitted(seq, snapshotCommitMs))) return
      await this.#o.snapshots.save(snapshot)
      this.#snapshotSeq = seq
      this.#snapshotBytes = snapshot.sections.reduce((sum, { parts }) => sum + bytesOf(parts), 0)
      leader.snapshotDurable(received)
    })
    const taken = this.#saving
    // The chain goes on after a failure; the caller of this snapshot still hears of it.
    this.#saving = taken.catch(() => undefined)
    return taken
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelSnapshot?.()
    // A snapshot that still waits for its commit is given up with the leader.
    this.#leader?.stop()
    await this.#saving
    await this.#follower?.stop()
    this.#leader = undefined
  }
}
