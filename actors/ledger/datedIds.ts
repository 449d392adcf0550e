import { Columns, type Section } from './columns.ts'
import type { Digest } from './digest.ts'

const schema = { high: 'u32', low: 'u32', lastDay: 'u16' } as const

/**
 * Fingerprints of executed dated ids, each kept for two business days after its execution: enough to never execute one
 * twice. What it was answered stands in the journal. The odds that two ids of one shard share a fingerprint are one in
 * 2^43 at a million ids; such an id is refused, never executed.
 */
export class DatedIds {
  readonly #columns: Columns<typeof schema>
  readonly #capacity: number
  readonly #slots: Uint32Array
  readonly #slotMask: number
  readonly #digest: Digest
  readonly #key: number
  head = 0
  tail = 0
  #high = 0
  #low = 0

  constructor(capacity: number, digest: Digest, key: number) {
    this.#columns = new Columns('datedIds', schema, capacity)
    this.#capacity = capacity
    this.#slots = new Uint32Array(capacity * 2)
    this.#slotMask = capacity * 2 - 1
    this.#digest = digest
    this.#key = key
  }

  get full(): boolean {
    return this.head - this.tail >= this.#capacity
  }

  get halfFull(): boolean {
    return (this.head - this.tail) * 2 >= this.#capacity
  }

  #fingerprint(actor: number, words: Uint32Array, at: number): void {
    let a = Math.imul((actor >>> 0) ^ this.#key, 0x9e3779b1)
    let b = Math.imul(((actor / 4_294_967_296) >>> 0) + this.#key, 0x85ebca6b)
    for (let i = 0; i < 4; i++) {
      const word = words[at + i]!
      a = Math.imul(a ^ word, 0xcc9e2d51)
      a ^= a >>> 15
      b = Math.imul(b + word, 0xc2b2ae35)
      b ^= b >>> 13
    }
    this.#high = (a ^ (b >>> 16)) >>> 0
    this.#low = (b ^ (a >>> 15)) >>> 0
  }

  has(actor: number, words: Uint32Array, at: number): boolean {
    this.#fingerprint(actor, words, at)
    return this.#slotOf(this.#high, this.#low) >= 0
  }

  #slotOf(high: number, low: number): number {
    const c = this.#columns.at
    let slot = low & this.#slotMask
    for (;;) {
      const held = this.#slots[slot]!
      if (held === 0) return -1
      if (c.low[held - 1] === low && c.high[held - 1] === high) return slot
      slot = (slot + 1) & this.#slotMask
    }
  }

  /** Remembers an id as executed, up to and including business day `lastDay`. */
  add(actor: number, words: Uint32Array, at: number, lastDay: number): void {
    this.#fingerprint(actor, words, at)
    const row = this.head % this.#capacity
    const c = this.#columns.at
    c.high[row] = this.#high
    c.low[row] = this.#low
    c.lastDay[row] = lastDay
    this.head += 1
    this.#columns.hashRow(this.#digest, row, 1)
    this.#index(row)
  }

  #index(row: number): void {
    let slot = this.#columns.at.low[row]! & this.#slotMask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#slotMask
    this.#slots[slot] = row + 1
  }

  forget(today: number, most: number): void {
    const c = this.#columns.at
    for (let n = 0; n < most && this.tail < this.head; n++) {
      const row = this.tail % this.#capacity
      if (c.lastDay[row]! >= today) return
      this.#columns.hashRow(this.#digest, row, -1)
      this.#remove(this.#slotOf(c.high[row]!, c.low[row]!))
      this.tail += 1
    }
  }

  #remove(start: number): void {
    let hole = start
    let slot = start
    for (;;) {
      slot = (slot + 1) & this.#slotMask
      const held = this.#slots[slot]!
      if (held === 0) break
      const home = this.#columns.at.low[held - 1]! & this.#slotMask
      if (((slot - home) & this.#slotMask) >= ((slot - hole) & this.#slotMask)) {
        this.#slots[hole] = held
        hole = slot
      }
    }
    this.#slots[hole] = 0
  }

  /** Live entries by their place in the ring, oldest first. */
  sections(): Section[] {
    const rows = this.head - this.tail
    const out = new Uint32Array(rows * 3)
    const c = this.#columns.at
    for (let n = 0; n < rows; n++) {
      const row = (this.tail + n) % this.#capacity
      out[n * 3] = c.high[row]!
      out[n * 3 + 1] = c.low[row]!
      out[n * 3 + 2] = c.lastDay[row]!
    }
    return [{ name: 'datedIds', bytes: new Uint8Array(out.buffer) }]
  }

  load(tail: number, head: number, sections: ReadonlyMap<string, Uint8Array>): void {
    const saved = sections.get('datedIds')
    if (saved?.length !== (head - tail) * 12) throw new RangeError('datedIds: wrong length')
    const words = new Uint32Array(saved.slice().buffer)
    const c = this.#columns.at
    this.#slots.fill(0)
    for (let n = tail; n < head; n++) {
      const row = n % this.#capacity
      c.high[row] = words[(n - tail) * 3]!
      c.low[row] = words[(n - tail) * 3 + 1]!
      c.lastDay[row] = words[(n - tail) * 3 + 2]!
      this.#index(row)
    }
    this.tail = tail
    this.head = head
  }
}
