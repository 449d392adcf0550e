import type { Prng } from './prng.ts'
import type { VirtualTime } from './virtualTime.ts'

/** Where a region's server and its machines stand. While it is down nothing there can be reached. */
export class Site {
  readonly name: string
  readonly #time: VirtualTime
  #downUntilMs = 0

  constructor(name: string, time: VirtualTime) {
    this.name = name
    this.#time = time
  }

  get down(): boolean {
    return this.#time.nowMs < this.#downUntilMs
  }

  takeDown(forMs: number): void {
    this.#downUntilMs = Math.max(this.#downUntilMs, this.#time.nowMs + forMs)
  }

  bringUp(): void {
    this.#downUntilMs = 0
  }
}

/** Whatever stands somewhere; what stands nowhere, as people and banks do, is reached without any link. */
export type Located = { readonly site: Site | undefined }

/** The ways between sites. Each direction fails by itself; within a site nothing is in between but its server. */
export class Links {
  delayMs = 1
  readonly #time: VirtualTime
  readonly #prng: Prng
  readonly #cutUntilMs = new Map<string, number>()

  constructor(time: VirtualTime, prng: Prng) {
    this.#time = time
    this.#prng = prng
  }

  cut(from: string, to: string, forMs: number): void {
    const way = `${from}>${to}`
    this.#cutUntilMs.set(way, Math.max(this.#cutUntilMs.get(way) ?? 0, this.#time.nowMs + forMs))
  }

  /** The way past the link by which a region's server is looked at directly. */
  cutProbe(from: string, to: string, forMs: number): void {
    this.cut(`probe ${from}`, to, forMs)
  }

  probe(from: Located, to: Located): boolean {
    const [source, target] = [from.site, to.site]
    if (source === undefined || target === undefined || target.down) return false
    return this.#time.nowMs >= (this.#cutUntilMs.get(`probe ${source.name}>${target.name}`) ?? 0)
  }

  heal(): void {
    this.#cutUntilMs.clear()
  }

  /** Whether something that leaves now arrives. */
  pass(from: Located, to: Located): boolean {
    const [source, target] = [from.site, to.site]
    if (source?.down || target?.down) return false
    if (source === undefined || target === undefined || source === target) return true
    return this.#time.nowMs >= (this.#cutUntilMs.get(`${source.name}>${target.name}`) ?? 0)
  }

  /** What the way between two sites adds to the time that a message takes. */
  addedMs(from: Located, to: Located): number {
    const far = from.site !== undefined && to.site !== undefined && from.site !== to.site
    return far ? this.#prng.delayMs(this.delayMs) : 0
  }
}
