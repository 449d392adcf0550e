import { transitGroup, transitRecord } from './records.ts'
import { Slots, slotBytes } from './slots.ts'

const G = transitGroup.at
const T = transitRecord.at
const slotWords = slotBytes >>> 2

/**
 * What one shard owes one other, in order: numbered transit records, and the groups they belong to. A record stays
 * until the destination holds it in a durable snapshot, so that a new leader or a new owner can send again from there.
 * What is already acknowledged is not part of the digest, since replicas learn of acknowledgements at different moments.
 */
export class Lane {
  readonly #records = new Slots()
  readonly #groups = new Slots()

  /** Number of the next record to be added; numbers are never reused within an incarnation. */
  get next(): number {
    return this.#records.next
  }

  /** Number of the first record still kept. */
  get kept(): number {
    return this.#records.kept
  }

  /** Groups that were ever begun, and how many of the first of them are forgotten. */
  get groups(): { next: number; kept: number } {
    return { next: this.#groups.next, kept: this.#groups.kept }
  }

  /** Begins a group: what is owed from now on was asked for by this payment or batch. */
  begin(institution: number, edge: number, token: number, idWords: Uint32Array, idWord: number): void {
    const { next } = this.#groups
    const { u32, f64 } = this.#groups.chunkFor(next)
    const at = Slots.offsetOf(next)
    u32[(at + G.first) >>> 2] = this.#records.next
    u32[(at + G.institution) >>> 2] = institution | (edge << 16)
    for (let w = 0; w < 4; w++) u32[((at + G.id) >>> 2) + w] = idWords[idWord + w]!
    f64[(at + G.token) >>> 3] = token
    this.#groups.next = next + 1
  }

  /** Begins a group as it stands in a frame that came. */
  beginLike(words: Uint32Array, word: number): void {
    const { next } = this.#groups
    const { u32 } = this.#groups.chunkFor(next)
    const at = Slots.offsetOf(next) >>> 2
    for (let w = 0; w < slotWords; w++) u32[at + w] = words[word + w]!
    u32[at + (G.first >>> 2)] = this.#records.next
    this.#groups.next = next + 1
  }

  owe(op: number, position: number, index: number, payer: number, payee: number, amount: number): void {
    const { next } = this.#records
    const { u32, f64 } = this.#records.chunkFor(next)
    const at = Slots.offsetOf(next)
    u32[at >>> 2] = op | (position << 16)
    u32[(at + T.index) >>> 2] = index
    f64[(at + T.payer) >>> 3] = payer
    f64[(at + T.payee) >>> 3] = payee
    f64[(at + T.amount) >>> 3] = amount
    this.#records.next = next + 1
  }

  /** Owes the return of a record as it stands in a frame that came. Copied as integers, so that no bit is lost. */
  oweBack(words: Uint32Array, word: number, reason: number): void {
    const { next } = this.#records
    const { u8, u32 } = this.#records.chunkFor(next)
    const at = Slots.offsetOf(next)
    for (let w = 0; w < slotWords; w++) u32[(at >>> 2) + w] = words[word + w]!
    u8[at + T.op]! += 1
    u8[at + T.reason] = reason
    this.#records.next = next + 1
  }

  /** Drops everything below `number`, and the groups of which nothing is left. */
  trim(number: number): void {
    this.#records.trim(number)
    if (this.#groups.next > this.#groups.kept) this.#groups.trim(this.#groupOf(this.#records.kept))
  }

  /** Copies up to `most` records from `number` on into `target`; returns how many. */
  copy(number: number, most: number, target: Uint8Array, at: number): number {
    return this.#records.copy(number, most, target, at)
  }

  /** How many groups the records from `number` to `number + count - 1` belong to. */
  groupsOf(number: number, count: number): number {
    return this.#groupOf(number + count - 1) - this.#groupOf(number) + 1
  }

  /** Copies the groups of these records. */
  copyGroups(number: number, count: number, target: Uint8Array, at: number): void {
    this.#groups.copy(this.#groupOf(number), this.groupsOf(number, count), target, at)
  }

  /** The group that a record belongs to, by bisection: the last one that begins at it or before. */
  #groupOf(number: number): number {
    let [low, high] = [this.#groups.kept, this.#groups.next - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const first = this.#groups.chunkFor(middle).u32[(Slots.offsetOf(middle) + G.first) >>> 2]!
      // A lane never keeps as many records as 32 bits count, so that the difference tells which of two comes first.
      if (((number - first) | 0) >= 0) low = middle
      else high = middle - 1
    }
    return low
  }

  /** All that is kept, as views that stay as they are while the lane goes on: records, then groups. */
  views(): { records: Uint8Array[]; groups: Uint8Array[] } {
    const [records, groups] = [this.#records, this.#groups]
    return { records: records.views(records.kept, records.next), groups: groups.views(groups.kept, groups.next) }
  }

  loadRecords(kept: number, next: number, bytes: Uint8Array): void {
    this.#records.load(kept, next, bytes)
  }

  loadGroups(kept: number, next: number, bytes: Uint8Array): void {
    this.#groups.load(kept, next, bytes)
  }
}
