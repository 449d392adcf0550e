import { firstOwnerRecord, type OwnerRecord, type OwnerSegment, placeOf } from '../log/ownerRecord.ts'
import type { LogEntry } from '../log/shardLog.ts'
import { Observer } from './observer.ts'
import type { SimProcess } from './simProcess.ts'
import type { World } from './world.ts'

/** What one process has read of a shard's streams, and up to where it has called the log committed. */
type Reader = {
  readonly read: Map<string, LogEntry>
  at: { region: string; seq: number } | undefined
  committed: number
}

/**
 * Hears from above the world what leaders take for committed, at the moment they do and before anybody else can hear of
 * it. What was committed once at a position must be there for ever, whoever leads: each claim is compared with all
 * earlier ones, and the observers see the entries in the order in which they were committed.
 */
export class CommittedLogs {
  readonly observers: readonly Observer[]
  /** By shard, each committed entry by its position - 1. */
  readonly entries: readonly LogEntry[][]
  readonly #world: World
  readonly #readers: Map<SimProcess, Reader>[]
  /** By shard and epoch, the region whose leaders committed something in it. */
  readonly #committers = new Map<string, string>()

  constructor(world: World) {
    this.#world = world
    const shards = Array.from({ length: world.scenario.shardCount }, (_, shard) => shard)
    this.observers = shards.map((shard) => new Observer(world, shard))
    this.entries = shards.map(() => [])
    this.#readers = shards.map(() => new Map())
  }

  /** A process was handed an entry of a region's stream of the shard. */
  read(process: SimProcess, { shard, region }: { shard: number; region: string }, entry: LogEntry): void {
    const reader = this.#reader(process, shard)
    reader.read.set(`${region}/${entry.seq}`, entry)
    reader.at = { region, seq: entry.seq }
  }

  /** Whose epoch counts where a process reads, as far as it knows of segments. */
  epochHere(process: SimProcess, shard: number, record: OwnerRecord | undefined): number {
    const { at } = this.#reader(process, shard)
    const segment = record?.segments.findLast(({ region, first }) => region === at?.region && first <= at.seq)
    return segment?.epoch ?? 0
  }

  #reader(process: SimProcess, shard: number): Reader {
    const readers = this.#readers[shard]!
    const reader = readers.get(process) ?? { read: new Map(), at: undefined, committed: 0 }
    readers.set(process, reader)
    return reader
  }

  /** Looks at every leader once. */
  look(): void {
    for (const region of this.#world.regions) {
      for (const { worker, process } of region.running) {
        for (const { shard } of this.observers) {
          const leader = worker.runner(shard)?.leader
          if (!leader?.leading) continue
          const committed = Math.min(leader.committed, leader.replica.seq)
          const reader = this.#reader(process, shard)
          if (committed <= reader.committed) continue
          const record = worker.sharedRunner(shard)?.ownership.state.record ?? firstOwnerRecord(region.name, 'alone')
          this.#commits(process, region.name, shard, record)
          this.#claim(process, shard, reader, committed, record.segments)
        }
      }
    }
  }

  #commits(process: SimProcess, region: string, shard: number, { epoch }: OwnerRecord): void {
    const key = `shard ${shard} in epoch ${epoch}`
    const before = this.#committers.get(key)
    if (before === undefined) this.#committers.set(key, region)
    else if (before !== region) {
      this.#world.chronicle.violation(`${key}: ${process.name} commits, and region ${before} did so before`)
    }
  }

  #claim(
    process: SimProcess,
    shard: number,
    reader: Reader,
    committed: number,
    segments: readonly OwnerSegment[],
  ): void {
    const known = this.entries[shard]!
    for (let position = reader.committed + 1; position <= committed; position++) {
      const { segment, seq } = placeOf(segments, position)!
      const found = reader.read.get(`${segment.region}/${seq}`)
      const entry = found && { ...found, seq: position, epoch: segment.epoch }
      const before = known[position - 1]
      if (before !== undefined) {
        if (entry !== undefined && !isSame(before, entry)) this.#parted(process, shard, before, entry)
      } else if (entry === undefined) {
        this.#world.chronicle.violation(`${process.name} committed ${position} of shard ${shard} without reading it`)
        break
      } else {
        known.push(entry)
        this.observers[shard]!.take(entry)
      }
    }
    reader.committed = committed
  }

  #parted(process: SimProcess, shard: number, before: LogEntry, entry: LogEntry): void {
    this.#world.chronicle.violation(
      `shard ${shard} at ${entry.seq}: what was committed in epoch ${before.epoch ?? 0} is not what ${process.name} committed there in epoch ${entry.epoch ?? 0}`,
    )
  }

  /** Compares everything that was ever committed with a shard's log as it is at the end. */
  compare(shard: number, last: readonly (LogEntry | undefined)[]): void {
    const known = this.entries[shard]!
    const { chronicle } = this.#world
    for (const [i, entry] of known.entries()) {
      const found = last[i]
      // What the archiver has taken away is compared by those who read it.
      if (i < last.length && found === undefined) continue
      if (found !== undefined && isSame(found, entry)) continue
      chronicle.violation(
        `shard ${shard} at ${i + 1}: what was committed in epoch ${entry.epoch ?? 0} is not in the log`,
      )
      return
    }
    if (last.length > known.length) {
      chronicle.violation(`shard ${shard}: ${last.length - known.length} entries at the end were never committed`)
    }
  }
}

function isSame(a: LogEntry, b: LogEntry): boolean {
  return (a.epoch ?? 0) === (b.epoch ?? 0) && Buffer.compare(a.data, b.data) === 0
}
