import type { Digest } from './digest.ts'

/** Type of one column: a typed array of one or several numbers a row, or a fixed number of bytes a row. */
export type ColumnType = 'u8' | 'u16' | 'u32' | 'f64' | `u32x${number}` | `f64x${number}` | `bytes${number}`

type ColumnArray<T extends ColumnType> = T extends 'u16'
  ? Uint16Array
  : T extends 'u32' | `u32x${number}`
    ? Uint32Array
    : T extends 'f64' | `f64x${number}`
      ? Float64Array
      : Uint8Array

export type ColumnsOf<S extends Readonly<Record<string, ColumnType>>> = { readonly [K in keyof S]: ColumnArray<S[K]> }

/** One named piece of a snapshot. */
export type Section = { readonly name: string; readonly bytes: Uint8Array }

/** The number that stands for a table or section in digests. */
export function tableNumber(name: string): number {
  let number = 0x811c9dc5
  for (let i = 0; i < name.length; i++) number = Math.imul(number ^ name.charCodeAt(i), 0x01000193)
  return number >>> 0
}

function widthOf(type: ColumnType): number {
  if (type.startsWith('bytes')) return Number(type.slice(5))
  return type[3] === 'x' ? Number(type.slice(4)) : 1
}

function allocate(type: ColumnType, rows: number): Uint8Array | Uint16Array | Uint32Array | Float64Array {
  if (type === 'u16') return new Uint16Array(rows)
  if (type.startsWith('u32')) return new Uint32Array(rows * widthOf(type))
  if (type.startsWith('f64')) return new Float64Array(rows * widthOf(type))
  return new Uint8Array(rows * widthOf(type))
}

/**
 * Rows as columns over typed arrays, all of one capacity that is fixed when the data is made: memory that was never
 * touched costs nothing, columns never move, and no growth stops the shard.
 */
export class Columns<S extends Readonly<Record<string, ColumnType>>> {
  readonly name: string
  readonly schema: S
  readonly capacity: number
  /** Stands for this table in the digest. */
  readonly table: number
  readonly at: ColumnsOf<S>
  /** Rows in use: rows 0 to count - 1. */
  count = 0
  readonly #words: readonly { bytes: Uint8Array; rowBytes: number }[]

  constructor(name: string, schema: S, capacity: number) {
    this.name = name
    this.schema = schema
    this.capacity = capacity
    this.table = tableNumber(name)
    const at: Record<string, Uint8Array | Uint16Array | Uint32Array | Float64Array> = {}
    for (const [column, type] of Object.entries(schema)) at[column] = allocate(type, capacity)
    this.at = at as ColumnsOf<S>
    this.#words = Object.entries(schema).map(([column, type]) => {
      const array = at[column]!
      const bytes = new Uint8Array(array.buffer)
      return { bytes, rowBytes: array.BYTES_PER_ELEMENT * widthOf(type) }
    })
  }

  /** Bytes that one row takes in all columns. */
  get rowBytes(): number {
    return this.#words.reduce((sum, column) => sum + column.rowBytes, 0)
  }

  /** Adds (`sign` 1) or takes away (-1) the hash of a row: called before and after every change of it. */
  hashRow(digest: Digest, row: number, sign: 1 | -1): void {
    digest.begin(this.table, row)
    for (const { bytes, rowBytes } of this.#words) digest.bytes(bytes, row * rowBytes, rowBytes)
    digest.end(sign)
  }

  /** The rows in use as snapshot sections. They are views: copy before the next frame is applied. */
  sections(): Section[] {
    const names = Object.keys(this.schema)
    return this.#words.map(({ bytes, rowBytes }, i) => ({
      name: `${this.name}.${names[i]}`,
      bytes: bytes.subarray(0, this.count * rowBytes),
    }))
  }

  /** @throws RangeError when a section is missing or its length does not fit `count` rows. */
  load(count: number, sections: ReadonlyMap<string, Uint8Array>): void {
    if (count > this.capacity) throw new RangeError(`${this.name}: ${count} rows exceed the capacity ${this.capacity}`)
    const names = Object.keys(this.schema)
    this.#words.forEach(({ bytes, rowBytes }, i) => {
      const section = sections.get(`${this.name}.${names[i]}`)
      if (section?.length !== count * rowBytes) throw new RangeError(`${this.name}.${names[i]}: wrong length`)
      bytes.set(section)
    })
    this.count = count
  }
}
