import type { Logger } from 'pino'
import { liesWithin, type OwnerSegment } from '../log/ownerRecord.ts'
import { messageOf } from '../log/process.ts'
import type { SegmentStore } from '../log/segmentStore.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { inOnePart } from '../log/snapshot.ts'
import { newestFirst, type SnapshotInfo, type SnapshotStore } from '../log/snapshotStore.ts'
import { ShardArchiver, type ShardArchiverOptions } from './shardArchiver.ts'
import { segmentsToForget, trimLimit } from './trimLimit.ts'

const saveEveryMs = 100

export type ArchiverOptions = ShardArchiverOptions & {
  readonly logBytesKept: number
  readonly trimEveryMs: number
  /** Of all shards together; undefined when the archive keeps everything. */
  readonly archiveBytesMax?: number | undefined
}

export type ArchiverPorts = {
  readonly logger: Logger
  readonly logs: readonly ShardLog[]
  readonly segments: SegmentStore
  /** The region's own snapshots, and the archive's copies of them. */
  readonly snapshots: SnapshotStore
  readonly copies: SnapshotStore
  /** Segments of a shard's log, as its owners are known now: what lies beyond a cut is kept and counted by nobody. */
  readonly owners: (shard: number) => readonly OwnerSegment[]
  /** Where the projector's database stands, by shard. */
  readonly projectorSeqs: () => Promise<readonly number[]>
  /** The last entry of each shard that the projector need not read again, whatever happens to it. */
  readonly projectorRestartSeqs: () => Promise<readonly number[]>
  /**
   * Makes a log forget everything up to and including `seq`, or less when others still need some of it.
   * @returns up to where it is forgotten
   */
  readonly trim: (shard: number, seq: number) => Promise<number>
  /** Archiving cannot go on: the process must end. */
  readonly onHopeless: (error: Error) => void
}

/** Copies logs and snapshots of a region into an archive, and trims each log behind what is safe elsewhere. */
export class Archiver {
  readonly shards: readonly ShardArchiver[]
  readonly #ports: ArchiverPorts
  readonly #o: ArchiverOptions
  readonly #trimmed: number[]
  #saveTimer: NodeJS.Timeout | undefined
  #trimTimer: NodeJS.Timeout | undefined
  #round: Promise<void> = Promise.resolve()
  /** Why nothing is trimmed now; empty while it is. */
  trouble = ''

  constructor(ports: ArchiverPorts, options: ArchiverOptions) {
    this.#ports = ports
    this.#o = options
    this.shards = ports.logs.map(
      (log, shard) => new ShardArchiver(shard, log, ports.segments, () => ports.owners(shard), options),
    )
    this.#trimmed = ports.logs.map(() => 0)
  }

  trimmedSeq(shard: number): number {
    return this.#trimmed[shard]!
  }

  async start(): Promise<void> {
    const { onHopeless } = this.#ports
    for (const shard of this.shards) await shard.begin()
    for (const shard of this.shards) shard.start(onHopeless)
    this.#saveTimer = setInterval(() => {
      for (const shard of this.shards) shard.saveAged().catch(onHopeless)
    }, saveEveryMs)
    this.#scheduleRound()
  }

  #scheduleRound(): void {
    this.#trimTimer = setTimeout(() => {
      this.#round = this.round().then(() => this.#scheduleRound())
    }, this.#o.trimEveryMs)
  }

  /** Copies new snapshots and trims once. Nothing that fails here loses anything: the logs only stay longer. */
  async round(): Promise<void> {
    try {
      for (const { shard } of this.shards) await this.#copySnapshot(shard)
      const projectorSeqs = await this.#ports.projectorSeqs()
      const restartSeqs = await this.#ports.projectorRestartSeqs()
      for (const archiver of this.shards) {
        const limit = await this.#trimShard(archiver, projectorSeqs[archiver.shard] ?? 0)
        await this.#forget(archiver, Math.min(limit, restartSeqs[archiver.shard] ?? 0))
      }
      if (this.trouble !== '') this.#ports.logger.info('trimming goes on')
      this.trouble = ''
    } catch (error) {
      const trouble = messageOf(error)
      if (this.trouble !== trouble) this.#ports.logger.warn({ error: trouble }, 'nothing is trimmed, the logs grow')
      this.trouble = trouble
    }
  }

  /** The snapshots of a store that are states of the log, newest first. */
  async #listed(shard: number, store: SnapshotStore): Promise<SnapshotInfo[]> {
    return (await store.list(shard)).filter((info) => liesWithin(this.#ports.owners(shard), info))
  }

  /** A snapshot is opened before it is sealed again: what the archive holds can be used. */
  async #copySnapshot(shard: number): Promise<void> {
    const { snapshots, copies } = this.#ports
    const [newest] = await this.#listed(shard, snapshots)
    const [copied] = await copies.list(shard)
    if (newest === undefined || (copied !== undefined && newestFirst(copied, newest) <= 0)) return
    const snapshot = await snapshots.newest(shard, this.#ports.owners(shard))
    if (snapshot === undefined) return
    const { formatVersion: _, ...rest } = snapshot.manifest
    await copies.save({ ...rest, sections: inOnePart(snapshot.sections) })
  }

  /** @returns the last entry that the log may do without. */
  async #trimShard({ shard, archivedSeq, stored }: ShardArchiver, projectorSeq: number): Promise<number> {
    const { snapshots, trim, owners, logger } = this.#ports
    const { epoch } = owners(shard).at(-1)!
    const snapshotSeqs = (await this.#listed(shard, snapshots)).map(({ seq }) => seq)
    const facts = { archivedSeq, snapshotSeqs, projectorSeq, segments: stored, bytesKept: this.#o.logBytesKept }
    const limit = trimLimit(facts)
    // A cut that came meanwhile has put something else at these positions.
    if (limit > this.#trimmed[shard]! && owners(shard).at(-1)!.epoch === epoch) {
      const trimmed = await trim(shard, limit)
      if (trimmed > this.#trimmed[shard]!) logger.info({ shard, trimmedTo: trimmed }, 'log trimmed')
      this.#trimmed[shard] = trimmed
    }
    return limit
  }

  /** Forgets only what nobody reads again: shards and projector begin behind it, and so does the archive's older snapshot. */
  async #forget(archiver: ShardArchiver, neededNoMoreSeq: number): Promise<void> {
    if (this.#o.archiveBytesMax === undefined) return
    const older = (await this.#listed(archiver.shard, this.#ports.copies))[1]?.seq ?? 0
    const bytesMax = this.#o.archiveBytesMax / this.shards.length
    await archiver.forget(segmentsToForget(archiver.stored, bytesMax, Math.min(older, neededNoMoreSeq)))
  }

  /** Stores what was read and ends. */
  async stop(): Promise<void> {
    clearInterval(this.#saveTimer)
    clearTimeout(this.#trimTimer)
    await this.#round
    clearTimeout(this.#trimTimer)
    await Promise.all(this.shards.map((shard) => shard.stop()))
  }
}
