/**
 * A keyed digest of a whole state that is kept up to date row by row: the sum of a 64-bit hash of each row, in two
 * 32-bit lanes. Each hash includes the table and the row's place, so that rows that trade places do not cancel.
 * It lets replicas find a difference; it is no defence against somebody who knows the key.
 */
export class Digest {
  high = 0
  low = 0
  readonly #keyHigh: number
  readonly #keyLow: number
  #a = 0
  #b = 0

  /** @param key 16 bytes, the same in every replica of a shard. */
  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, 16)
    this.#keyHigh = view.getUint32(0, true) ^ view.getUint32(8, true)
    this.#keyLow = view.getUint32(4, true) ^ view.getUint32(12, true)
  }

  begin(table: number, row: number): void {
    this.#a = Math.imul(this.#keyHigh ^ row, 0x9e3779b1) ^ table
    this.#b = Math.imul(this.#keyLow ^ table, 0x85ebca6b) ^ row
  }

  /**
   * A row of ten words that has changed: a sum of products, none of which waits for another. What it counted for so far
   * stands in `counted` at `at`, zeros for nothing, and is replaced there by what it counts for now.
   */
  replaceRow(
    table: number,
    row: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    w4: number,
    w5: number,
    w6: number,
    w7: number,
    w8: number,
    w9: number,
    counted: Uint32Array,
    at: number,
  ): void {
    const high = this.#keyHigh
    const low = this.#keyLow
    this.#a =
      (Math.imul(w0 ^ high, 0x9e3779b1) +
        Math.imul(w1 ^ low, 0x85ebca6b) +
        Math.imul(w2, 0xc2b2ae35) +
        Math.imul(w3, 0x27d4eb2f) +
        Math.imul(w4, 0x165667b1) +
        Math.imul(w5, 0xcc9e2d51) +
        Math.imul(w6, 0x1b873593) +
        Math.imul(w7, 0xe6546b65) +
        Math.imul(w8, 0x7feb352d) +
        Math.imul(w9, 0x2545f491) +
        Math.imul(row, 0x846ca68b) +
        table) |
      0
    this.#b =
      (Math.imul(w0 ^ low, 0x7feb352d) +
        Math.imul(w1 ^ high, 0x846ca68b) +
        Math.imul(w2, 0x9e3779b1) +
        Math.imul(w3, 0xe6546b65) +
        Math.imul(w4, 0xc2b2ae35) +
        Math.imul(w5, 0x165667b1) +
        Math.imul(w6, 0x85ebca6b) +
        Math.imul(w7, 0x27d4eb2f) +
        Math.imul(w8, 0xcc9e2d51) +
        Math.imul(w9, 0xc2b2ae3d) +
        Math.imul(row, 0x1b873593) +
        table) |
      0
    this.#mix()
    this.high = (this.high - counted[at]! + this.#a) >>> 0
    this.low = (this.low - counted[at + 1]! + this.#b) >>> 0
    counted[at] = this.#a
    counted[at + 1] = this.#b
  }

  word(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0xcc9e2d51)
    this.#a ^= this.#a >>> 15
    this.#b = Math.imul(this.#b + value, 0x1b873593)
    this.#b ^= this.#b >>> 13
  }

  bytes(bytes: Uint8Array, at: number, length: number): void {
    let i = at
    const end = at + length
    for (; i + 4 <= end; i += 4) {
      this.word(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    }
    for (; i < end; i++) this.word(bytes[i]!)
  }

  end(sign: 1 | -1): void {
    this.#mix()
    this.high = (sign === 1 ? this.high + this.#a : this.high - this.#a) >>> 0
    this.low = (sign === 1 ? this.low + this.#b : this.low - this.#b) >>> 0
  }

  #mix(): void {
    let a = this.#a ^ this.#b
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b)
    a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
    a ^= a >>> 16
    let b = this.#b ^ (a << 7)
    b = Math.imul(b ^ (b >>> 16), 0x27d4eb2f)
    b ^= b >>> 15
    this.#a = a
    this.#b = b
  }

  /** 16 hexadecimal digits. */
  text(): string {
    return this.high.toString(16).padStart(8, '0') + this.low.toString(16).padStart(8, '0')
  }
}
