import { MemoryLog } from '../log/memoryLog.ts'
import type { AppendOutcome, EntryHandler, Follower, LogBounds, LogEntry, ShardLog } from '../log/shardLog.ts'
import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import type { SimClock, SimProcess } from './simProcess.ts'
import type { Links, Site } from './site.ts'
import type { Faults } from './swarm.ts'
import type { VirtualTime } from './virtualTime.ts'

/**
 * What becomes of an append on its way. `lose-ack`: stored, unheard. `twice`: a network repeats it. `late`: it is on its
 * way until the link is whole again, when its sender has long given up.
 */
type Fate = 'store' | 'lose' | 'lose-ack' | 'refuse' | 'full' | 'twice' | 'late'

const lateLookMs = 150

export type SimLogOptions = {
  shard: number
  faults: Faults['log']
  time: VirtualTime
  /** Of the log's server: it stamps what it stores. */
  clock: SimClock
  prng: Prng
  chronicle: Chronicle
  links: Links
  /** Where its server stands. */
  site: Site
  bytesMax?: number
}

/** The log of one shard behind a network: what it stores is sure, what its senders and readers hear of it is not. */
export class SimLog {
  faults: Faults['log']
  readonly memory: MemoryLog
  readonly site: Site
  /** Frames that arrived and are not synced yet: a server that dies may have them or not. */
  readonly #unsynced = new Set<{ gone: boolean }>()
  readonly #o: SimLogOptions
  readonly #listeners: (() => void)[] = []
  #stalledUntilMs = 0

  constructor(options: SimLogOptions) {
    const { shard, time, clock, faults } = options
    this.#o = options
    this.faults = faults
    this.site = options.site
    this.memory = new MemoryLog({
      name: `of shard ${shard}`,
      nowMs: () => clock.nowMs(),
      defer: (work) => void time.after(0, work),
      ...(options.bytesMax === undefined ? {} : { bytesMax: options.bytesMax }),
    })
  }

  /** Told of each frame that is stored. */
  onStored(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** For a while the server takes nothing: what arrives waits. */
  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#o.time.nowMs + forMs)
  }

  /** Its server dies: of what was not synced some is stored and some is not, and nobody hears which. */
  crash(): void {
    for (const frame of this.#unsynced) frame.gone = this.#o.prng.chance(0.5)
    if (this.#unsynced.size > 0) this.#o.chronicle.tell('log.tailTorn')
    this.#unsynced.clear()
  }

  /** The log as one process reaches it. */
  of(process: SimProcess): ShardLog {
    return {
      append: (subject, frame, { timeoutMs }) => this.#append(process, subject, frame.slice(), timeoutMs),
      follow: (fromSeq, onEntry) => this.#follow(process, fromSeq, onEntry),
      bounds: () => process.promise((resolve) => this.#tellBounds(process, resolve)),
    }
  }

  #tellBounds(process: SimProcess, tell: (bounds: LogBounds) => void): void {
    this.#o.time.after(this.#delayMs(), () => {
      if (this.site.down) this.#tellBounds(process, tell)
      else void this.memory.bounds().then(tell)
    })
  }

  #append(process: SimProcess, subject: string, frame: Uint8Array, timeoutMs: number): Promise<AppendOutcome> {
    const { time, links } = this.#o
    return process.promise((resolve) => {
      const cancel = time.after(timeoutMs, () => resolve({ kind: 'unknown' }))
      const tell = (outcome: AppendOutcome): void => {
        if (process.cutOff || (outcome.kind !== 'not-sent' && !links.pass(this, process))) return
        time.after(this.#delayMs() + links.addedMs(this, process), () => {
          cancel()
          resolve(outcome)
        })
      }
      const fate = this.#fateFor(process)
      if (fate === 'refuse') tell({ kind: 'not-sent' })
      else if (fate === 'full') tell({ kind: 'full' })
      else if (fate === 'late') this.#arriveLate(process, subject, frame)
      else if (fate !== 'lose') {
        time.after(this.#delayMs() + links.addedMs(process, this), () =>
          this.#arrive(subject, frame, (outcome) => {
            if (fate !== 'lose-ack') tell(outcome)
          }),
        )
      }
      if (fate === 'twice') time.after(this.#delayMs(), () => this.#arrive(subject, frame, () => {}))
    })
  }

  /** What a broken link had swallowed may come out of it in the end. */
  #arriveLate(process: SimProcess, subject: string, frame: Uint8Array): void {
    const { time, links, chronicle } = this.#o
    time.after(lateLookMs, () => {
      if (!links.pass(process, this)) {
        this.#arriveLate(process, subject, frame)
        return
      }
      chronicle.tell('log.late')
      this.#arrive(subject, frame, () => {})
    })
  }

  #fateFor(process: SimProcess): Fate {
    const { prng, chronicle, links } = this.#o
    const { lose, loseAck, refuse, full, duplicate } = this.faults
    if (process.cutOff) return 'lose'
    // Behind a link that is known to be broken nobody listens; behind one that swallows frames nothing is known.
    if (!links.pass(process, this)) return prng.pick(['refuse', 'lose', 'late'])
    const u = prng.unit()
    const fates: [Fate, number][] = [
      ['lose', lose],
      ['lose-ack', loseAck],
      ['refuse', refuse],
      ['full', full],
      ['twice', duplicate],
    ]
    let sum = 0
    for (const [fate, probability] of fates) {
      sum += probability
      if (u >= sum) continue
      chronicle.tell(`log.${fate}`)
      return fate
    }
    return 'store'
  }

  #arrive(subject: string, frame: Uint8Array, tell: (outcome: AppendOutcome) => void): void {
    const { time, chronicle, shard, site } = this.#o
    if (site.down) return
    if (time.nowMs < this.#stalledUntilMs) {
      chronicle.tell('log.heldBack')
      time.after(this.#stalledUntilMs - time.nowMs, () => this.#arrive(subject, frame, tell))
      return
    }
    const unsynced = { gone: false }
    this.#unsynced.add(unsynced)
    time.after(1, () => {
      this.#unsynced.delete(unsynced)
      if (unsynced.gone) return
      void this.memory.append(subject, frame).then((outcome) => {
        if (outcome.kind === 'appended')
          chronicle.tell('log.stored', `${shard}/${outcome.seq} ${subject} ${frame.length}`)
        for (const listener of this.#listeners) listener()
        if (!site.down) tell(outcome)
      })
    })
  }

  /** Entries that lie there already come at once; a new one takes its time. None comes while the process is cut off. */
  #follow(process: SimProcess, fromSeq: number, onEntry: EntryHandler): Follower {
    const { time } = this.#o
    let ended = false
    let release: (() => void) | undefined
    const later = (entry: LogEntry, delayMs: number): Promise<void> =>
      new Promise((resolve, reject) => {
        release = resolve
        const deliver = (): void => {
          if (ended) return
          if (process.cutOff) {
            time.after(20, () => process.do(deliver))
            return
          }
          release = undefined
          try {
            Promise.resolve(onEntry(copyOf(entry))).then(resolve, reject)
          } catch (error) {
            reject(error)
          }
        }
        time.after(delayMs, () => process.do(deliver))
      })
    const inner = this.memory.follow(fromSeq, (entry) => {
      if (!process.alive) return new Promise<void>(() => {})
      if (entry.seq < this.memory.last && !process.paused && !process.cutOff) return onEntry(copyOf(entry))
      return later(entry, this.#delayMs())
    })
    process.onKill(() => {
      ended = true
      void inner.stop()
    })
    return {
      stop: () => {
        ended = true
        release?.()
        return inner.stop()
      },
      failed: process.promise((resolve) => void inner.failed.then(resolve)),
    }
  }

  #delayMs(): number {
    return 1 + this.#o.prng.delayMs(this.faults.delayMs)
  }
}

const copyOf = (entry: LogEntry): LogEntry => ({ ...entry, data: entry.data.slice() })
