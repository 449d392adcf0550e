import type { LeaseStore } from '../host/lease.ts'
import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import type { SimProcess } from './simProcess.ts'
import type { Faults } from './swarm.ts'
import type { VirtualTime } from './virtualTime.ts'

type Entry = { revision: number; value: Uint8Array }
const requestTimeoutMs = 2_000

/** The bucket of leases: compare-and-set that may fail before it is done, or after. */
export class SimLeases {
  faults: Faults['lease']
  readonly #time: VirtualTime
  readonly #prng: Prng
  readonly #chronicle: Chronicle
  readonly #entries = new Map<string, Entry>()
  #revision = 0

  constructor(faults: Faults['lease'], time: VirtualTime, prng: Prng, chronicle: Chronicle) {
    this.faults = faults
    this.#time = time
    this.#prng = prng
    this.#chronicle = chronicle
  }

  of(process: SimProcess): LeaseStore {
    const set = (key: string, value: Uint8Array, expected: number | undefined) =>
      this.#call(process, () => {
        if (this.#entries.get(key)?.revision !== expected) return undefined
        this.#entries.set(key, { revision: ++this.#revision, value: value.slice() })
        return this.#revision
      })
    return {
      get: (key) => this.#call(process, () => this.#entries.get(key)),
      create: (key, value) => set(key, value, undefined),
      update: (key, value, revision) => set(key, value, revision),
      delete: (key, revision) =>
        this.#call(process, () => {
          if (this.#entries.get(key)?.revision === revision) this.#entries.delete(key)
        }),
    }
  }

  #call<T>(process: SimProcess, work: () => T): Promise<T> {
    return process.promise((resolve, reject) => {
      const fails = this.#prng.chance(this.faults.fail) || process.cutOff
      const done = this.#prng.chance(0.5) && !process.cutOff
      if (fails) this.#chronicle.tell(done ? 'lease.answerLost' : 'lease.requestLost')
      this.#time.after(1 + this.#prng.between(0, 5), () => {
        const result = fails && !done ? undefined : work()
        if (!fails) this.#time.after(1, () => resolve(result as T))
      })
      if (fails) this.#time.after(requestTimeoutMs, () => reject(new Error('the lease bucket did not answer')))
    })
  }
}
