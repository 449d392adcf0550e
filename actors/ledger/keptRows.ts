import { Columns, type ColumnType, type Section } from './columns.ts'
import type { Digest } from './digest.ts'

type Schema = Readonly<Record<string, ColumnType>> & { readonly wallet: 'u32' }

/**
 * Rows that a wallet gets with the first thing that is kept of it, for good. Before that they take no memory, nothing
 * in a snapshot and no look-up: what no rule asks for costs nothing.
 */
export class KeptRows<S extends Schema> {
  readonly #name: string
  readonly #schema: S
  readonly #walletsMax: number
  readonly #digest: Digest
  #columns: Columns<S> | undefined
  /** By row of the wallet: its row here + 1, or 0. */
  #rows: Uint32Array | undefined

  constructor(name: string, schema: S, walletsMax: number, digest: Digest) {
    this.#name = name
    this.#schema = schema
    this.#walletsMax = walletsMax
    this.#digest = digest
  }

  get count(): number {
    return this.#columns?.count ?? 0
  }

  get at(): Columns<S>['at'] {
    return this.#made().at
  }

  #made(): Columns<S> {
    this.#columns ??= new Columns(this.#name, this.#schema, this.#walletsMax)
    return this.#columns
  }

  /** The row of a wallet, or -1. */
  find(wallet: number): number {
    return this.#rows === undefined ? -1 : this.#rows[wallet]! - 1
  }

  /** Changes the row of a wallet, which gets one if it has none, and the digest with it. */
  change(wallet: number, work: (row: number) => void): void {
    const columns = this.#made()
    let row = this.find(wallet)
    if (row < 0) row = this.#add(columns, wallet)
    else columns.hashRow(this.#digest, row, -1)
    work(row)
    columns.hashRow(this.#digest, row, 1)
  }

  #add(columns: Columns<S>, wallet: number): number {
    const row = columns.count++
    ;(columns.at as unknown as { wallet: Uint32Array }).wallet[row] = wallet
    this.#index(row, wallet)
    return row
  }

  #index(row: number, wallet: number): void {
    this.#rows ??= new Uint32Array(this.#walletsMax)
    this.#rows[wallet] = row + 1
  }

  /** Counts every row anew into a digest that holds none of them. */
  hashAll(digest: Digest): void {
    for (let row = 0; row < this.count; row++) this.#made().hashRow(digest, row, 1)
  }

  sections(): Section[] {
    if (this.#columns !== undefined) return this.#columns.sections()
    return Object.keys(this.#schema).map((column) => ({ name: `${this.#name}.${column}`, bytes: new Uint8Array(0) }))
  }

  /** @throws RangeError when a section is missing or does not fit. */
  load(sections: ReadonlyMap<string, Uint8Array>): void {
    const wallets = sections.get(`${this.#name}.wallet`)
    if (wallets === undefined) throw new RangeError(`the snapshot lacks its section ${this.#name}.wallet`)
    if (wallets.length === 0) return
    const columns = this.#made()
    columns.load(wallets.length / 4, sections)
    const { wallet } = columns.at as unknown as { wallet: Uint32Array }
    for (let row = 0; row < columns.count; row++) this.#index(row, wallet[row]!)
  }
}
