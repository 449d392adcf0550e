import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { businessDay, dayMs } from './businessTime.ts'
import { dateOfDay, occurrenceMs, periodOfDay, periods } from './calendar.ts'

/** A moment as clocks in Shanghai show it. */
const shown = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString()
const at = (text: string): number => Date.parse(`${text}+08:00`)
const moments = fc.integer({ min: at('1999-12-31T00:00'), max: at('2120-01-01T00:00') })

test('the date of a day is the one that the calendar says', () => {
  fc.assert(
    fc.property(moments, (ms) => {
      const { year, month, date } = dateOfDay(businessDay(ms))
      const two = (n: number): string => String(n).padStart(2, '0')
      expect(`${year}-${two(month)}-${two(date)}`).toBe(shown(ms).slice(0, 10))
    }),
  )
})

describe('what happens every month', () => {
  test('on the 31st happens on the last day where there is none, and on the 31st again after that', () => {
    const first = at('2027-10-31T09:30')
    const dates = Array.from({ length: 6 }, (_, n) => shown(occurrenceMs(first, periods.month, n)).slice(0, 16))
    expect(dates).toEqual([
      '2027-10-31T09:30',
      '2027-11-30T09:30',
      '2027-12-31T09:30',
      '2028-01-31T09:30',
      '2028-02-29T09:30',
      '2028-03-31T09:30',
    ])
  })

  test('happens once in each month, at its time of day, on its date or the last', () => {
    fc.assert(
      fc.property(moments, fc.nat(500), (first, n) => {
        const [begin, here] = [new Date(first + 8 * 3_600_000), occurrenceMs(first, periods.month, n)]
        const found = new Date(here + 8 * 3_600_000)
        const months = (date: Date): number => date.getUTCFullYear() * 12 + date.getUTCMonth()
        const lastDate = new Date(Date.UTC(found.getUTCFullYear(), found.getUTCMonth() + 1, 0)).getUTCDate()
        expect(months(found)).toBe(months(begin) + n)
        expect(found.getUTCDate()).toBe(Math.min(begin.getUTCDate(), lastDate))
        expect(shown(here).slice(10)).toBe(shown(first).slice(10))
        expect(periodOfDay(businessDay(here), periods.month)).toBe(months(found))
      }),
    )
  })
})

test('days and weeks go on without months; a week begins on Monday in Shanghai', () => {
  const sunday = at('2026-11-29T23:59')
  expect(occurrenceMs(sunday, periods.day, 3)).toBe(sunday + 3 * dayMs)
  expect(occurrenceMs(sunday, periods.week, 2)).toBe(sunday + 14 * dayMs)
  const weekOf = (ms: number): number => periodOfDay(businessDay(ms), periods.week)
  expect(weekOf(sunday)).toBe(weekOf(at('2026-11-23T00:00')))
  expect(weekOf(sunday + 60_000)).toBe(weekOf(sunday) + 1)
})
