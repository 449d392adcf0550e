import { Columns, type Section } from './columns.ts'
import type { Digest } from './digest.ts'

/** Where and how a command ended: what the same id is answered with again. */
const schema = {
  actor: 'f64',
  /** Log time of the execution in ms. */
  time: 'f64',
  /** Position of the execution: log sequence and index in its frame. */
  seq: 'f64',
  /** Transit number of a payment that left the shard, or the number a command issued. */
  value: 'f64',
  id0: 'u32',
  id1: 'u32',
  id2: 'u32',
  id3: 'u32',
  digestHigh: 'u32',
  digestLow: 'u32',
  index: 'u32',
  code: 'u8',
  /** Destination shard + 1 of a payment that left the shard, else 0. */
  destination: 'u8',
} as const

/**
 * Exact memory of the commands of the last minutes, by (actor, id): a ring in order of execution, so that the oldest
 * leave first, and an open-addressing index over it. A full ring refuses new ids; it never forgets early.
 */
export class CommandIds {
  readonly columns: Columns<typeof schema>
  readonly #capacity: number
  readonly #ringMask: number
  readonly #slots: Uint32Array
  readonly #slotMask: number
  readonly #digest: Digest
  readonly #key: number
  /** Entries ever added and ever forgotten; entry n lives in row n modulo the capacity. */
  head = 0
  tail = 0

  constructor(capacity: number, digest: Digest, key: number) {
    if ((capacity & (capacity - 1)) !== 0) throw new RangeError('the id capacity must be a power of two')
    this.columns = new Columns('commandIds', schema, capacity)
    this.#capacity = capacity
    this.#ringMask = capacity - 1
    this.#slots = new Uint32Array(capacity * 2)
    this.#slotMask = capacity * 2 - 1
    this.#digest = digest
    this.#key = key
  }

  get full(): boolean {
    return this.head - this.tail >= this.#capacity
  }

  get size(): number {
    return this.head - this.tail
  }

  #home(actor: number, id0: number, id1: number, id2: number, id3: number): number {
    let h = Math.imul((actor >>> 0) ^ this.#key, 0x9e3779b1) ^ Math.imul(id0, 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 15) ^ id1, 0xc2b2ae35)
    h = Math.imul(h ^ (h >>> 13) ^ id2, 0x27d4eb2f)
    h = Math.imul(h ^ (h >>> 16) ^ id3, 0x165667b1)
    return (h ^ (h >>> 15)) & this.#slotMask
  }

  /** Row of an id, or -1. The id's bytes are given as four 32-bit words as they lie in the frame. */
  find(actor: number, words: Uint32Array, at: number): number {
    const { actor: actors, id0, id1, id2, id3 } = this.columns.at
    let slot = this.#home(actor, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
    for (;;) {
      const held = this.#slots[slot]!
      if (held === 0) return -1
      const row = held - 1
      if (
        id3[row] === words[at + 3] &&
        id2[row] === words[at + 2] &&
        id1[row] === words[at + 1] &&
        id0[row] === words[at] &&
        actors[row] === actor
      )
        return row
      slot = (slot + 1) & this.#slotMask
    }
  }

  /** Adds an execution. The caller has checked `full` and that the id is not there. Returns its row. */
  add(actor: number, words: Uint32Array, at: number, digestAt: number): number {
    const row = this.head & this.#ringMask
    const c = this.columns.at
    c.actor[row] = actor
    c.id0[row] = words[at]!
    c.id1[row] = words[at + 1]!
    c.id2[row] = words[at + 2]!
    c.id3[row] = words[at + 3]!
    c.digestHigh[row] = words[digestAt]!
    c.digestLow[row] = words[digestAt + 1]!
    this.head += 1
    this.#index(row)
    return row
  }

  #index(row: number): void {
    const c = this.columns.at
    let slot = this.#home(c.actor[row]!, c.id0[row]!, c.id1[row]!, c.id2[row]!, c.id3[row]!)
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#slotMask
    this.#slots[slot] = row + 1
  }

  /** Fills in how the execution ended; its hash enters the digest here. */
  settle(
    row: number,
    code: number,
    time: number,
    seq: number,
    index: number,
    value: number,
    destination: number,
  ): void {
    const c = this.columns.at
    c.code[row] = code
    c.time[row] = time
    c.seq[row] = seq
    c.index[row] = index
    c.value[row] = value
    c.destination[row] = destination
    this.#hash(row, 1)
  }

  /** A later step of a saga changes the outcome that the id is answered with. */
  change(row: number, code: number): void {
    this.#hash(row, -1)
    this.columns.at.code[row] = code
    this.#hash(row, 1)
  }

  #hash(row: number, sign: 1 | -1): void {
    const c = this.columns.at
    const digest = this.#digest
    digest.begin(this.columns.table, row)
    digest.word(c.actor[row]! >>> 0)
    digest.word(c.id0[row]!)
    digest.word(c.id1[row]!)
    digest.word(c.id2[row]!)
    digest.word(c.id3[row]!)
    digest.word(c.digestLow[row]!)
    digest.word(c.seq[row]! >>> 0)
    digest.word(c.value[row]! >>> 0)
    digest.word((c.index[row]! << 16) ^ (c.destination[row]! << 8) ^ c.code[row]!)
    digest.end(sign)
  }

  /** Forgets what was executed before `beforeMs`, at most `most` entries so that no frame pays for many. */
  forget(beforeMs: number, most: number): void {
    const { time } = this.columns.at
    for (let n = 0; n < most && this.tail < this.head; n++) {
      const row = this.tail & this.#ringMask
      if (time[row]! >= beforeMs) return
      this.#hash(row, -1)
      this.#remove(row)
      this.tail += 1
    }
  }

  /** Backward-shift deletion keeps probes short without tombstones. */
  #remove(row: number): void {
    const c = this.columns.at
    let slot = this.#home(c.actor[row]!, c.id0[row]!, c.id1[row]!, c.id2[row]!, c.id3[row]!)
    while (this.#slots[slot] !== row + 1) slot = (slot + 1) & this.#slotMask
    let hole = slot
    for (;;) {
      slot = (slot + 1) & this.#slotMask
      const held = this.#slots[slot]!
      if (held === 0) break
      const r = held - 1
      const home = this.#home(c.actor[r]!, c.id0[r]!, c.id1[r]!, c.id2[r]!, c.id3[r]!)
      if (((slot - home) & this.#slotMask) >= ((slot - hole) & this.#slotMask)) {
        this.#slots[hole] = held
        hole = slot
      }
    }
    this.#slots[hole] = 0
  }

  /** Live entries, oldest first, whatever their place in the ring. */
  sections(): Section[] {
    const rows = this.size
    const first = this.tail & this.#ringMask
    this.columns.count = this.#capacity
    const whole = this.columns.sections()
    this.columns.count = 0
    return whole.map(({ name, bytes }) => {
      const width = bytes.length / this.#capacity
      const out = new Uint8Array(rows * width)
      const straight = Math.min(rows, this.#capacity - first)
      out.set(bytes.subarray(first * width, (first + straight) * width))
      out.set(bytes.subarray(0, (rows - straight) * width), straight * width)
      return { name, bytes: out }
    })
  }

  /** The hashes of the loaded entries are in the digest that was saved beside them: nothing is added here. */
  load(tail: number, head: number, sections: ReadonlyMap<string, Uint8Array>): void {
    const rows = head - tail
    const first = tail & this.#ringMask
    const straight = Math.min(rows, this.#capacity - first)
    this.columns.count = this.#capacity
    for (const { name, bytes } of this.columns.sections()) {
      const width = bytes.length / this.#capacity
      const saved = sections.get(name)
      if (saved?.length !== rows * width) throw new RangeError(`${name}: wrong length`)
      bytes.set(saved.subarray(0, straight * width), first * width)
      bytes.set(saved.subarray(straight * width), 0)
    }
    this.columns.count = 0
    this.tail = tail
    this.head = head
    this.#slots.fill(0)
    for (let n = tail; n < head; n++) this.#index(n & this.#ringMask)
  }
}
