import { businessDay, yearOfDay } from './businessTime.ts'
import { addExact, LawBroken } from './money.ts'
import type { State } from './state.ts'

/** One leg on a wallet. @throws LawBroken below zero. The caller keeps the digest and posts the other leg. */
export function postToWallet(s: State, row: number, delta: number): void {
  const balance = addExact(s.accounts.at.balance[row]!, delta)
  if (balance < 0) throw new LawBroken(`wallet row ${row} would fall to ${balance} fen`)
  s.accounts.at.balance[row] = balance
  s.books.toWallet(delta)
}

/** Takes an accepted payment out of the payer's wallet and counts it against the limits of the day and the year. */
export function debitWallet(s: State, row: number, amount: number): void {
  s.hashAccount(row, -1)
  rollDay(s, row)
  const { dayOut, yearOut, dayPayments } = s.accounts.at
  dayOut[row] = addExact(dayOut[row]!, amount)
  yearOut[row] = addExact(yearOut[row]!, amount)
  if (dayPayments[row]! < 65_535) dayPayments[row]! += 1
  postToWallet(s, row, -amount)
  s.hashAccount(row, 1)
}

export function creditWallet(s: State, row: number, amount: number): void {
  s.hashAccount(row, -1)
  postToWallet(s, row, amount)
  s.hashAccount(row, 1)
}

/** Brings money home; `paidMs` is when it left, if that is still known. */
export function returnToWallet(s: State, row: number, amount: number, paidMs: number | undefined): void {
  s.hashAccount(row, -1)
  postToWallet(s, row, amount)
  if (paidMs !== undefined) giveBackUse(s, row, amount, paidMs)
  s.hashAccount(row, 1)
}

/** A returned payment does not count against the limits of the day and year it was made in. */
function giveBackUse(s: State, row: number, amount: number, paidMs: number): void {
  const { dayOut, yearOut, lastDay } = s.accounts.at
  const paidDay = businessDay(paidMs)
  if (paidDay === lastDay[row]) dayOut[row] = Math.max(0, dayOut[row]! - amount)
  if (yearOfDay(paidDay) === yearOfDay(lastDay[row]!)) yearOut[row] = Math.max(0, yearOut[row]! - amount)
}

function rollDay(s: State, row: number): void {
  const { dayOut, yearOut, lastDay, dayPayments } = s.accounts.at
  const last = lastDay[row]!
  if (last === s.today) return
  if (yearOfDay(last) !== yearOfDay(s.today)) yearOut[row] = 0
  dayOut[row] = 0
  dayPayments[row] = 0
  lastDay[row] = s.today
}
