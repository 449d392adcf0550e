import { fc, test as lawTest } from '@fast-check/vitest'
import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import {
  amountArgument,
  commandIdArgument,
  limitArgument,
  paymentIdArgument,
  signerArgument,
  timeArgument,
  userIdArgument,
  uuidArgument,
  walletIdArgument,
  wholeArgument,
} from './argumentTypes.ts'

describe('amounts', () => {
  test.each([
    ['5', '5.00'],
    ['0.1', '0.10'],
    ['100.50', '100.50'],
    ['0.01', '0.01'],
  ])('%s is %s yuan', (text, canonical) => {
    expect(amountArgument(text)).toBe(canonical)
  })

  test.each([
    '0',
    '0.00',
    '-1',
    '1.005',
    '1e3',
    '01',
    '.5',
    '5.',
    '1,000',
    '¥5',
    '',
    ' 5',
    '٥',
    'NaN',
    '90071992547409.92',
  ])('"%s" is refused before anything is sent', (text) => {
    expect(() => amountArgument(text)).toThrow(InvalidArgumentError)
  })

  lawTest.prop([fc.bigInt({ min: 1n, max: 9_007_199_254_740_991n })])(
    'every number of fen is read as it is written, to the fen',
    (fen) => {
      const text = `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`
      expect(amountArgument(text)).toBe(text)
    },
  )
})

describe('limits', () => {
  test('none is no limit, zero is a limit', () => {
    expect(limitArgument('none')).toBeNull()
    expect(limitArgument('0')).toBe('0.00')
    expect(limitArgument('2000')).toBe('2000.00')
  })

  test.each(['null', 'None', '-1', '1.234', ''])('"%s" is refused', (text) => {
    expect(() => limitArgument(text)).toThrow(InvalidArgumentError)
  })
})

describe('ids', () => {
  test('are taken as the API takes them', () => {
    expect(walletIdArgument('W1048576')).toBe('W1048576')
    expect(walletIdArgument('M456789')).toBe('M456789')
    expect(userIdArgument('U1048576')).toBe('U1048576')
    expect(commandIdArgument('P20231001001')).toBe('P20231001001')
    expect(commandIdArgument('019aa3b4-5c00-7000-8000-000000000001')).toBe('019aa3b4-5c00-7000-8000-000000000001')
  })

  test('of what is looked for may be one that a batch or the ledger gave', () => {
    for (const version of ['7', '8', 'e']) {
      const id = `019aa3b4-5c00-${version}000-8000-000000000001`
      expect(paymentIdArgument(id)).toBe(id)
    }
    expect(paymentIdArgument('P20231001001')).toBe('P20231001001')
    expect(() => paymentIdArgument('019aa3b4-5c00-4000-8000-000000000001')).toThrow('It must be a UUID in lower case')
  })

  test('of a capture or a collection are UUIDv7 alone', () => {
    expect(uuidArgument('019aa3b4-5c00-7000-8000-000000000001')).toBe('019aa3b4-5c00-7000-8000-000000000001')
    expect(() => uuidArgument('P20231001001')).toThrow('It must be a UUIDv7 in lower case.')
  })

  test.each(['w1', 'W0', 'W', 'W01', 'W1/../W2', 'U1', 'W99999999999999999'])('"%s" is no wallet', (text) => {
    expect(() => walletIdArgument(text)).toThrow(InvalidArgumentError)
  })

  test.each(['P20231301001', 'p20231001001', '019aa3b4-5c00-4000-8000-000000000001', ''])('"%s" is no id', (text) => {
    expect(() => commandIdArgument(text)).toThrow(InvalidArgumentError)
  })
})

test('who signs is one of four, a sub-user with its number', () => {
  for (const text of ['wallet', 'institution', 'operator', 'user:1', 'user:32']) expect(signerArgument(text)).toBe(text)
  for (const text of ['', 'user', 'user:', 'user:0', 'user:100', 'user:1 ', 'owner', 'Wallet']) {
    expect(() => signerArgument(text)).toThrow(InvalidArgumentError)
  }
})

test('whole numbers stay in their range', () => {
  const read = wholeArgument(1, 4)
  expect(read('4')).toBe(4)
  for (const text of ['0', '5', '1.0', '-1', '0x1', '1e0', '']) expect(() => read(text)).toThrow(InvalidArgumentError)
})

test('a time has its offset', () => {
  expect(timeArgument('2026-11-24T12:00:00+08:00')).toBe('2026-11-24T12:00:00+08:00')
  for (const text of ['2026-11-24', '2026-11-24T12:00:00', '2026-13-24T12:00:00Z']) {
    expect(() => timeArgument(text)).toThrow(InvalidArgumentError)
  }
})
