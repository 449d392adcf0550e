import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import type { SimLog } from './simLog.ts'
import type { Links } from './site.ts'
import type { VirtualTime } from './virtualTime.ts'

const lookEveryMs = 200
/** What a server takes to find a stream again that it mirrors, once the link is whole. */
const resumeMsMin = 300
const resumeMsMax = 1_600

export type SimMirrorOptions = {
  origin: SimLog
  /** The copy, at another site's server. */
  copy: SimLog
  time: VirtualTime
  links: Links
  prng: Prng
  chronicle: Chronicle
}

/** Copies a shard's log to another region: later, in order, and not while the link or either server is down. */
export class SimMirror {
  readonly #o: SimMirrorOptions
  #copying = false
  #stalled = false

  constructor(options: SimMirrorOptions) {
    this.#o = options
    const { origin } = options
    origin.onStored(() => this.#copy())
    this.#look()
  }

  /** Entries that the origin has and the copy has not. */
  get lag(): number {
    return this.#o.origin.memory.last - this.#o.copy.memory.last
  }

  #look(): void {
    this.#o.time.after(lookEveryMs, () => this.#look())
    this.#copy()
  }

  #copy(): void {
    const { origin, copy, time, links, prng, chronicle } = this.#o
    const upTo = origin.memory.last
    if (this.#copying || upTo <= copy.memory.last) return
    if (!links.pass(origin, copy)) {
      if (!this.#stalled) chronicle.tell('mirror.stalled')
      this.#stalled = true
      return
    }
    this.#copying = true
    const resumeMs = this.#stalled ? prng.between(resumeMsMin, resumeMsMax) : 0
    time.after(1 + resumeMs + links.addedMs(origin, copy), () => {
      this.#copying = false
      if (copy.site.down || origin.site.down) return
      this.#stalled = false
      for (let seq = copy.memory.last + 1; seq <= upTo; seq++) copy.memory.copy(origin.memory.entry(seq)!)
      this.#copy()
    })
  }
}
