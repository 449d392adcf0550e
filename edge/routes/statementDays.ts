import { dayOfDate, isDate } from '../../actors/ledger/businessTime.ts'
import { badField } from './failure.ts'

/** Business days from the first to before the last. */
export type Days = { readonly from: number; readonly to: number }

const monthPattern = /^(\d{4})-(0[1-9]|1[0-2])$/
const datePattern = /^(\d{4})-(\d\d)-(\d\d)$/

/** The business days of a month such as 2026-11. @throws Failure */
export function daysOfMonth(text: string): Days {
  const match = monthPattern.exec(text)
  if (match === null) throw badField('month', 'must be a month such as 2026-11')
  const [year = 0, month = 0] = match.slice(1).map(Number)
  const to = month === 12 ? dayOfDate(year + 1, 1, 1) : dayOfDate(year, month + 1, 1)
  return { from: dayOfDate(year, month, 1), to }
}

/** The business day of a date such as 2026-11-26. @throws Failure */
export function dayOfText(text: string): Days {
  const match = datePattern.exec(text)
  const [year = 0, month = 0, date = 0] = match === null ? [] : match.slice(1).map(Number)
  if (match === null || !isDate(year, month, date)) throw badField('date', 'must be a date such as 2026-11-26')
  const day = dayOfDate(year, month, date)
  return { from: day, to: day + 1 }
}
