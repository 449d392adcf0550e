import { Columns, type Section } from './columns.ts'
import type { Digest } from './digest.ts'
import { orderNoBytes } from './orderRecords.ts'
import { RowIndex } from './rowIndex.ts'

/** An order that was paid stays paid: how much of it went back is a sum beside it. */
export const orderStates = { free: 0, created: 1, paid: 2, expired: 3, closed: 4 } as const

/** Rows fit 20 bits of an order's number; the rest says how often the row was used before. */
const rowBits = 20
const rowMask = (1 << rowBits) - 1
export const ordersMax = rowMask
/** No order ever has this number: its row is one more than there are. */
export const noOrder = 0xffff_ffff
const uses = 4_096

export const orderSchema = {
  amount: 'f64',
  /** Fen that went back to the payer, refunds under way included. */
  refunded: 'f64',
  /** Wallet number of who paid. */
  payer: 'f64',
  createdMs: 'f64',
  expiresMs: 'f64',
  /** Log time at which it was paid, closed or expired. */
  changedMs: 'f64',
  /** Log time at which it is forgotten; of a paid order the end of the time in which it may be refunded. */
  keepUntilMs: 'f64',
  /** Log position of its creation. */
  seq: 'f64',
  index: 'u32',
  /** Row of the merchant's wallet; of a free row the next free one + 1. */
  wallet: 'u32',
  digestHigh: 'u32',
  digestLow: 'u32',
  /** How often the row was used before, modulo 4,096. */
  use: 'u16',
  refunds: 'u16',
  state: 'u8',
  orderNo: 'bytes32',
  paymentId: 'bytes16',
} as const

/**
 * The orders of this shard's merchants. A number of 32 bits names each to other shards; it comes again only once its row
 * was used 4,096 times more, which takes longer than any payment is on its way.
 */
export class OrderTable {
  readonly columns: Columns<typeof orderSchema>
  readonly #index: RowIndex
  readonly #digest: Digest
  readonly #key: number
  /** First free row + 1; the others hang on it. */
  #free = 0

  constructor(capacity: number, digest: Digest, key: number) {
    this.columns = new Columns('orders', orderSchema, Math.min(capacity, ordersMax))
    this.#digest = digest
    this.#key = key
    const { wallet, orderNo } = this.columns.at
    this.#index = new RowIndex(this.columns.capacity, (row) => this.#hash(wallet[row]!, orderNo, row * orderNoBytes))
  }

  get full(): boolean {
    return this.#free === 0 && this.columns.count >= this.columns.capacity
  }

  #hash(wallet: number, orderNo: Uint8Array, at: number): number {
    let h = Math.imul(wallet ^ this.#key, 0x9e3779b1)
    for (let i = 0; i < orderNoBytes; i++) h = Math.imul(h ^ orderNo[at + i]!, 0x85ebca6b) ^ (h >>> 13)
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35)
    return (h ^ (h >>> 16)) >>> 0
  }

  /** Row of a merchant's order, or -1. */
  find(wallet: number, orderNo: Uint8Array): number {
    const { wallet: wallets, orderNo: held } = this.columns.at
    return this.#index.find(this.#hash(wallet, orderNo, 0), (row) => {
      if (wallets[row] !== wallet) return false
      for (let i = 0; i < orderNoBytes; i++) if (held[row * orderNoBytes + i] !== orderNo[i]) return false
      return true
    })
  }

  numberOf(row: number): number {
    return ((this.columns.at.use[row]! << rowBits) | row) >>> 0
  }

  /** Row of the order with this number, or -1 when it is none or was forgotten. */
  row(number: number): number {
    const row = number & rowMask
    if (row >= this.columns.count || this.columns.at.state[row] === orderStates.free) return -1
    return this.numberOf(row) === number ? row : -1
  }

  /** A row for a new order, with nothing in it but who and what names it. The caller has checked `full`. */
  take(wallet: number, orderNo: Uint8Array): number {
    const at = this.columns.at
    const row = this.#free === 0 ? this.columns.count++ : this.#free - 1
    if (this.#free !== 0) {
      this.columns.hashRow(this.#digest, row, -1)
      this.#free = at.wallet[row]!
    }
    at.wallet[row] = wallet
    at.orderNo.set(orderNo, row * orderNoBytes)
    this.#index.add(row)
    return row
  }

  /** Changes a row that is in use, and the digest with it. */
  change(row: number, work: (at: OrderTable['columns']['at']) => void): void {
    this.columns.hashRow(this.#digest, row, -1)
    work(this.columns.at)
    this.columns.hashRow(this.#digest, row, 1)
  }

  /** Forgets an order. */
  release(row: number): void {
    this.#index.remove(row)
    this.change(row, (at) => {
      at.state[row] = orderStates.free
      at.wallet[row] = this.#free
      at.use[row] = (at.use[row]! + 1) % uses
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
    for (let row = 0; row < count; row++) if (this.columns.at.state[row] !== orderStates.free) this.#index.add(row)
  }
}
