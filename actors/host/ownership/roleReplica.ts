import { type OwnerRecord, placeOf } from '../../log/ownerRecord.ts'
import { messageOf } from '../../log/process.ts'
import { Replica } from '../../log/replica.ts'
import { SegmentedLog } from '../../log/segmentedLog.ts'
import type { Follower, LogEntry, ShardLog } from '../../log/shardLog.ts'
import { DueSnapshots } from '../dueSnapshots.ts'
import { Leader } from '../leader.ts'
import { type RunnerOptions, restoreNewest, snapshotFailed } from '../shardRunner.ts'
import { OpenedAhead } from './openedAhead.ts'
import { RecentChains } from './recentChains.ts'
import { RecentDigests, takesDigestAt } from './recentDigests.ts'
import { basePosition } from './recordChanges.ts'

const againMs = 500

export type RoleReplicaOptions = RunnerOptions & {
  readonly logOf: (region: string) => ShardLog
  /** Told of each entry that was applied, and of where a replica begins. */
  readonly onApplied: (position: number) => void
}

/**
 * A shard's replica that may be the owner's or the standby's, and change from one to the other: it follows the logical
 * log wherever that lies, and leads while its region owns the shard.
 */
export class RoleReplica {
  readonly chains = new RecentChains()
  digests = new RecentDigests()
  readonly #o: RoleReplicaOptions
  readonly #frames: OpenedAhead
  readonly #snapshots: DueSnapshots
  #leader: Leader | undefined
  #follower: Follower | undefined
  #record: OwnerRecord | undefined
  /** Counts beginnings: whoever waited for something of an earlier one finds that it is over. */
  #turn = 0
  #loading = false
  #loaded = false
  /** As owner it leads once it has applied this; undefined while that is not known. */
  #leadFrom: number | undefined
  #holdAt = Number.POSITIVE_INFINITY
  #held: (() => void) | undefined
  #committed = 0
  #stopped = false

  constructor(options: RoleReplicaOptions) {
    this.#o = options
    this.#frames = new OpenedAhead(options.opener)
    this.#snapshots = new DueSnapshots({
      ...options,
      leader: () => (this.#loaded && !this.#stopped && this.#leader!.replica.started ? this.#leader : undefined),
      onFailed: (error) => snapshotFailed(options, error),
    })
  }

  get leader(): Leader | undefined {
    return this.#loaded ? this.#leader : undefined
  }

  get leading(): boolean {
    return this.leader?.leading ?? false
  }

  get applied(): number {
    return this.leader?.replica.seq ?? 0
  }

  follow(record: OwnerRecord): void {
    this.#record = record
    if (this.#loading) return
    if (this.#loaded) this.#reopen()
    else void this.#load()
  }

  rollBack(record: OwnerRecord): void {
    const { logger, shard } = this.#o
    logger.warn({ shard, applied: this.applied, base: basePosition(record) }, 'rolling back')
    this.#record = record
    this.#loaded = false
    this.#leader?.stop()
    this.#leader = undefined
    this.#letGo()
    void this.#follower?.stop()
    this.#follower = undefined
    this.digests = new RecentDigests()
    this.#committed = 0
    if (!this.#loading) void this.#load()
  }

  /** Begins from a snapshot that lies within the segments; again when those have changed meanwhile. */
  async #load(): Promise<void> {
    const { shard, ports, logger } = this.#o
    this.#loading = true
    const record = this.#record!
    const beganMs = ports.monotonicMs()
    try {
      const leader = new Leader({ ...this.#o, gated: true, replica: new Replica(shard, this.#frames) })
      const from = await restoreNewest(leader, this.#o, record.segments)
      this.#loading = false
      if (this.#stopped) return
      if (this.#record !== record) {
        await this.#load()
        return
      }
      this.#leader = leader
      this.#loaded = true
      this.#snapshots.restored(from)
      this.#snapshots.schedule()
      logger.info({ shard, from, ms: Math.round(ports.monotonicMs() - beganMs) }, 'replica loaded')
      // A snapshot is of a committed position.
      leader.commit(Math.max(from, this.#committed))
      if (from > 0) this.chains.put(from, leader.replica.chain)
      this.#leadFrom = undefined
      this.#reopen(true)
      this.#o.onApplied(from)
    } catch (error) {
      this.#loading = false
      this.#fail(error)
    }
  }

  /** Reads on behind what is applied, in the segments that the record names now. */
  #reopen(fresh = false): void {
    const { region, logOf, ports } = this.#o
    const leader = this.#leader!
    const record = this.#record!
    const turn = ++this.#turn
    this.#letGo()
    void this.#follower?.stop()
    if (record.owner !== region && leader.leading) leader.stop()
    const log = new SegmentedLog({ region, logOf, segments: record.segments, after: ports.after })
    const follower = log.follow(leader.replica.seq + 1, (entry) => this.#onEntry(turn, leader, entry), { live: true })
    this.#follower = follower
    void follower.failed.then((error) => turn === this.#turn && this.#fail(error))
    if (record.owner !== region) return
    // A replica that was there already is told nothing twice; one that was loaded now passes over what was told by others.
    if (fresh) void this.#leadFromEnd(turn, log)
    else this.#leadWhenAt(basePosition(record))
  }

  async #leadFromEnd(turn: number, log: ShardLog): Promise<void> {
    try {
      const { last } = await log.bounds()
      if (turn === this.#turn) this.#leadWhenAt(last)
    } catch {
      this.#o.ports.after(againMs, () => turn === this.#turn && !this.#stopped && void this.#leadFromEnd(turn, log))
    }
  }

  #leadWhenAt(position: number): void {
    this.#leadFrom = position
    this.#leadIfAt()
  }

  #leadIfAt(): void {
    const leader = this.#leader!
    if (this.#leadFrom === undefined || leader.leading || leader.replica.seq < this.#leadFrom) return
    if (this.#record!.owner !== this.#o.region) return
    leader.lead()
    leader.commit(this.#committed)
    this.#o.logger.info({ shard: this.#o.shard, seq: leader.replica.seq, epoch: this.#record!.epoch }, 'leading')
  }

  #onEntry(turn: number, leader: Leader, entry: LogEntry): void | Promise<void> {
    if (turn !== this.#turn) return
    const waited = entry.seq > this.#holdAt ? this.#whenLetGo() : this.#frames.ahead(entry.data)
    // By then its turn may be over, or the replica held before it.
    if (waited !== undefined) return waited.then(() => this.#onEntry(turn, leader, entry))
    // It is open: nothing is waited for any more.
    void leader.onEntry(entry)
    this.#onApplied(turn, leader)
  }

  #whenLetGo(): Promise<void> {
    return new Promise((resolve) => {
      this.#held = resolve
    })
  }

  #onApplied(turn: number, leader: Leader): void {
    if (turn !== this.#turn || this.#leader !== leader) return
    const { seq, chain } = leader.replica
    this.chains.put(seq, chain)
    if (takesDigestAt(seq)) this.digests.put(seq, leader.replica.ledger.state.digestText())
    this.#leadIfAt()
    this.#o.onApplied(seq)
  }

  /** What waits is looked at again: it goes on, waits again, or finds that its turn is over. */
  #letGo(): void {
    const held = this.#held
    this.#held = undefined
    held?.()
  }

  holdAt(position: number | undefined): void {
    const at = position ?? Number.POSITIVE_INFINITY
    const further = at > this.#holdAt
    this.#holdAt = at
    if (further) this.#letGo()
  }

  commit(position: number): void {
    this.#committed = Math.max(this.#committed, position)
    this.leader?.commit(position)
  }

  async ends(peer: string): Promise<{ own: number; mirror: number }> {
    const { region, logOf } = this.#o
    const [own, mirror] = await Promise.all([logOf(region).bounds(), logOf(peer).bounds()])
    return { own: own.last, mirror: mirror.last }
  }

  /** Sequence in its region's stream of the last entry that was applied; for what is told to people. */
  get place(): { region: string; seq: number } | undefined {
    if (this.#record === undefined || this.applied === 0) return undefined
    const { segment, seq } = placeOf(this.#record.segments, this.applied)!
    return { region: segment.region, seq }
  }

  /** A broken law, a gap in the log, an unknown key: this state must not be spoken for any more. */
  #fail(error: unknown): void {
    if (this.#stopped) return
    this.#leader?.stop()
    this.#snapshots.stop()
    const { shard, logger, ports } = this.#o
    logger.fatal({ shard, seq: this.applied, error: messageOf(error) }, 'shard stops')
    ports.onError(error)
  }

  snapshot(): Promise<void> {
    return this.#snapshots.take()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#turn += 1
    this.#letGo()
    this.#snapshots.stop()
    this.#leader?.stop()
    await this.#snapshots.ended()
    await this.#follower?.stop()
    this.#leader = undefined
    this.#loaded = false
  }
}
