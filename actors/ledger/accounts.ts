import { type Section, tableNumber } from './columns.ts'
import type { Digest } from './digest.ts'

/**
 * A row is 64 bytes, a line of the processor's cache, so that a payment waits once for each of its two wallets. What it
 * reads and writes stands in the first 48 bytes: large buffers begin 16 bytes behind the beginning of a line. The last
 * 16 hold what is under way. Payments leave it alone, so that it counts in the digest by itself.
 */
const rowBytes = 64
const f64Row = rowBytes >>> 3
const u32Row = rowBytes >>> 2
const u16Row = rowBytes >>> 1
const field = { balance: 0, pendingIn: 1, dayOut: 2, yearOut: 3, held: 6 } as const
/** In units of their own size. */
const lastDayAt = 16
const dayPaymentsAt = 17
const institutionAt = 36
const classAt = 37
const riskAt = 38
const stateAt = 39
const hashAt = 10
const underWayAt = 12
const firstHoldAt = 14
const openHoldsAt = 60
const mandatesAt = 61
const openSagasAt = 31

/**
 * What payments touch of a wallet, row for row beside `wallets`: money, what was paid, and what decides on it; and what
 * is under way.
 */
export class Accounts {
  readonly capacity: number
  /** Stands for this table in the digest. */
  readonly table = tableNumber('accounts')
  readonly #underWayTable = tableNumber('accounts.underWay')
  /** Rows in use: rows 0 to count - 1. */
  count = 0
  readonly #f64: Float64Array
  readonly #u32: Uint32Array
  readonly #u16: Uint16Array
  readonly #u8: Uint8Array

  constructor(capacity: number) {
    this.capacity = capacity
    const buffer = new ArrayBuffer(capacity * rowBytes)
    this.#f64 = new Float64Array(buffer)
    this.#u32 = new Uint32Array(buffer)
    this.#u16 = new Uint16Array(buffer)
    this.#u8 = new Uint8Array(buffer)
  }

  get rowBytes(): number {
    return rowBytes
  }

  /** Fen that the wallet holds. */
  balance(row: number): number {
    return this.#f64[row * f64Row + field.balance]!
  }

  setBalance(row: number, fen: number): void {
    this.#f64[row * f64Row + field.balance] = fen
  }

  /** Fen of accepted recharges under way, and of holds: reserved under the balance limit, so that they can come in. */
  pendingIn(row: number): number {
    return this.#f64[row * f64Row + field.pendingIn]!
  }

  setPendingIn(row: number, fen: number): void {
    this.#f64[row * f64Row + field.pendingIn] = fen
  }

  /** Fen paid out on business day `lastDay`. */
  dayOut(row: number): number {
    return this.#f64[row * f64Row + field.dayOut]!
  }

  /** Fen paid out in the civil year of `lastDay`. */
  yearOut(row: number): number {
    return this.#f64[row * f64Row + field.yearOut]!
  }

  lastDay(row: number): number {
    return this.#u16[row * u16Row + lastDayAt]!
  }

  /** Payments on business day `lastDay`. */
  dayPayments(row: number): number {
    return this.#u16[row * u16Row + dayPaymentsAt]!
  }

  setUse(row: number, lastDay: number, dayPayments: number, dayOut: number, yearOut: number): void {
    this.#u16[row * u16Row + lastDayAt] = lastDay
    this.#u16[row * u16Row + dayPaymentsAt] = dayPayments
    this.#f64[row * f64Row + field.dayOut] = dayOut
    this.#f64[row * f64Row + field.yearOut] = yearOut
  }

  institution(row: number): number {
    return this.#u8[row * rowBytes + institutionAt]!
  }

  class(row: number): number {
    return this.#u8[row * rowBytes + classAt]!
  }

  risk(row: number): number {
    return this.#u8[row * rowBytes + riskAt]!
  }

  /** The lowest two bits of its byte; the next two say whether it may be paid. */
  state(row: number): number {
    return this.#u8[row * rowBytes + stateAt]! & 3
  }

  standing(row: number): number {
    return this.#u8[row * rowBytes + stateAt]! >>> 2
  }

  setOwner(row: number, institution: number, group: number): void {
    this.#u8[row * rowBytes + institutionAt] = institution
    this.#u8[row * rowBytes + classAt] = group
  }

  setRisk(row: number, risk: number): void {
    this.#u8[row * rowBytes + riskAt] = risk
  }

  setState(row: number, state: number): void {
    this.#u8[row * rowBytes + stateAt] = state | (this.standing(row) << 2)
  }

  setStanding(row: number, standing: number): void {
    this.#u8[row * rowBytes + stateAt] = this.state(row) | (standing << 2)
  }

  /** Fen set aside for payees: no longer in the balance. */
  held(row: number): number {
    return this.#f64[row * f64Row + field.held]!
  }

  setHeld(row: number, fen: number): void {
    this.#f64[row * f64Row + field.held] = fen
  }

  /** The wallet's newest open hold + 1; 0 ends the chain. */
  firstHold(row: number): number {
    return this.#u32[row * u32Row + firstHoldAt]!
  }

  openHolds(row: number): number {
    return this.#u8[row * rowBytes + openHoldsAt]!
  }

  setHolds(row: number, first: number, open: number): void {
    this.#u32[row * u32Row + firstHoldAt] = first
    this.#u8[row * rowBytes + openHoldsAt] = open
  }

  /** Mandates that the wallet has given and that are not forgotten. */
  mandates(row: number): number {
    return this.#u8[row * rowBytes + mandatesAt]!
  }

  setMandates(row: number, count: number): void {
    this.#u8[row * rowBytes + mandatesAt] = count
  }

  /** Redemptions and recharges under way; a wallet closes only when there are none. */
  openSagas(row: number): number {
    return this.#u16[row * u16Row + openSagasAt]!
  }

  setOpenSagas(row: number, count: number): void {
    this.#u16[row * u16Row + openSagasAt] = count
  }

  /** Reads a row ahead, so that the misses of many rows overlap. The value means nothing. */
  touch(row: number): number {
    return this.#f64[row * f64Row]!
  }

  /** Adds (`sign` 1) or takes away (-1) the hash of what is under way: called before and after every change of it. */
  hashUnderWay(digest: Digest, row: number, sign: 1 | -1): void {
    digest.begin(this.#underWayTable, row)
    const at = row * u32Row
    for (let word = at + underWayAt; word < at + u32Row; word++) digest.word(this.#u32[word]!)
    digest.end(sign)
  }

  /** Brings the digest up to the rest of a row that was changed. What a row last counted for stands beside it. */
  settle(digest: Digest, row: number): void {
    const words = this.#u32
    const at = row * u32Row
    digest.replaceRow(
      this.table,
      row,
      words[at]!,
      words[at + 1]!,
      words[at + 2]!,
      words[at + 3]!,
      words[at + 4]!,
      words[at + 5]!,
      words[at + 6]!,
      words[at + 7]!,
      words[at + 8]!,
      words[at + 9]!,
      words,
      at + hashAt,
    )
  }

  /** Counts every row in use but what is under way anew into a digest that holds none of them. */
  settleAll(digest: Digest): void {
    for (let row = 0; row < this.count; row++) {
      this.#u32.fill(0, row * u32Row + hashAt, row * u32Row + hashAt + 2)
      this.settle(digest, row)
    }
  }

  /** The rows in use as a snapshot section. It is a view: copy before the next frame is applied. */
  sections(): Section[] {
    return [{ name: 'accounts', bytes: this.#u8.subarray(0, this.count * rowBytes) }]
  }

  /** @throws RangeError when the section is missing or its length does not fit `count` rows. */
  load(count: number, sections: ReadonlyMap<string, Uint8Array>): void {
    const section = sections.get('accounts')
    if (section?.length !== count * rowBytes || count > this.capacity) throw new RangeError('accounts: wrong length')
    this.#u8.set(section)
    this.count = count
  }
}
