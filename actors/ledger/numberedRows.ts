import { Columns, type ColumnsOf, type ColumnType, type Section } from './columns.ts'
import type { Digest } from './digest.ts'
import { RowIndex } from './rowIndex.ts'

/** Rows fit 20 bits of a number; the rest says how often the row was used before. */
const rowBits = 20
const rowMask = (1 << rowBits) - 1
const uses = 4_096
export const numberedRowsMax = rowMask
/**
 * Of the rows that a wallet has and those that are free, it may have so many times as many as it leaves free: one alone
 * comes to seven eighths of a table, and there is always room for who has nothing yet.
 */
const rowsPerFreeRowMax = 7
/** Nothing ever has this number: its row is one more than there are. */
export const noNumber = 0xffff_ffff

/** In every such table: whose it is, how often the row was used before, and its state, 0 when it is free. */
const common = { wallet: 'u32', use: 'u16', state: 'u8' } as const
type Schema = Readonly<Record<string, ColumnType>> & typeof common

/**
 * Things of wallets that come and go, each found by its wallet and a name of a fixed number of bytes. A number of 32
 * bits names each to other shards; it comes again only once its row was used 4,096 times more, which takes longer than
 * any payment is on its way.
 */
export class NumberedRows<S extends Schema> {
  readonly columns: Columns<S>
  /** The columns that every such table has, and the names. */
  readonly #at: ColumnsOf<typeof common>
  readonly #names: Uint8Array
  readonly #nameBytes: number
  readonly #index: RowIndex
  readonly #digest: Digest
  readonly #key: number
  /** First free row + 1; in the column of wallets each names the next. */
  #free = 0
  /** Rows in use, in all and by wallet. */
  #used = 0
  readonly #usedBy = new Map<number, number>()

  /** @param nameColumn the column of bytes that holds the names */
  constructor(name: string, schema: S, nameColumn: keyof S & string, capacity: number, digest: Digest, key: number) {
    this.columns = new Columns(name, schema, Math.min(capacity, numberedRowsMax))
    const at = this.columns.at as unknown as Record<string, Uint8Array | Uint16Array | Uint32Array>
    this.#at = at as unknown as ColumnsOf<typeof common>
    this.#names = at[nameColumn] as Uint8Array
    this.#nameBytes = Number(schema[nameColumn]!.slice('bytes'.length))
    this.#digest = digest
    this.#key = key
    const hashOf = (row: number): number => this.#hash(this.#at.wallet[row]!, this.#names, row * this.#nameBytes)
    this.#index = new RowIndex(this.columns.capacity, hashOf)
  }

  get full(): boolean {
    return this.#used >= this.columns.capacity
  }

  /** Whether a wallet may take so many rows more: there are as many, and it does not take the others' too. */
  hasRoomFor(wallet: number, rows = 1): boolean {
    const free = this.columns.capacity - this.#used - rows
    const before = (this.#usedBy.get(wallet) ?? 0) + rows - 1
    return free >= 0 && before <= rowsPerFreeRowMax * free
  }

  #count(wallet: number, delta: number): void {
    this.#used += delta
    const used = (this.#usedBy.get(wallet) ?? 0) + delta
    if (used === 0) this.#usedBy.delete(wallet)
    else this.#usedBy.set(wallet, used)
  }

  #hash(wallet: number, name: Uint8Array, at: number): number {
    let h = Math.imul(wallet ^ this.#key, 0x9e3779b1)
    for (let i = 0; i < this.#nameBytes; i++) h = Math.imul(h ^ name[at + i]!, 0x85ebca6b) ^ (h >>> 13)
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35)
    return (h ^ (h >>> 16)) >>> 0
  }

  /** The row of a wallet's thing with this name, or -1. */
  find(wallet: number, name: Uint8Array): number {
    const bytes = this.#nameBytes
    return this.#index.find(this.#hash(wallet, name, 0), (row) => {
      if (this.#at.wallet[row] !== wallet) return false
      for (let i = 0; i < bytes; i++) if (this.#names[row * bytes + i] !== name[i]) return false
      return true
    })
  }

  numberOf(row: number): number {
    return ((this.#at.use[row]! << rowBits) | row) >>> 0
  }

  /** The row with this number, or -1 when there is none or it was forgotten. */
  row(number: number): number {
    const row = number & rowMask
    if (row >= this.columns.count || this.#at.state[row] === 0) return -1
    return this.numberOf(row) === number ? row : -1
  }

  /** A row with nothing in it but who and what names it: the caller fills it and adds its hash. `full` was checked. */
  take(wallet: number, name: Uint8Array): number {
    const row = this.#free === 0 ? this.columns.count++ : this.#free - 1
    if (this.#free !== 0) {
      this.columns.hashRow(this.#digest, row, -1)
      this.#free = this.#at.wallet[row]!
    }
    this.#count(wallet, 1)
    this.#at.wallet[row] = wallet
    this.#names.set(name, row * this.#nameBytes)
    this.#index.add(row)
    return row
  }

  /** Changes a row that is in use, and the digest with it. */
  change(row: number, work: (at: Columns<S>['at']) => void): void {
    this.columns.hashRow(this.#digest, row, -1)
    work(this.columns.at)
    this.columns.hashRow(this.#digest, row, 1)
  }

  /** Forgets a row. */
  release(row: number): void {
    this.#index.remove(row)
    this.#count(this.#at.wallet[row]!, -1)
    this.change(row, () => {
      this.#at.state[row] = 0
      this.#at.wallet[row] = this.#free
      this.#at.use[row] = (this.#at.use[row]! + 1) % uses
    })
    this.#free = row + 1
  }

  counters(): number[] {
    return [this.columns.count, this.#free]
  }

  sections(): Section[] {
    return this.columns.sections()
  }

  load(count: number, free: number, sections: ReadonlyMap<string, Uint8Array>): void {
    this.columns.load(count, sections)
    this.#free = free
    this.#index.clear()
    this.#used = 0
    this.#usedBy.clear()
    for (let row = 0; row < count; row++) {
      if (this.#at.state[row] === 0) continue
      this.#index.add(row)
      this.#count(this.#at.wallet[row]!, 1)
    }
  }
}
