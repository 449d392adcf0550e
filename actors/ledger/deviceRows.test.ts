import { expect, test } from 'vitest'
import { DeviceRows } from './deviceRows.ts'
import { Digest } from './digest.ts'

const nowMs = 1_772_413_200_000
const rows = (): { table: DeviceRows; digest: Digest } => {
  const digest = new Digest(new Uint8Array(16))
  return { table: new DeviceRows(digest, 5), digest }
}
const bytesOf = (table: DeviceRows): number => table.sections().reduce((sum, { bytes }) => sum + bytes.length, 0)

test('however many devices come, the table stays as large as it is, and the last ones are known in it', () => {
  const { table, digest } = rows()
  table.count(1, nowMs)
  const bytes = bytesOf(table)
  for (let device = 2; device <= 50_000; device++) table.count(device, nowMs + device)
  expect(bytesOf(table)).toBe(bytes)
  const nowAfterMs = nowMs + 50_000
  const known = Array.from({ length: 1_000 }, (_, n) => table.paymentsIn(50_000 - n, 2, nowAfterMs))
  expect(known.filter((payments) => payments === 1).length).toBeGreaterThan(990)
  const scratch = new Digest(new Uint8Array(16))
  table.hashAll(scratch)
  expect(scratch.text()).toBe(digest.text())
})

test('a device that takes the place of another begins at nothing', () => {
  const { table } = rows()
  for (let n = 0; n < 5; n++) for (let device = 1; device <= 30_000; device++) table.count(device, nowMs + n)
  for (let device = 100_001; device <= 130_000; device++) table.count(device, nowMs + 10)
  const counts = Array.from({ length: 30_000 }, (_, n) => table.paymentsIn(100_001 + n, 2, nowMs + 10))
  expect(Math.max(...counts)).toBe(1)
})

test('what is loaded counts on', () => {
  const { table, digest } = rows()
  for (const device of [7, 7, 9]) table.count(device, nowMs)
  const saved = table.sections().map(({ name, bytes }) => [name, bytes.slice()] as const)
  const loaded = new DeviceRows(digest, 5)
  loaded.load(new Map(saved))
  expect([7, 9, 11].map((device) => loaded.paymentsIn(device, 0, nowMs))).toEqual([2, 1, 0])
  expect(() => new DeviceRows(digest, 5).load(new Map())).toThrow('deviceRows.device')
})
