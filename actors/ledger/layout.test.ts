import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeCommand, encodePayments, joinBodies } from './frameBuilder.ts'
import { layout, type RecordValue, readRecord, writeRecord } from './layout.ts'
import { headOf } from './paper.fixture.ts'
import { commandHeadRecord, commandOps, commandRecords, paymentRecord, transitRecord } from './records.ts'

const every = [paymentRecord, transitRecord, ...Object.values(commandRecords)]

describe('layouts', () => {
  test.each(every.map((record) => [record.name, record] as const))('%s reads back what it wrote', (_, record) => {
    const values = fc.record(
      Object.fromEntries(Object.entries(record.fields).map(([field, [type]]) => [field, anyValueOf(type)])),
    )
    fc.assert(
      fc.property(values, (written) => {
        const view = new DataView(new ArrayBuffer(record.size + 16))
        writeRecord(record as never, view, 8, written as never)
        expect(readRecord(record as never, view, 8)).toEqual(written)
        for (const at of [0, record.size + 8]) expect(view.getFloat64(at)).toBe(0)
      }),
      { numRuns: 20 },
    )
  })

  test.each(every.map((record) => [record.name, record] as const))('%s has no hole and no overlap', (_, record) => {
    let end = 0
    for (const [field, [type]] of Object.entries(record.fields)) {
      expect(record.at[field as never]).toBe(end)
      end += bytesOf(type)
    }
    expect([end, end % 8]).toEqual([record.size, 0])
  })

  test('every command begins with the common head', () => {
    for (const record of Object.values(commandRecords)) {
      for (const [field, at] of Object.entries(commandHeadRecord.at)) expect(record.at[field as never]).toBe(at)
    }
  })

  test('an encoded command says its length and its operation', () => {
    const body = encodeCommand('userOpen', { ...headOf(), bucket: 3, kyc: 2 })
    expect(readRecord(commandRecords.userOpen, new DataView(body.buffer), 0)).toMatchObject({
      length: body.length,
      op: commandOps.userOpen,
      bucket: 3,
      kyc: 2,
    })
    expect(joinBodies([body, body]).length).toBe(2 * body.length)
  })

  test('an encoder refuses bytes that have no place', () => {
    expect(() => encodeCommand('userOpen', { ...headOf({ id: new Uint8Array(17) }), bucket: 0, kyc: 1 })).toThrow(
      'userOpen.id holds 16 bytes, not 17',
    )
    expect(encodePayments([]).length).toBe(0)
  })

  test('a field off its boundary, or a record that is no multiple of eight bytes, is no layout', () => {
    expect(() => layout('x', { a: ['u8', ''], b: ['u32', ''] })).toThrow('x.b at 1 is not aligned for u32')
    expect(() => layout('x', { a: ['u32', ''] })).toThrow('x has 4 bytes, not a multiple of 8')
  })
})

function bytesOf(type: string): number {
  return { u8: 1, u16: 2, u32: 4, f64: 8 }[type] ?? Number(type.slice(5))
}

function anyValueOf(type: string): fc.Arbitrary<RecordValue> {
  if (type === 'f64') return fc.oneof(fc.maxSafeInteger(), fc.double())
  if (type.startsWith('bytes')) return fc.uint8Array({ minLength: bytesOf(type), maxLength: bytesOf(type) })
  return fc.nat(2 ** (8 * bytesOf(type)) - 1)
}
