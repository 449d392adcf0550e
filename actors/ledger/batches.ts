import { type Section, tableNumber } from './columns.ts'
import type { Digest } from './digest.ts'
import { LawBroken } from './money.ts'

/** Records of one batch, and so the most that one frame of a batch holds. */
export const batchRecordsMax = 8_000

const table = tableNumber('batches')
const outcomeTable = tableNumber('batchOutcomes')
/** Columns of the fixed part of a saved batch, as doubles; then first and count for each shard. */
const fixedFields = 11
/** The last of them: 1 when outcomes of the batch follow, 0 when it was accepted as a whole. */
const outcomesField = fixedFields - 1

/**
 * A record's id is its batch's id with another version (8 for 7) and the index in the last two bytes: a batch is told
 * apart by what all of these share. The masks are for the second and fourth word of an id, as they lie in memory.
 */
const versionMask = 0xff0f_ffff
const indexMask = 0xffff

/** Makes the id of one of a batch's records in place. */
export function makeRecordId(id: Uint8Array, index: number): void {
  id[6] = (id[6]! & 0x0f) | 0x80
  id[14] = index >>> 8
  id[15] = index
}

/**
 * Exact memory of the batches of the last minutes, by (institution, batch id): one entry a batch in a ring in order of
 * execution, and one byte a record of those of which something was refused; of what was accepted as a whole the entry
 * says all. When entries or records are used up new batches are refused; nothing is forgotten early.
 */
export class Batches {
  readonly #capacity: number
  readonly #shards: number
  readonly #digest: Digest
  readonly #institution: Uint32Array
  /** Four words an entry, without what the masks take away. */
  readonly #id: Uint32Array
  readonly #digestWords: Uint32Array
  readonly #time: Float64Array
  readonly #seq: Float64Array
  readonly #count: Uint32Array
  /** By entry and destination shard: transit numbers that the batch took. */
  readonly #transitFirst: Float64Array
  readonly #transitCount: Uint32Array
  /** By row: outcomes of the batch's records. A buffer a batch, so that memory follows what is remembered. */
  readonly #outcomes: (Uint8Array | undefined)[] = []
  readonly #recordsMax: number
  readonly #rows = new Map<string, number>()
  head = 0
  tail = 0
  /** Records of all batches that are remembered. */
  records = 0

  constructor(capacity: number, recordsMax: number, shards: number, digest: Digest) {
    this.#capacity = capacity
    this.#recordsMax = recordsMax
    this.#shards = shards
    this.#digest = digest
    this.#institution = new Uint32Array(capacity)
    this.#id = new Uint32Array(capacity * 4)
    this.#digestWords = new Uint32Array(capacity * 2)
    this.#time = new Float64Array(capacity)
    this.#seq = new Float64Array(capacity)
    this.#count = new Uint32Array(capacity)
    this.#transitFirst = new Float64Array(capacity * shards)
    this.#transitCount = new Uint32Array(capacity * shards)
  }

  hasRoom(records: number): boolean {
    return this.head - this.tail < this.#capacity && this.records + records <= this.#recordsMax
  }

  #key(institution: number, words: Uint32Array, at: number): string {
    return `${institution}.${words[at]}.${words[at + 1]! & versionMask}.${words[at + 2]}.${words[at + 3]! & indexMask}`
  }

  /** Row of a batch, or -1; the id as four words as they lie in the frame, of the batch or of any of its records. */
  find(institution: number, words: Uint32Array, at: number): number {
    return this.#rows.get(this.#key(institution, words, at)) ?? -1
  }

  /** Adds a batch whose outcomes follow by `settle`. The caller has checked `hasRoom` and that the id is not there. */
  add(institution: number, words: Uint32Array, at: number, digestAt: number, count: number): number {
    const row = this.head % this.#capacity
    this.#institution[row] = institution
    for (let w = 0; w < 4; w++) this.#id[row * 4 + w] = words[at + w]!
    this.#id[row * 4 + 1]! &= versionMask
    this.#id[row * 4 + 3]! &= indexMask
    this.#digestWords[row * 2] = words[digestAt]!
    this.#digestWords[row * 2 + 1] = words[digestAt + 1]!
    this.#count[row] = count
    this.head += 1
    this.records += count
    this.#rows.set(this.#key(institution, words, at), row)
    return row
  }

  /** Fills in how the batch ended. `transitFirst` and `transitCount` are by destination shard. */
  settle(
    row: number,
    time: number,
    seq: number,
    codes: Uint8Array,
    transitFirst: Float64Array,
    transitCount: Uint32Array,
  ): void {
    this.#time[row] = time
    this.#seq[row] = seq
    for (let d = 0; d < this.#shards; d++) {
      this.#transitFirst[row * this.#shards + d] = transitFirst[d]!
      this.#transitCount[row * this.#shards + d] = transitCount[d]!
    }
    const count = this.#count[row]!
    let whole = true
    for (let i = 0; i < count; i++) {
      if (codes[i] === 0) continue
      whole = false
      this.#hashOutcome(row, i, codes[i]!, 1)
    }
    this.#outcomes[row] = whole ? undefined : codes.slice(0, count)
    this.#hash(row, 1)
  }

  /** A credit that came back changes the outcome of its record. @throws LawBroken when the batch has no such record */
  change(row: number, position: number, code: number): void {
    if (position >= this.#count[row]!) throw new LawBroken(`record ${position} of a batch of ${this.#count[row]}`)
    this.#outcomes[row] ??= new Uint8Array(this.#count[row]!)
    const outcomes = this.#outcomes[row]
    if (outcomes[position] !== 0) this.#hashOutcome(row, position, outcomes[position]!, -1)
    outcomes[position] = code
    this.#hashOutcome(row, position, code, 1)
  }

  isSameBody(row: number, words: Uint32Array, digestAt: number): boolean {
    return this.#digestWords[row * 2] === words[digestAt] && this.#digestWords[row * 2 + 1] === words[digestAt + 1]
  }

  countOf(row: number): number {
    return this.#count[row]!
  }

  timeOf(row: number): number {
    return this.#time[row]!
  }

  seqOf(row: number): number {
    return this.#seq[row]!
  }

  /** Copies the outcomes of a batch, and by destination the transit numbers that it took. */
  read(row: number, codes: Uint8Array, transitFirst: Float64Array, transitCount: Uint32Array): void {
    const outcomes = this.#outcomes[row]
    if (outcomes === undefined) codes.fill(0, 0, this.#count[row]!)
    else codes.set(outcomes)
    for (let d = 0; d < this.#shards; d++) {
      transitFirst[d] = this.#transitFirst[row * this.#shards + d]!
      transitCount[d] = this.#transitCount[row * this.#shards + d]!
    }
  }

  #hash(row: number, sign: 1 | -1): void {
    const digest = this.#digest
    digest.begin(table, row)
    digest.word(this.#institution[row]!)
    for (let w = 0; w < 4; w++) digest.word(this.#id[row * 4 + w]!)
    digest.word(this.#digestWords[row * 2]!)
    digest.word(this.#digestWords[row * 2 + 1]!)
    digest.word(this.#seq[row]! >>> 0)
    digest.word(this.#count[row]!)
    for (let d = 0; d < this.#shards; d++) digest.word(this.#transitFirst[row * this.#shards + d]! >>> 0)
    digest.end(sign)
  }

  /** Only what is not accepted has a hash of its own, so that a batch that went through costs none. */
  #hashOutcome(row: number, position: number, code: number, sign: 1 | -1): void {
    this.#digest.begin(outcomeTable, row)
    this.#digest.word((position << 8) | code)
    this.#digest.end(sign)
  }

  /** Forgets what was executed before `beforeMs`, at most `most` batches so that no frame pays for many. */
  forget(beforeMs: number, most: number): void {
    for (let n = 0; n < most && this.tail < this.head; n++) {
      const row = this.tail % this.#capacity
      if (this.#time[row]! >= beforeMs) return
      this.#outcomes[row]?.forEach((code, i) => {
        if (code !== 0) this.#hashOutcome(row, i, code, -1)
      })
      this.#hash(row, -1)
      this.#rows.delete(this.#key(this.#institution[row]!, this.#id, row * 4))
      this.records -= this.#count[row]!
      this.#outcomes[row] = undefined
      this.tail += 1
    }
  }

  /** Live batches, oldest first. */
  sections(): Section[] {
    const width = fixedFields + 2 * this.#shards
    const out = new Float64Array((this.head - this.tail) * width)
    for (let n = this.tail; n < this.head; n++) this.#save(n % this.#capacity, out, (n - this.tail) * width)
    return [
      { name: 'batches', bytes: new Uint8Array(out.buffer) },
      { name: 'batchOutcomes', bytes: this.#joinedOutcomes() },
    ]
  }

  /** One behind the other, of the batches that have any. */
  #joinedOutcomes(): Uint8Array {
    let size = 0
    for (let n = this.tail; n < this.head; n++) size += this.#outcomes[n % this.#capacity]?.length ?? 0
    const joined = new Uint8Array(size)
    let at = 0
    for (let n = this.tail; n < this.head; n++) {
      const part = this.#outcomes[n % this.#capacity]
      if (part === undefined) continue
      joined.set(part, at)
      at += part.length
    }
    return joined
  }

  #save(row: number, out: Float64Array, at: number): void {
    const id = row * 4
    out.set(
      [
        this.#institution[row]!,
        this.#id[id]!,
        this.#id[id + 1]!,
        this.#id[id + 2]!,
        this.#id[id + 3]!,
        this.#digestWords[row * 2]!,
        this.#digestWords[row * 2 + 1]!,
        this.#time[row]!,
        this.#seq[row]!,
        this.#count[row]!,
        this.#outcomes[row] === undefined ? 0 : 1,
      ],
      at,
    )
    for (let d = 0; d < this.#shards; d++) {
      out[at + fixedFields + d] = this.#transitFirst[row * this.#shards + d]!
      out[at + fixedFields + this.#shards + d] = this.#transitCount[row * this.#shards + d]!
    }
  }

  /** The place of the ring and what it holds, as they stand in a snapshot and in the digest. */
  counters(): Float64Array {
    return Float64Array.of(this.head, this.tail, this.records)
  }

  /** The hashes of what is loaded are in the digest that was saved beside it. @throws RangeError when it does not fit. */
  load(counters: Float64Array, saved: Float64Array, outcomes: Uint8Array): void {
    const [head = 0, tail = 0, records = 0] = counters
    const width = fixedFields + 2 * this.#shards
    if (saved.length !== (head - tail) * width) throw new RangeError('batches: wrong length')
    Object.assign(this, { head, tail, records })
    this.#rows.clear()
    let counted = 0
    let at = 0
    for (let n = tail; n < head; n++) {
      const row = n % this.#capacity
      this.#restore(row, saved, (n - tail) * width)
      const count = this.#count[row]!
      counted += count
      const whole = saved[(n - tail) * width + outcomesField] === 0
      this.#outcomes[row] = whole ? undefined : outcomes.slice(at, at + count)
      if (!whole) at += count
    }
    if (counted !== records) throw new RangeError(`batches: ${counted} records, counted as ${records}`)
    if (outcomes.length !== at) throw new RangeError('batchOutcomes: wrong length')
  }

  #restore(row: number, saved: Float64Array, at: number): void {
    this.#institution[row] = saved[at]!
    for (let w = 0; w < 4; w++) this.#id[row * 4 + w] = saved[at + 1 + w]!
    this.#digestWords[row * 2] = saved[at + 5]!
    this.#digestWords[row * 2 + 1] = saved[at + 6]!
    this.#time[row] = saved[at + 7]!
    this.#seq[row] = saved[at + 8]!
    this.#count[row] = saved[at + 9]!
    for (let d = 0; d < this.#shards; d++) {
      this.#transitFirst[row * this.#shards + d] = saved[at + fixedFields + d]!
      this.#transitCount[row * this.#shards + d] = saved[at + fixedFields + this.#shards + d]!
    }
    this.#rows.set(this.#key(this.#institution[row]!, this.#id, row * 4), row)
  }
}
