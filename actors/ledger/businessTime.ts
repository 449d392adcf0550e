/** Shanghai has kept UTC+8 without daylight saving since 1991, so that a business date needs no calendar library. */
const shanghaiOffsetMs = 28_800_000
export const dayMs = 86_400_000

/** Business date in Shanghai as days since 1970-01-01. */
export function businessDay(logTimeMs: number): number {
  return Math.floor((logTimeMs + shanghaiOffsetMs) / dayMs)
}

/** First moment of a business day, in log time. */
export function dayStartMs(day: number): number {
  return day * dayMs - shanghaiOffsetMs
}

/** Gregorian year of a day number (Hinnant's civil-from-days, integers only). */
export function yearOfDay(day: number): number {
  const z = day + 719_468
  const era = Math.floor(z / 146_097)
  const doe = z - era * 146_097
  const yoe = Math.floor((doe - Math.floor(doe / 1_460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365)
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100))
  // Years of this calendar begin in March: January and February belong to the next civil year.
  return yoe + era * 400 + (doy >= 306 ? 1 : 0)
}

/** Day number of a civil date (Hinnant's days-from-civil), for ids that carry a date. */
export function dayOfDate(year: number, month: number, date: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yoe = y - era * 400
  const doy = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + date - 1
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy
  return era * 146_097 + doe - 719_468
}

/** True when year, month and date name a day that exists. */
export function isDate(year: number, month: number, date: number): boolean {
  if (month < 1 || month > 12 || date < 1 || date > 31) return false
  const first = dayOfDate(year, month, 1)
  const next = month === 12 ? dayOfDate(year + 1, 1, 1) : dayOfDate(year, month + 1, 1)
  return date <= next - first
}
