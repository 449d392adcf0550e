import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  commandIdText,
  datedIdDay,
  idClass,
  idClasses,
  numberMax,
  parseCommandId,
  parseUserId,
  parseWalletId,
  userIdText,
  uuidTimeMs,
  walletIdText,
} from './ids.ts'

describe('wallet and user numbers', () => {
  test('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: numberMax }), fc.constantFrom(1, 2), (number, kind) => {
        expect(parseWalletId(walletIdText(number, kind))).toEqual({ number, kind })
        expect(parseUserId(userIdText(number))).toBe(number)
      }),
    )
  })

  test.each([
    '',
    'W',
    'W0',
    'W01',
    'w1',
    'X1',
    'W1.5',
    'W-1',
    'W1e3',
    'W 1',
    'W9007199254740992',
    `W${'9'.repeat(17)}`,
  ])('%j is no wallet', (text) => {
    expect(parseWalletId(text)).toBeUndefined()
    expect(parseUserId(text.replace('W', 'U'))).toBeUndefined()
  })
})

describe('command ids', () => {
  test('a UUIDv7 is read back as it was written, and tells its time', () => {
    const uuid = fc.tuple(
      fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      fc.integer({ min: 0, max: 0xfff }),
      fc.nat(0x3fff),
      fc.nat(),
    )
    fc.assert(
      fc.property(uuid, ([ms, a, b, c]) => {
        const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0')
        const head = hex(ms, 12)
        const text = `${head.slice(0, 8)}-${head.slice(8)}-7${hex(a, 3)}-${hex(0x8000 + b, 4)}-${hex(c, 12)}`
        const bytes = parseCommandId(text)!
        expect(idClass(bytes, 0)).toBe(idClasses.uuid)
        expect(uuidTimeMs(bytes, 0)).toBe(ms)
        expect(commandIdText(bytes)).toBe(text)
      }),
    )
  })

  test('a dated id is read back as it was written, with its zeros, and tells its day', () => {
    const letters = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
    const digits = fc.stringMatching(/^\d{1,15}$/)
    const day = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(letters, day, digits, (letter, date, serial) => {
        const text = letter + date.toISOString().slice(0, 10).replaceAll('-', '') + serial
        const bytes = parseCommandId(text)!
        expect(idClass(bytes, 0)).toBe(idClasses.dated)
        expect(datedIdDay(bytes, 0)).toBe(Math.floor(date.getTime() / 86_400_000))
        expect(commandIdText(bytes)).toBe(text)
      }),
    )
  })

  test('two texts never share their bytes', () => {
    const texts = ['P202603020', 'P2026030200', 'Q202603020', 'P202603021', 'P2026030201', 'P20260302001']
    expect(new Set(texts.map((text) => parseCommandId(text)!.join())).size).toBe(texts.length)
  })

  test.each([
    '',
    'P20260230001',
    'P20261301001',
    'P20260302',
    'p20260302001',
    'PP20260302001',
    `P20260302${'1'.repeat(16)}`,
    '0195f8a0-0000-4000-8000-000000000000',
    '0195F8A0-0000-7000-8000-000000000000',
    '0195f8a0-0000-7000-c000-000000000000',
    '0195f8a000007000800000000000000',
    '0195f8a0-0000-7000-8000-00000000000g',
  ])('%j is no command id', (text) => {
    expect(parseCommandId(text)).toBeUndefined()
  })

  test('bytes of neither class are of none', () => {
    for (let nibble = 0; nibble < 16; nibble++) {
      const bytes = new Uint8Array(16)
      bytes[6] = nibble << 4
      const expected = nibble === 7 ? idClasses.uuid : nibble === 13 ? idClasses.dated : idClasses.malformed
      expect(idClass(bytes, 0)).toBe(expected)
    }
  })
})
