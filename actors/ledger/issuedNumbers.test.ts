import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketCount, numberOf, serialFirst } from './ids.ts'
import { IssuedNumbers } from './issuedNumbers.ts'

describe('the numbers that a shard issued', () => {
  const places = fc.uniqueArray(
    fc.record({ bucket: fc.constantFrom(1, 4, 7, 4_093), serial: fc.oneof(fc.nat(30), fc.nat(2 ** 40)) }),
    { minLength: 1, maxLength: 100, selector: ({ bucket, serial }) => `${bucket}.${serial}` },
  )

  test('are found, and no other, however unevenly the buckets are filled', () => {
    fc.assert(
      fc.property(places, (issued) => {
        const column = new Float64Array(issued.length)
        const table = new IssuedNumbers(column, 1, 3, 7)
        for (const [row, { bucket, serial }] of issued.entries()) {
          column[row] = numberOf(bucket, serialFirst + serial)
          expect(table.row(column[row]!)).toBe(-1)
          table.add(row)
        }
        for (const round of ['at once', 'after a rebuild']) {
          for (const [row, number] of column.entries()) expect([round, table.row(number)]).toEqual([round, row])
          const first = column[0]!
          // Halves of the largest numbers round to the number itself.
          const half = first < 2 ** 52 ? first + 0.5 : Number.NaN
          const strangers = [first + 1, half, -first, first + bucketCount * 2 ** 41]
          for (const stranger of [...strangers, 0, -1, 1, Number.NaN, Number.POSITIVE_INFINITY]) {
            expect([round, stranger, table.row(stranger)]).toEqual([round, stranger, -1])
          }
          table.rebuild(issued.length)
        }
      }),
    )
  })

  /** Which of the four buckets of shard 1 among 1,024 issues the next number: mostly the first. */
  const turns = fc.array(fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 2, 3), { minLength: 1, maxLength: 300 })

  test('finds what a busy bucket issues, within its end and beyond it', () => {
    fc.assert(
      fc.property(turns, fc.nat(300), (issued, room) => {
        const column = new Float64Array(issued.length + room)
        const table = new IssuedNumbers(column, 1, 1_024, 7)
        const next = [serialFirst, serialFirst, serialFirst, serialFirst]
        for (const [row, turn] of issued.entries()) {
          column[row] = numberOf(1 + turn * 1_024, next[turn]!)
          expect(table.row(column[row]!)).toBe(-1)
          table.add(row)
          next[turn]! += 1
        }
        for (const round of ['at once', 'after a rebuild']) {
          for (const row of issued.keys()) expect([round, table.row(column[row]!)]).toEqual([round, row])
          for (const [turn, serial] of next.entries()) expect(table.row(numberOf(1 + turn * 1_024, serial))).toBe(-1)
          table.rebuild(issued.length)
        }
      }),
    )
  })

  test('takes five bytes a number or less in even buckets, from one of each on', () => {
    const column = new Float64Array(10_000)
    const table = new IssuedNumbers(column, 0, 64, 7)
    const buckets = bucketCount / 64
    for (let row = 0; row < column.length; row++) {
      column[row] = numberOf((row % buckets) * 64, serialFirst + Math.floor(row / buckets))
      table.add(row)
      if (row >= buckets) expect(table.bytes).toBeLessThanOrEqual(5 * (row + 1))
    }
    for (const [row, number] of column.entries()) expect(table.row(number)).toBe(row)
  })
})
