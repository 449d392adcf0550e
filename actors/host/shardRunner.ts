import type { Logger } from 'pino'
import type { OwnerSegment } from '../log/ownerRecord.ts'
import { messageOf } from '../log/process.ts'
import { Replica } from '../log/replica.ts'
import type { Opener } from '../log/sealing.ts'
import type { Follower, LogEntry, ShardLog } from '../log/shardLog.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'
import { DueSnapshots } from './dueSnapshots.ts'
import { Leader, type LeaderOptions } from './leader.ts'
import type { SnapshotRoom } from './snapshotRoom.ts'

export type RunnerOptions = Omit<LeaderOptions, 'replica'> & {
  shard: number
  log: ShardLog
  opener: Opener
  snapshots: SnapshotStore
  snapshotEveryMs: number
  keptBytesMin?: number
  snapshotRoom?: SnapshotRoom
  logger: Logger
}

/** What a worker needs of whatever runs one of its shards. */
export interface Runner {
  readonly leader: Leader | undefined
  readonly leading: boolean
  /** Resolves once queries can be answered, as far as they will be. */
  start(): Promise<void>
  snapshot(): Promise<void>
  stop(): Promise<void>
}

/** Runs one shard in this worker while it holds the lease: load, catch up, lead, snapshot, stop. */
export class ShardRunner implements Runner {
  readonly #o: RunnerOptions
  readonly #snapshots: DueSnapshots
  #leader: Leader | undefined
  #follower: Follower | undefined
  #stopped = false

  constructor(options: RunnerOptions) {
    this.#o = options
    this.#snapshots = new DueSnapshots({
      ...options,
      leader: () => (this.leading ? this.#leader : undefined),
      onFailed: (error) => snapshotFailed(options, error),
    })
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
    const { shard, log, logger, ports } = this.#o
    const beganMs = ports.monotonicMs()
    const leader = new Leader({ ...this.#o, replica: new Replica(shard, this.#o.opener) })
    this.#leader = leader
    const from = await restoreNewest(leader, this.#o)
    if (this.#stopped) return
    this.#snapshots.restored(from)
    const { last } = await log.bounds()
    if (this.#stopped) return
    await this.#catchUp(leader, last)
    if (this.#stopped) return
    leader.lead()
    this.#snapshots.schedule()
    const ms = Math.round(ports.monotonicMs() - beganMs)
    logger.info({ shard, seq: leader.replica.seq, from, ms }, 'leading')
  }

  /** Follows the log; resolves when what stood in it at the start has been applied. */
  #catchUp(leader: Leader, last: number): Promise<void> {
    const { log } = this.#o
    return new Promise((resolve) => {
      const from = leader.replica.seq + 1
      const onEntry = (entry: LogEntry): void | Promise<void> => {
        const done = leader.onEntry(entry)
        if (entry.seq < last || leader.leading) return done
        if (done === undefined) resolve()
        else return done.then(resolve)
      }
      this.#follower = log.follow(from, onEntry, { live: true })
      void this.#follower.failed.then((error) => this.#fail(leader, error))
      if (leader.replica.seq >= last) resolve()
    })
  }

  /** A broken law, a gap in the log, an unknown key: this state must not be spoken for any more. */
  #fail(leader: Leader, error: Error): void {
    leader.stop()
    this.#snapshots.stop()
    const { shard, logger, ports } = this.#o
    logger.fatal({ shard, seq: leader.replica.seq, error: messageOf(error) }, 'shard stops')
    ports.onError(error)
  }

  /** Takes a snapshot now, unless nothing has changed since the last. One at a time. */
  snapshot(): Promise<void> {
    return this.#snapshots.take()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#snapshots.stop()
    // A snapshot that still waits for its commit is given up with the leader.
    this.#leader?.stop()
    await this.#snapshots.ended()
    await this.#follower?.stop()
    this.#leader = undefined
  }
}

/**
 * Takes the newest snapshot into a replica that has applied nothing.
 * @returns its position, 0 when there is none
 * @throws Error when the state that it makes is not the one it was taken of.
 */
export async function restoreNewest(
  leader: Leader,
  { shard, snapshots }: Pick<RunnerOptions, 'shard' | 'snapshots'>,
  segments?: readonly OwnerSegment[],
): Promise<number> {
  const { replica } = leader
  const snapshot = await snapshots.newest(shard, segments)
  if (snapshot === undefined) return 0
  const { seq, digest: expected } = snapshot.manifest
  replica.restore(snapshot.manifest, snapshot.sections)
  const digest = replica.ledger.state.digestText()
  if (digest !== expected) throw new Error(`shard ${shard}: snapshot digest ${expected}, its state has ${digest}`)
  leader.snapshotDurable(leader.receivedNow())
  return seq
}

export function snapshotFailed({ shard, logger }: Pick<RunnerOptions, 'shard' | 'logger'>, error: unknown): void {
  logger.warn({ shard, error: String(error) }, 'snapshot failed, the log still has all')
}
