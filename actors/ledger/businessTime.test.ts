import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { businessDay, dayMs, dayOfDate, dayStartMs, isDate, yearOfDay } from './businessTime.ts'

const greenwich = (day: number): Date => new Date(day * dayMs)
const anyDay = fc.integer({ min: -100_000, max: 1_000_000 })

describe('business time agrees with the calendar of the platform', () => {
  test('years of days', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        expect(yearOfDay(day)).toBe(greenwich(day).getUTCFullYear())
      }),
    )
  })

  test('days of dates, and back', () => {
    fc.assert(
      fc.property(anyDay, (day) => {
        const date = greenwich(day)
        const [year, month, dateOfMonth] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
        expect(dayOfDate(year, month, dateOfMonth)).toBe(day)
        expect(isDate(year, month, dateOfMonth)).toBe(true)
      }),
    )
  })

  test('a business day is the date in Shanghai', () => {
    const shanghai = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' })
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1992, 0, 1), max: Date.UTC(2100, 0, 1) }), (ms) => {
        const [year, month, date] = shanghai.format(ms).split('-').map(Number)
        const day = businessDay(ms)
        expect(day).toBe(dayOfDate(year!, month!, date!))
        expect(dayStartMs(day)).toBeLessThanOrEqual(ms)
        expect(dayStartMs(day + 1)).toBeGreaterThan(ms)
      }),
    )
  })

  test.each([
    [2026, 2, 29],
    [2100, 2, 29],
    [2026, 4, 31],
    [2026, 0, 1],
    [2026, 13, 1],
    [2026, 1, 0],
    [2026, 1, 32],
  ])('%i-%i-%i is no date', (year, month, date) => {
    expect(isDate(year, month, date)).toBe(false)
  })

  test.each([
    [2028, 2, 29],
    [2000, 2, 29],
    [2026, 12, 31],
  ])('%i-%i-%i is one', (year, month, date) => {
    expect(isDate(year, month, date)).toBe(true)
  })
})
