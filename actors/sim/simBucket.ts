import type { LeaseStore } from '../host/lease.ts'
import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import type { SimProcess } from './simProcess.ts'
import type { Links, Site } from './site.ts'
import type { VirtualTime } from './virtualTime.ts'

type Entry = { revision: number; value: Uint8Array }
type Listener = (key: string, entry: Entry) => void
const requestTimeoutMs = 2_000
const lateMsMax = 12_000

export type BucketFaults = {
  /** A request or its answer is lost. */
  fail: number
  /** A request whose sender has given up arrives after all. */
  late: number
}

export type SimBucketOptions = {
  name: string
  faults: BucketFaults
  time: VirtualTime
  prng: Prng
  chronicle: Chronicle
  links: Links
  site: Site
}

/** A key-value bucket: compare-and-set that may fail before it is done, or after, or be done when nobody waits any more. */
export class SimBucket {
  faults: BucketFaults
  readonly site: Site
  readonly #o: SimBucketOptions
  readonly #entries = new Map<string, Entry>()
  readonly #listeners = new Set<Listener>()
  #revision = 0

  constructor(options: SimBucketOptions) {
    this.#o = options
    this.faults = options.faults
    this.site = options.site
  }

  of(process: SimProcess): LeaseStore & { put(key: string, value: Uint8Array): Promise<number> } {
    const set = (key: string, value: Uint8Array, expected: number | undefined) =>
      this.#call(process, () => (this.#entries.get(key)?.revision === expected ? this.put(key, value) : undefined))
    return {
      get: (key) => this.#call(process, () => this.#entries.get(key)),
      put: (key, value) => this.#call(process, () => this.put(key, value)),
      create: (key, value) => set(key, value, undefined),
      update: (key, value, revision) => set(key, value, revision),
      delete: (key, revision) =>
        this.#call(process, () => {
          if (this.#entries.get(key)?.revision === revision) this.#entries.delete(key)
        }),
    }
  }

  /** What is stored now, as whoever stands above the world sees it. */
  peek(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  put(key: string, value: Uint8Array): number {
    const entry = { revision: ++this.#revision, value: value.slice() }
    this.#entries.set(key, entry)
    for (const listener of this.#listeners) listener(key, entry)
    return entry.revision
  }

  /** Tells a process of changes as they happen; those that cannot reach it are lost. */
  watch(process: SimProcess, listener: Listener): () => void {
    const { time, prng, links } = this.#o
    const tell: Listener = (key, entry) => {
      if (!links.pass(this, process)) return
      time.after(1 + prng.between(0, 5), () => {
        if (!process.cutOff) process.do(() => listener(key, entry))
      })
    }
    this.#listeners.add(tell)
    process.onKill(() => this.#listeners.delete(tell))
    return () => this.#listeners.delete(tell)
  }

  /** Hears of changes at once, from above the world. */
  onChange(listener: Listener): void {
    this.#listeners.add(listener)
  }

  #call<T>(process: SimProcess, work: () => T): Promise<T> {
    const { time, prng, chronicle, links, name } = this.#o
    return process.promise((resolve, reject) => {
      const reaches = !process.cutOff && links.pass(process, this)
      const fails = prng.chance(this.faults.fail) || !reaches
      const done = prng.chance(0.5) && reaches
      const late = reaches && prng.chance(this.faults.late)
      if (fails || late) time.after(requestTimeoutMs, () => reject(new Error(`bucket ${name} did not answer`)))
      if (fails) chronicle.tell(done ? `${name}.answerLost` : `${name}.requestLost`)
      if (fails && !done) return
      if (late) chronicle.tell(`${name}.late`)
      const wayMs = links.addedMs(process, this)
      time.after(1 + wayMs + (late ? prng.between(requestTimeoutMs, lateMsMax) : prng.between(0, 5)), () => {
        if (this.site.down) return
        const result = work()
        if (fails || late || !links.pass(this, process)) return
        time.after(1 + wayMs, () => resolve(result))
      })
      if (!fails && !late) time.after(requestTimeoutMs, () => reject(new Error(`bucket ${name} did not answer`)))
    })
  }
}
