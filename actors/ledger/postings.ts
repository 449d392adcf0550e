import { businessDay, yearOfDay } from './businessTime.ts'
import { addExact, fenMax, LawBroken } from './money.ts'
import { notCounted, notePayment, noteTaken } from './riskJudgements.ts'
import type { State } from './state.ts'

/** One leg on a wallet. @throws LawBroken below zero. The caller settles the account and posts the other leg. */
export function postToWallet(s: State, row: number, delta: number): void {
  const balance = addExact(s.accounts.balance(row), delta)
  if (balance < 0) throw new LawBroken(`wallet row ${row} would fall to ${balance} fen`)
  s.accounts.setBalance(row, balance)
  s.books.toWallet(delta)
}

/**
 * Takes an accepted payment out of the payer's wallet and counts it against the limits of the day and the year.
 * @param device as it was judged; `notCounted` when the payer makes no payment now
 */
export function debitWallet(s: State, row: number, amount: number, device: number): void {
  const { accounts, today } = s
  const last = accounts.lastDay(row)
  const sameDay = last === today
  const sameYear = sameDay || yearOfDay(last) === yearOfDay(today)
  // What a payee takes in parts of its own choosing must not use up how often the payer may pay in a day.
  const made = device === notCounted ? 0 : 1
  const payments = sameDay ? Math.min(65_535, accounts.dayPayments(row) + made) : made
  // A capture is not judged against the limits: its payer's use may pass what a column holds, and then stays at the most.
  const dayOut = Math.min(fenMax, (sameDay ? accounts.dayOut(row) : 0) + amount)
  const yearOut = Math.min(fenMax, (sameYear ? accounts.yearOut(row) : 0) + amount)
  accounts.setUse(row, today, payments, dayOut, yearOut)
  postToWallet(s, row, -amount)
  s.settleAccount(row)
  notePayment(s, row, amount, device)
}

/** Credits a payment, which counts against what its payee may take. */
export function creditPayment(s: State, row: number, amount: number): void {
  creditWallet(s, row, amount)
  noteTaken(s, row, amount, 1)
}

export function creditWallet(s: State, row: number, amount: number): void {
  postToWallet(s, row, amount)
  s.settleAccount(row)
}

/** Takes out what is no payment of its holder's choice, and so counts against no limit. */
export function takeFromWallet(s: State, row: number, amount: number): void {
  postToWallet(s, row, -amount)
  s.settleAccount(row)
}

/** Brings money home; `paidMs` is when it left, if that is still known. */
export function returnToWallet(s: State, row: number, amount: number, paidMs: number | undefined): void {
  postToWallet(s, row, amount)
  if (paidMs !== undefined) giveBackUse(s, row, amount, paidMs)
  s.settleAccount(row)
}

/** A returned payment does not count against the limits of the day and year it was made in. */
function giveBackUse({ accounts }: State, row: number, amount: number, paidMs: number): void {
  const paidDay = businessDay(paidMs)
  const last = accounts.lastDay(row)
  const dayOut = accounts.dayOut(row) - (paidDay === last ? amount : 0)
  const yearOut = accounts.yearOut(row) - (yearOfDay(paidDay) === yearOfDay(last) ? amount : 0)
  accounts.setUse(row, last, accounts.dayPayments(row), Math.max(0, dayOut), Math.max(0, yearOut))
}

/** Writes down what a debit owes another shard: legs wallet - (posted by the caller), transit +. */
export function oweCredit(
  s: State,
  shard: number,
  op: number,
  position: number,
  index: number,
  payer: number,
  payee: number,
  amount: number,
): void {
  s.books.toTransit(shard, amount)
  s.lanes[shard]!.owe(op, position, index, payer, payee, amount)
}
