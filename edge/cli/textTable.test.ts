import { describe, expect, test } from 'vitest'
import { nameValueLines, printable, textTable } from './textTable.ts'

describe('a table for people', () => {
  test('columns begin at the same place, amounts end at the same place', () => {
    const rows = [
      ['W1048576', '5.00', 'open'],
      ['M1', '1000.00', 'frozen'],
    ]
    const lines = textTable({ head: ['wallet', 'amount', 'status'], rows, right: [1] }).split('\n')
    expect(lines).toEqual(['wallet     amount  status', 'W1048576     5.00  open', 'M1        1000.00  frozen'])
  })

  test('without rows the head stands alone', () => {
    expect(textTable({ head: ['a', 'b'], rows: [] })).toBe('a  b')
  })

  test('what has no value is left out, what is null is none', () => {
    const lines = nameValueLines([
      ['wallet', 'W1'],
      ['reason', undefined],
      ['limit', null],
    ])
    expect(lines).toBe('wallet  W1\nlimit   none')
  })

  test('control characters of an answer do not reach the terminal', () => {
    expect(printable('a\u001b[31mb\r\nc\u202e')).toBe('a?[31mb??c?')
    expect(textTable({ head: ['x'], rows: [['\u0007bell']] })).toBe('x\n?bell')
  })
})
