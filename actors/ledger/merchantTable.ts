import { Columns, type Section } from './columns.ts'
import type { Digest } from './digest.ts'
import { RowIndex } from './rowIndex.ts'

export const merchantSchema = {
  /** Log position of the profile that holds, where its text is; 0 while the merchant has none. */
  profileSeq: 'f64',
  changedMs: 'f64',
  /** Log time of the last rotation of the secret, and of the one before; 0 before there was any. */
  rotatedMs: 'f64',
  earlierRotatedMs: 'f64',
  profileIndex: 'u32',
  profileVersion: 'u32',
  secretGeneration: 'u32',
  /** Row of the merchant's wallet. */
  wallet: 'u32',
} as const

/** Most merchants of one shard that have a profile or a secret of a later generation than the first. */
const merchantsMax = 1_048_576

/** What a shard remembers of merchants beside their wallets: a few numbers each, in a table of their own. */
export class Merchants {
  readonly columns: Columns<typeof merchantSchema>
  readonly #index: RowIndex
  readonly #digest: Digest
  readonly #key: number

  constructor(walletsMax: number, digest: Digest, key: number) {
    this.columns = new Columns('merchants', merchantSchema, Math.min(merchantsMax, walletsMax))
    this.#digest = digest
    this.#key = key
    this.#index = new RowIndex(this.columns.capacity, (row) => this.#hash(this.columns.at.wallet[row]!))
  }

  #hash(wallet: number): number {
    const h = Math.imul(wallet ^ this.#key, 0x9e3779b1)
    return (h ^ (h >>> 15)) >>> 0
  }

  get full(): boolean {
    return this.columns.count >= this.columns.capacity
  }

  /** The row of a merchant by the row of its wallet, or -1. */
  find(wallet: number): number {
    return this.#index.find(this.#hash(wallet), (row) => this.columns.at.wallet[row] === wallet)
  }

  /** The row of a merchant, a new one where there is none; `full` was checked for that. */
  take(wallet: number): number {
    const known = this.find(wallet)
    if (known >= 0) return known
    const row = this.columns.count++
    this.columns.at.wallet[row] = wallet
    this.columns.at.secretGeneration[row] = 1
    this.columns.hashRow(this.#digest, row, 1)
    this.#index.add(row)
    return row
  }

  /** Changes a row, and the digest with it. */
  change(row: number, work: (at: Columns<typeof merchantSchema>['at']) => void): void {
    this.columns.hashRow(this.#digest, row, -1)
    work(this.columns.at)
    this.columns.hashRow(this.#digest, row, 1)
  }

  sections(): Section[] {
    return this.columns.sections()
  }

  load(count: number, sections: ReadonlyMap<string, Uint8Array>): void {
    this.columns.load(count, sections)
    this.#index.clear()
    for (let row = 0; row < count; row++) this.#index.add(row)
  }
}
