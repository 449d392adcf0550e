/**
 * Finds rows of a table by open addressing over a typed array. What a row is found by stands in the table: the caller
 * gives its hash, and says of a row whether it is the one.
 */
export class RowIndex {
  readonly #slots: Uint32Array
  readonly #mask: number
  readonly #hashOf: (row: number) => number

  /** @param hashOf the hash of what a row that stands in the table is found by */
  constructor(capacity: number, hashOf: (row: number) => number) {
    let size = 16
    while (size < capacity * 2) size *= 2
    this.#slots = new Uint32Array(size)
    this.#mask = size - 1
    this.#hashOf = hashOf
  }

  /** The row with this hash that `is` the one, or -1. */
  find(hash: number, is: (row: number) => boolean): number {
    let slot = hash & this.#mask
    for (;;) {
      const held = this.#slots[slot]!
      if (held === 0) return -1
      if (is(held - 1)) return held - 1
      slot = (slot + 1) & this.#mask
    }
  }

  /** Makes a row findable. */
  add(row: number): void {
    let slot = this.#hashOf(row) & this.#mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#slots[slot] = row + 1
  }

  /** Backward-shift deletion keeps probes short without tombstones. The row must still stand in the table. */
  remove(row: number): void {
    let slot = this.#hashOf(row) & this.#mask
    while (this.#slots[slot] !== row + 1) slot = (slot + 1) & this.#mask
    let hole = slot
    for (;;) {
      slot = (slot + 1) & this.#mask
      const held = this.#slots[slot]!
      if (held === 0) break
      const home = this.#hashOf(held - 1) & this.#mask
      if (((slot - home) & this.#mask) >= ((slot - hole) & this.#mask)) {
        this.#slots[hole] = held
        hole = slot
      }
    }
    this.#slots[hole] = 0
  }

  clear(): void {
    this.#slots.fill(0)
  }
}
