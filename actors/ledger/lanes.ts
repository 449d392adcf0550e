import { transitRecord } from './records.ts'

const recordBytes = transitRecord.size
const recordsPerChunk = 4_096

/** One buffer, seen as each of the types that a record's fields have. */
type Chunk = { readonly u8: Uint8Array; readonly u32: Uint32Array; readonly f64: Float64Array }

function newChunk(): Chunk {
  const buffer = new ArrayBuffer(recordsPerChunk * recordBytes)
  return { u8: new Uint8Array(buffer), u32: new Uint32Array(buffer), f64: new Float64Array(buffer) }
}

/**
 * What one shard owes one other, in order: numbered transit records. A record stays until the destination holds it in
 * a durable snapshot, so that a new leader or a new owner can send again from there. What is already acknowledged is
 * not part of the digest, since replicas learn of acknowledgements at different moments.
 */
export class Lane {
  /** Number of the next record to be added; numbers are never reused within an incarnation. */
  next = 0
  /** Number of the first record still kept. */
  kept = 0
  #chunks: Chunk[] = []
  #firstChunk = 0

  /** The buffer that record `number` lies in, at `offsetOf(number)`. A new record counts once `next` has passed it. */
  chunkFor(number: number): Chunk {
    const chunk = Math.floor(number / recordsPerChunk) - this.#firstChunk
    while (this.#chunks.length <= chunk) this.#chunks.push(newChunk())
    return this.#chunks[chunk]!
  }

  static offsetOf(number: number): number {
    return (number % recordsPerChunk) * recordBytes
  }

  /** Drops everything below `number`. */
  trim(number: number): void {
    if (number <= this.kept) return
    this.kept = Math.min(number, this.next)
    const chunk = Math.floor(this.kept / recordsPerChunk)
    while (this.#firstChunk < chunk && this.#chunks.length > 0) {
      this.#chunks.shift()
      this.#firstChunk += 1
    }
    if (this.#chunks.length === 0) this.#firstChunk = chunk
  }

  /** Copies up to `most` records from `number` on into `target`; returns how many. */
  copy(number: number, most: number, target: Uint8Array, at: number): number {
    if (number < this.kept) throw new RangeError(`transit ${number} is no longer kept (from ${this.kept})`)
    const count = Math.min(most, this.next - number)
    for (let done = 0; done < count; ) {
      const offset = (number + done) % recordsPerChunk
      const straight = Math.min(count - done, recordsPerChunk - offset)
      const chunk = this.chunkFor(number + done).u8
      target.set(chunk.subarray(offset * recordBytes, (offset + straight) * recordBytes), at + done * recordBytes)
      done += straight
    }
    return Math.max(count, 0)
  }

  save(): Uint8Array {
    const out = new Uint8Array((this.next - this.kept) * recordBytes)
    this.copy(this.kept, this.next - this.kept, out, 0)
    return out
  }

  load(kept: number, next: number, records: Uint8Array): void {
    if (records.length !== (next - kept) * recordBytes) throw new RangeError('lane: wrong length')
    this.#chunks = []
    this.#firstChunk = Math.floor(kept / recordsPerChunk)
    this.kept = kept
    this.next = next
    for (let n = kept; n < next; n++) {
      this.chunkFor(n).u8.set(
        records.subarray((n - kept) * recordBytes, (n - kept + 1) * recordBytes),
        Lane.offsetOf(n),
      )
    }
  }
}
