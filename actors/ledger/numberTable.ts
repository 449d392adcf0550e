/**
 * Finds the row of a wallet or user number by open addressing over a typed array: a JavaScript Map throws at 16.7 M
 * entries and takes ten times the memory. Rows are never removed.
 */
export class NumberTable {
  readonly #slots: Uint32Array
  readonly #mask: number
  readonly #numbers: Float64Array
  readonly #key: number

  /** @param numbers the column that holds the number of each row. */
  constructor(numbers: Float64Array, key: number) {
    let size = 16
    while (size < numbers.length * 2) size *= 2
    this.#slots = new Uint32Array(size)
    this.#mask = size - 1
    this.#numbers = numbers
    this.#key = key
  }

  /** Bytes of the index itself. */
  get bytes(): number {
    return this.#slots.byteLength
  }

  #home(number: number): number {
    const low = number >>> 0
    const high = (number / 4_294_967_296) >>> 0
    let h = Math.imul(low ^ this.#key, 0x9e3779b1) ^ Math.imul(high + 0x7f4a7c15, 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35)
    return (h ^ (h >>> 16)) & this.#mask
  }

  /** The row of a number, or -1. */
  row(number: number): number {
    let slot = this.#home(number)
    for (;;) {
      const held = this.#slots[slot]!
      if (held === 0) return -1
      if (this.#numbers[held - 1] === number) return held - 1
      slot = (slot + 1) & this.#mask
    }
  }

  /** Makes a row, whose number stands in the column already, findable. */
  add(row: number): void {
    let slot = this.#home(this.#numbers[row]!)
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#slots[slot] = row + 1
  }

  rebuild(count: number): void {
    this.#slots.fill(0)
    for (let row = 0; row < count; row++) this.add(row)
  }
}
