/** Bytes of one slot: of a transit record as of a transit group. */
export const slotBytes = 32
const slotsPerChunk = 8_192

/** One buffer, seen as each of the types that a record's fields have. */
export type Chunk = { readonly u8: Uint8Array; readonly u32: Uint32Array; readonly f64: Float64Array }

function newChunk(): Chunk {
  const buffer = new ArrayBuffer(slotsPerChunk * slotBytes)
  return { u8: new Uint8Array(buffer), u32: new Uint32Array(buffer), f64: new Float64Array(buffer) }
}

/**
 * A queue of numbered slots of 32 bytes. What was added never changes and never moves until it is dropped, so that a
 * snapshot may read it while the queue goes on.
 */
export class Slots {
  /** Number of the next slot to be added; numbers are never reused. */
  next = 0
  /** Number of the first slot still kept. */
  kept = 0
  #chunks: Chunk[] = []
  #firstChunk = 0

  /** The buffer that slot `number` lies in, at `offsetOf(number)`. A new slot counts once `next` has passed it. */
  chunkFor(number: number): Chunk {
    const chunk = Math.floor(number / slotsPerChunk) - this.#firstChunk
    while (this.#chunks.length <= chunk) this.#chunks.push(newChunk())
    return this.#chunks[chunk]!
  }

  static offsetOf(number: number): number {
    return (number % slotsPerChunk) * slotBytes
  }

  /** Drops everything below `number`. */
  trim(number: number): void {
    if (number <= this.kept) return
    this.kept = Math.min(number, this.next)
    const chunk = Math.floor(this.kept / slotsPerChunk)
    while (this.#firstChunk < chunk && this.#chunks.length > 0) {
      this.#chunks.shift()
      this.#firstChunk += 1
    }
    if (this.#chunks.length === 0) this.#firstChunk = chunk
  }

  /** What lies from slot `from` up to slot `to`, as views of the chunks that hold it. */
  views(from: number, to: number): Uint8Array[] {
    const found: Uint8Array[] = []
    for (let number = from; number < to; ) {
      const offset = number % slotsPerChunk
      const straight = Math.min(to - number, slotsPerChunk - offset)
      found.push(this.chunkFor(number).u8.subarray(offset * slotBytes, (offset + straight) * slotBytes))
      number += straight
    }
    return found
  }

  /** Copies up to `most` slots from `number` on into `target`; returns how many. */
  copy(number: number, most: number, target: Uint8Array, at: number): number {
    if (number < this.kept) throw new RangeError(`transit ${number} is no longer kept (from ${this.kept})`)
    const count = Math.max(0, Math.min(most, this.next - number))
    let to = at
    for (const view of this.views(number, number + count)) {
      target.set(view, to)
      to += view.length
    }
    return count
  }

  load(kept: number, next: number, bytes: Uint8Array): void {
    if (bytes.length !== (next - kept) * slotBytes) throw new RangeError('lane: wrong length')
    this.#chunks = []
    this.#firstChunk = Math.floor(kept / slotsPerChunk)
    this.kept = kept
    this.next = next
    let from = 0
    for (const view of this.views(kept, next)) {
      view.set(bytes.subarray(from, from + view.length))
      from += view.length
    }
  }
}
