import { Columns, type Section } from './columns.ts'
import type { Digest } from './digest.ts'
import { countPayment, paymentsIn, ringSchema } from './frequency.ts'

const schema = { device: 'u32', usedMs: 'f64', ...ringSchema } as const
const name = 'deviceRows'
const setBits = 12
const ways = 4
const rowsMax = ways << setBits

/**
 * How often devices pay, whoever pays with them, known by 32 bits of their fingerprint's hash. The table is bounded:
 * of four devices that share a set a fifth takes the place of the one that was used longest ago.
 */
export class DeviceRows {
  readonly #digest: Digest
  readonly #key: number
  #columns: Columns<typeof schema> | undefined

  constructor(digest: Digest, key: number) {
    this.#digest = digest
    this.#key = key
  }

  #made(): Columns<typeof schema> {
    if (this.#columns === undefined) {
      this.#columns = new Columns(name, schema, rowsMax)
      this.#columns.count = rowsMax
    }
    return this.#columns
  }

  #firstOf(device: number): number {
    let h = Math.imul(device ^ this.#key, 0x9e3779b1)
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
    return ((h ^ (h >>> 13)) >>> (32 - setBits)) * ways
  }

  /** Payments of a device in a window that ends now. */
  paymentsIn(device: number, window: number, nowMs: number): number {
    if (this.#columns === undefined) return 0
    const first = this.#firstOf(device)
    for (let row = first; row < first + ways; row++) {
      if (this.#columns.at.device[row] === device) return paymentsIn(this.#columns.at, row, window, nowMs)
    }
    return 0
  }

  count(device: number, nowMs: number): void {
    const columns = this.#made()
    const { at } = columns
    const row = this.#rowFor(device)
    if (at.device[row] !== 0) columns.hashRow(this.#digest, row, -1)
    if (at.device[row] !== device) {
      at.device[row] = device
      at.newest.fill(0, row * 3, row * 3 + 3)
    }
    at.usedMs[row] = nowMs
    countPayment(at, row, nowMs, 1)
    columns.hashRow(this.#digest, row, 1)
  }

  /** The device's row, or else the one of its set that is empty or was used longest ago. */
  #rowFor(device: number): number {
    const { at } = this.#made()
    const first = this.#firstOf(device)
    let oldest = first
    for (let row = first; row < first + ways; row++) {
      if (at.device[row] === device) return row
      if (at.usedMs[row]! < at.usedMs[oldest]!) oldest = row
    }
    return oldest
  }

  hashAll(digest: Digest): void {
    if (this.#columns === undefined) return
    const { device } = this.#columns.at
    for (let row = 0; row < rowsMax; row++) if (device[row] !== 0) this.#columns.hashRow(digest, row, 1)
  }

  sections(): Section[] {
    if (this.#columns !== undefined) return this.#columns.sections()
    return Object.keys(schema).map((column) => ({ name: `${name}.${column}`, bytes: new Uint8Array(0) }))
  }

  /** @throws RangeError when a section is missing or does not fit. */
  load(sections: ReadonlyMap<string, Uint8Array>): void {
    const devices = sections.get(`${name}.device`)
    if (devices === undefined) throw new RangeError(`the snapshot lacks its section ${name}.device`)
    if (devices.length === 0) return
    this.#made().load(rowsMax, sections)
  }
}
