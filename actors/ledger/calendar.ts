import { businessDay, dayMs, dayOfDate, dayStartMs } from './businessTime.ts'

/** What a mandate is counted by. `once` has no end and no second time. */
export const periods = { once: 0, day: 1, week: 2, month: 3 } as const

export type CivilDate = { year: number; month: number; date: number }

/** Civil date of a day number (Hinnant's civil-from-days, integers only). */
export function dateOfDay(day: number): CivilDate {
  const z = day + 719_468
  const era = Math.floor(z / 146_097)
  const doe = z - era * 146_097
  const yoe = Math.floor((doe - Math.floor(doe / 1_460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365)
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100))
  // Months of this calendar are counted from March.
  const fromMarch = Math.floor((5 * doy + 2) / 153)
  const date = doy - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, date }
}

/** The number of the period that a business day belongs to; weeks begin on Monday. Of `once` there is only one. */
export function periodOfDay(day: number, period: number): number {
  if (period === periods.day) return day
  // Day 0 was a Thursday.
  if (period === periods.week) return Math.floor((day + 3) / 7)
  if (period !== periods.month) return 0
  const { year, month } = dateOfDay(day)
  return year * 12 + month - 1
}

/**
 * When something that happens once a period comes for the nth time, counted from 0: at the time of day of the first
 * time, in Shanghai; in a month that lacks the first one's date, on its last day.
 */
export function occurrenceMs(firstMs: number, period: number, n: number): number {
  if (period === periods.day) return firstMs + n * dayMs
  if (period === periods.week) return firstMs + n * 7 * dayMs
  if (period !== periods.month) return firstMs
  const first = businessDay(firstMs)
  const { year, month, date } = dateOfDay(first)
  const months = year * 12 + month - 1 + n
  const [ofYear, ofMonth] = [Math.floor(months / 12), (months % 12) + 1]
  const begins = dayOfDate(ofYear, ofMonth, 1)
  const next = ofMonth === 12 ? dayOfDate(ofYear + 1, 1, 1) : dayOfDate(ofYear, ofMonth + 1, 1)
  return dayStartMs(Math.min(begins + date - 1, next - 1)) + firstMs - dayStartMs(first)
}
