import type { LogEntry } from '../log/shardLog.ts'
import { Observer } from './observer.ts'
import type { SimProcess } from './simProcess.ts'
import type { World } from './world.ts'

/** What one process has read of a shard's log, and up to where it has called it committed. */
type Reader = { readonly read: Map<number, LogEntry>; committed: number }

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

  constructor(world: World) {
    this.#world = world
    const shards = Array.from({ length: world.scenario.shardCount }, (_, shard) => shard)
    this.observers = shards.map((shard) => new Observer(world, shard))
    this.entries = shards.map(() => [])
    this.#readers = shards.map(() => new Map())
  }

  /** A process was handed an entry of the shard's log. */
  read(process: SimProcess, shard: number, entry: LogEntry): void {
    this.#reader(process, shard).read.set(entry.seq, entry)
  }

  #reader(process: SimProcess, shard: number): Reader {
    const readers = this.#readers[shard]!
    const reader = readers.get(process) ?? { read: new Map(), committed: 0 }
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
          if (committed > reader.committed) this.#claim(process, shard, reader, committed)
        }
      }
    }
  }

  #claim(process: SimProcess, shard: number, reader: Reader, committed: number): void {
    const known = this.entries[shard]!
    for (let position = reader.committed + 1; position <= committed; position++) {
      const entry = reader.read.get(position)
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
