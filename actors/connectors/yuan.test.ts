import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fenMax, parseYuan, yuanText } from './yuan.ts'

test('amounts are written in yuan with two decimals', () => {
  expect([0n, 1n, 99n, 100n, 10_050n, -10_050n, fenMax].map(yuanText)).toEqual([
    '0.00',
    '0.01',
    '0.99',
    '1.00',
    '100.50',
    '-100.50',
    '90071992547409.91',
  ])
})

test('every amount that is written is read back exactly', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: fenMax }), (fen) => {
      expect(parseYuan(yuanText(fen))).toBe(Number(fen))
    }),
  )
})

test.each([
  '',
  '1',
  '1.0',
  '1.000',
  '01.00',
  '-1.00',
  '+1.00',
  '1,00',
  '1e2',
  ' 1.00',
  '.50',
  '90071992547409.92',
  'NaN',
])('"%s" is no amount', (text) => {
  expect(parseYuan(text)).toBeUndefined()
})
