import type { Logger } from 'pino'
import type { Blobs } from '../log/blobs.ts'
import { messageOf } from '../log/process.ts'
import { snapshotOf } from '../log/replicaSnapshot.ts'
import type { SnapshotContents } from '../log/snapshot.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'
import { type Batch, batchOf, PositionTaken, writeBatch } from './batch.ts'
import { type Database, DatabaseTimeout, dataErrorCode, withinMs } from './database.ts'
import type { ShardFollowing } from './shardFollowing.ts'

/** Between two writes passes several times as long as the last one took: under load few large ones cost far less. */
const pauseMinMs = 25
const pauseMaxMs = 200
const pausesPerWrite = 4
/** Rows that wait in memory before the logs are held back: what a few seconds bring. */
const rowsWaitingMax = 40_000
const writeTimeoutMs = 20_000
const writeTimeoutDoublings = 3
const retryFirstMs = 200
const retryMaxMs = 5_000
const aliveEveryMs = 1_000

export type ProjectorPorts = {
  readonly blobs: Blobs
  readonly logger: Logger
  readonly region: string
  /** The projector's own: one that is never past the database, so that a restart need not read the whole log. */
  readonly snapshots: SnapshotStore
  readonly snapshotEveryMs: number
  /** What a write may take before it is tried again; 20 s when left out. */
  readonly writeTimeoutMs?: number
  /** A fresh pool, for when the last one gave no answer. */
  readonly openDatabase: () => Database
  /** Following cannot go on: the process must end. */
  readonly onHopeless: (error: Error) => void
}

/**
 * Writes into Postgres what the shards' logs brought: postings, payments, wallets as they stand. Positions move in the
 * transaction that writes what led to them, so that each frame is written exactly once whatever fails in between.
 */
export class Projector {
  readonly #shards: readonly ShardFollowing[]
  readonly #o: ProjectorPorts
  #sql: Database
  #room: { promise: Promise<void>; open: () => void } | undefined
  #running: Promise<void> | undefined
  #stopped = false
  #aliveMs = 0
  /** Why the database does not take anything now; empty while it does. */
  trouble = ''
  #snapshotMs = performance.now()

  constructor(shards: readonly ShardFollowing[], ports: ProjectorPorts) {
    this.#shards = shards
    this.#o = ports
    this.#sql = ports.openDatabase()
  }

  start(): void {
    for (const shard of this.#shards) shard.follow(() => this.#holdBack(), this.#o.onHopeless)
    this.#running = this.#run().catch((error: unknown) => this.#o.onHopeless(error as Error))
  }

  get rowsWaiting(): number {
    return this.#shards.reduce((sum, { rows }) => sum + rows.size, 0)
  }

  /** Why a log is not heard now, so that nobody knows what it may hold; empty while all are. */
  get unheard(): string {
    return this.#shards.find(({ interrupted }) => interrupted !== '')?.interrupted ?? ''
  }

  #holdBack(): void | Promise<void> {
    if (this.rowsWaiting < rowsWaitingMax) return
    if (this.#room === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#room = { promise, open: resolve }
    }
    return this.#room.promise
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const beganMs = performance.now()
      if (!(await this.#flush())) await this.#stayAlive()
      await sleep(Math.min(pauseMaxMs, Math.max(pauseMinMs, (performance.now() - beganMs) * pausesPerWrite)))
    }
    if (await this.#flush()) return
    // Nothing was left to write: the database stands where the replicas do, and the next start begins there.
    for (const snapshot of this.#dueSnapshots()) await this.#save(snapshot)
  }

  /** @returns whether there was anything to write. */
  async #flush(): Promise<boolean> {
    const parts = this.#shards
      .filter(({ replica, rows }) => replica.seq > rows.fromSeq)
      .map((shard) => ({ rows: shard.takeRows(), replica: shard.replica }))
    if (parts.length === 0) return false
    const batch = batchOf(parts, this.#o.blobs)
    const snapshots = this.#dueSnapshots()
    this.#room?.open()
    this.#room = undefined
    await this.#write(batch)
    for (const snapshot of snapshots) await this.#save(snapshot)
    return true
  }

  /** Taken down together with the batch, so that they stand exactly where the database will. */
  #dueSnapshots(): SnapshotContents[] {
    if (!this.#stopped && performance.now() - this.#snapshotMs < this.#o.snapshotEveryMs) return []
    this.#snapshotMs = performance.now()
    const started = this.#shards.filter(({ replica }) => replica.started)
    return started.map(({ replica }) => snapshotOf(this.#o.region, replica, Date.now()))
  }

  async #save(snapshot: SnapshotContents): Promise<void> {
    try {
      await this.#o.snapshots.save(snapshot)
    } catch (error) {
      this.#o.logger.warn({ shard: snapshot.shard, error: messageOf(error) }, 'no snapshot, the next start reads more')
    }
  }

  /** Tries until the database has taken the batch; payments do not wait for it, only lists fall behind. */
  async #write(batch: Batch): Promise<void> {
    const { writeTimeoutMs: firstMs = writeTimeoutMs } = this.#o
    let timeoutMs = firstMs
    for (let attempt = 0; ; attempt++) {
      try {
        await withinMs(writeBatch(this.#sql, batch), timeoutMs, 'a batch of rows')
        this.#recovered()
        return
      } catch (error) {
        if (error instanceof PositionTaken) throw error
        // The batch does not shrink: what took too long once would take too long for ever.
        if (error instanceof DatabaseTimeout) timeoutMs = Math.min(timeoutMs * 2, firstMs * 2 ** writeTimeoutDoublings)
        await this.#troubled(error)
        if (this.#stopped && attempt > 2) throw error
        const delayMs = Math.min(retryMaxMs, retryFirstMs * 2 ** attempt)
        await sleep(delayMs * (0.5 + Math.random()))
      }
    }
  }

  /** With nothing to write the database still learns that it is up to date, unless a log is not heard. */
  async #stayAlive(): Promise<void> {
    if (performance.now() - this.#aliveMs < aliveEveryMs) return
    this.#aliveMs = performance.now()
    try {
      const heard = this.unheard === ''
      const sign = heard ? this.#sql`update positions set followed_at = now()` : this.#sql`select 1`
      await withinMs(sign, writeTimeoutMs, 'a sign of life')
      this.#recovered()
    } catch (error) {
      await this.#troubled(error)
    }
  }

  #recovered(): void {
    if (this.trouble !== '') this.#o.logger.info('the database is back')
    this.trouble = ''
  }

  async #troubled(error: unknown): Promise<void> {
    const refused = dataErrorCode(error)
    const trouble = refused === undefined ? messageOf(error) : `a row is refused: ${refused}`
    if (this.trouble !== trouble)
      this.#o.logger.warn({ error: trouble }, 'the database takes nothing, lists fall behind')
    this.trouble = trouble
    // A connection that hangs would keep its next user waiting too.
    const old = this.#sql
    this.#sql = this.#o.openDatabase()
    await old.end({ timeout: 0 }).catch(() => undefined)
  }

  /** Writes what was read and ends; what was not read is read at the next start. */
  async stop(): Promise<void> {
    this.#room?.open()
    await Promise.all(this.#shards.map((shard) => shard.stop()))
    this.#stopped = true
    await this.#running
    await this.#sql.end({ timeout: 5 })
  }
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}
