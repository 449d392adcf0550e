import { expect } from 'vitest'
import type { Town } from './town.fixture.ts'

/** A wallet as tests speak of it. */
export type Wallet = { name: string; number: number; user: number; shard: number; keyVersion: number; link: number }

/** Whole fen from yuan as people write them: digits, a point, two digits. */
export function fenOf(yuan: string): number {
  const parts = /^(-?)(\d+)\.(\d\d)$/.exec(yuan)
  if (parts === null) throw new Error(`${yuan} is not an amount in yuan`)
  return Number(parts[1] + parts[2]! + parts[3]!)
}

/** Yuan as people write them. */
export function yuanOf(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0')
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** The 16 bytes of a UUIDv7 made at a moment. */
export function uuidAt(ms: number, serial: number): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(ms / 65_536))
  view.setUint16(4, ms % 65_536)
  view.setUint16(6, 0x7000)
  view.setUint32(8, 0x80000000 + (serial % 65_536))
  view.setUint32(12, serial)
  return bytes
}

type Head = {
  signer: number
  keyVersion: number
  actor: number
  id: Uint8Array
  digestHigh: number
  digestLow: number
  token: number
  principal: number
}

/** The fields that every command begins with. */
export function headOf(fields: Partial<Head> = {}): Head {
  const nobody = { signer: 5, keyVersion: 0, actor: 0, id: new Uint8Array(16) }
  return { ...nobody, digestHigh: 3, digestLow: 5, token: 1, principal: 0, ...fields }
}

/** Compares the balances of the wallets named in a table, one `name  yuan` a line. */
export function expectBalances(town: Town, table: string): void {
  const rows = table.trim().split('\n')
  const expected = Object.fromEntries(rows.map((row) => row.trim().split(/\s+/) as [string, string]))
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, yuanOf(town.balance(name))]))
  expect(found).toEqual(expected)
}
