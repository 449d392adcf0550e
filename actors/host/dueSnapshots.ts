import { type RoomFor, snapshotOf } from '../log/replicaSnapshot.ts'
import { bytesOf } from '../log/snapshot.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'
import type { Leader } from './leader.ts'
import type { HostPorts } from './ports.ts'
import { SnapshotRoom } from './snapshotRoom.ts'

/** How often a shard looks whether its next snapshot is due. */
const checkMs = 1_000
const keptBytesMinDefault = 64 * 1024 * 1024
/**
 * Bytes that a snapshot may cost for each that it lets others forget. A part of a snapshot is what its own shard keeps
 * for others, which their snapshots wait for in turn: with one for one what all of them keep need never shrink again.
 */
const bytesWrittenPerForgotten = 2
/** How long a snapshot waits in memory until its position is committed; then the next one is taken instead. */
const commitMs = 2_000

export type DueSnapshotsOptions = {
  region: string
  snapshots: SnapshotStore
  snapshotEveryMs: number
  /**
   * What other shards sent they keep in memory until it is in a snapshot here: when that grows beyond this, and
   * beyond half of what a snapshot of this shard takes, one is due before its time.
   */
  keptBytesMin?: number
  /** Of the process, for all its shards. Without it the shard has its own. */
  snapshotRoom?: SnapshotRoom
  ports: HostPorts
  /** The replica to take them of; undefined while it is not fit for it. */
  leader: () => Leader | undefined
  onFailed: (error: unknown) => void
}

/** Takes snapshots of a shard's replica when they are due, one at a time in a process. */
export class DueSnapshots {
  readonly #o: DueSnapshotsOptions
  readonly #room: SnapshotRoom
  #seq = 0
  #bytes = 0
  #cancel: (() => void) | undefined
  #saving: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: DueSnapshotsOptions) {
    this.#o = options
    this.#room = options.snapshotRoom ?? new SnapshotRoom()
  }

  /** Position of the newest that is known. */
  get seq(): number {
    return this.#seq
  }

  /** The replica began from one of this position. */
  restored(seq: number): void {
    this.#seq = seq
  }

  /** Plans the next one, in the place of one that is planned already; nothing after `stop`. */
  schedule(): void {
    if (this.#stopped) return
    const { ports, snapshotEveryMs } = this.#o
    this.#cancel?.()
    // Shards of one worker take turns, so that their copies do not fall together.
    const dueMs = ports.monotonicMs() + snapshotEveryMs * (0.75 + ports.random() * 0.5)
    this.#check(dueMs)
  }

  #check(dueMs: number): void {
    const { ports, leader, onFailed, keptBytesMin = keptBytesMinDefault } = this.#o
    const waitMs = Math.max(0, Math.min(checkMs, dueMs - ports.monotonicMs()))
    this.#cancel = ports.after(waitMs, () => {
      const keptBytes = leader()?.keptElsewhereBytes ?? 0
      if (ports.monotonicMs() < dueMs && keptBytes < Math.max(keptBytesMin, this.#bytes / bytesWrittenPerForgotten)) {
        this.#check(dueMs)
        return
      }
      this.take().then(
        () => this.schedule(),
        (error: unknown) => {
          onFailed(error)
          this.schedule()
        },
      )
    })
  }

  /** Takes one now, unless nothing has changed since the last. */
  take(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const leader = this.#changed()
      // While the other region vouches for nothing this shard waits outside, so that others can enter.
      if (!(await leader?.whenCommitted(leader.replica.seq, commitMs))) return
      await this.#room.enter((roomFor) => this.#save(roomFor))
    })
    const taken = this.#saving
    // The chain goes on after a failure; the caller of this snapshot still hears of it.
    this.#saving = taken.catch(() => undefined)
    return taken
  }

  /** Who leads, unless the newest snapshot has all of it. */
  #changed(): Leader | undefined {
    const leader = this.#o.leader()
    return leader?.replica.seq === this.#seq ? undefined : leader
  }

  async #save(roomFor: RoomFor): Promise<void> {
    const leader = this.#changed()
    if (leader === undefined) return
    const received = leader.receivedNow()
    const seq = leader.replica.seq
    const snapshot = snapshotOf(this.#o.region, leader.replica, this.#o.ports.nowMs(), roomFor)
    // A state that a cut may still void must not be what somebody begins from.
    if (!(await leader.whenCommitted(seq, commitMs))) return
    await this.#o.snapshots.save(snapshot)
    this.#seq = seq
    this.#bytes = snapshot.sections.reduce((sum, { parts }) => sum + bytesOf(parts), 0)
    leader.snapshotDurable(received)
  }

  /** No further one is planned, however one that is under way ends. */
  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Resolves once the one that is under way has ended. */
  async ended(): Promise<void> {
    await this.#saving
  }
}
