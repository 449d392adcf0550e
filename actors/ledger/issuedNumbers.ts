import { bucketCount, serialFirst } from './ids.ts'
import { NumberTable } from './numberTable.ts'

/** A table that is full grows by a quarter, so that no more of it than that is ever empty in a shard of even buckets. */
const growth = 1.25

/**
 * Finds the row of a wallet or user number that this shard issued. Serials are issued bucket by bucket without gaps, so
 * that (serial, bucket) is a place in a table, and wallets of one age lie together: one read, no comparison. The table
 * grows with what was issued, up to two places a row. What a shard with very uneven buckets issues beyond that end is
 * found by hashing.
 */
export class IssuedNumbers {
  #rows: Uint32Array
  readonly #placesMax: number
  readonly #numbers: Float64Array
  /** By bucket: its place among the buckets of this shard, or -1. */
  readonly #places: Int16Array
  readonly #width: number
  readonly #key: number
  #beyond: NumberTable | undefined

  /** @param numbers the column that holds the number of each row. */
  constructor(numbers: Float64Array, shard: number, shardCount: number, key: number) {
    this.#places = Int16Array.from({ length: bucketCount }, (_, bucket) =>
      bucket % shardCount === shard ? Math.floor(bucket / shardCount) : -1,
    )
    this.#width = Math.ceil(bucketCount / shardCount)
    this.#placesMax = numbers.length * 2
    this.#rows = new Uint32Array(Math.min(this.#placesMax, this.#width))
    this.#numbers = numbers
    this.#key = key
  }

  /** Bytes of the index itself. */
  get bytes(): number {
    return this.#rows.byteLength + (this.#beyond?.bytes ?? 0)
  }

  /** Where a number stands in the table; beyond its end, or -1 for what no bucket of this shard can have issued. */
  #placeOf(number: number): number {
    const serial = Math.floor(number / bucketCount)
    const bucket = number - serial * bucketCount
    // What is no whole number has no place, and neither has what is none at all.
    if (!(serial >= serialFirst) || (bucket | 0) !== bucket) return -1
    const place = this.#places[bucket]!
    return place < 0 ? -1 : (serial - serialFirst) * this.#width + place
  }

  /** Reads where the row of a number stands, so that the misses of many searches overlap. */
  touch(number: number): number {
    const place = this.#placeOf(number)
    return place >= 0 && place < this.#rows.length ? this.#rows[place]! : 0
  }

  /** The row of a number, or -1. */
  row(number: number): number {
    const place = this.#placeOf(number)
    if (place < 0) return -1
    if (place < this.#rows.length) return this.#rows[place]! - 1
    return this.#beyond === undefined ? -1 : this.#beyond.row(number)
  }

  /** Makes a row, whose number stands in the column already, findable. */
  add(row: number): void {
    const place = this.#placeOf(this.#numbers[row]!)
    if (place >= 0 && place < this.#placesMax) {
      if (place >= this.#rows.length) this.#grow(place + 1)
      this.#rows[place] = row + 1
      return
    }
    this.#beyond ??= new NumberTable(this.#numbers, this.#key)
    this.#beyond.add(row)
  }

  #grow(places: number): void {
    const grown = Math.ceil(this.#rows.length * growth)
    const rows = new Uint32Array(Math.min(this.#placesMax, Math.max(places, grown)))
    rows.set(this.#rows)
    this.#rows = rows
  }

  rebuild(count: number): void {
    this.#rows.fill(0)
    this.#beyond = undefined
    for (let row = 0; row < count; row++) this.add(row)
  }
}
