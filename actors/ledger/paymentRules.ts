import { yearOfDay } from './businessTime.ts'
import { isAmount } from './money.ts'
import { codeOf } from './refusals.ts'
import { judgeMerchant, judgeRisk } from './riskJudgements.ts'
import { riskBlocked, riskLevels } from './rules.ts'
import { refusalOfStanding, standings } from './standings.ts'
import { type State, walletStates } from './state.ts'

/**
 * Why a payer's wallet may not pay this amount to this payee, or 0. `row` is the payer's.
 * @param device 32 bits of what tells the device again, 0 when none was told; or `nobodyThere`
 */
export function judgePayment(
  s: State,
  row: number,
  payer: number,
  payee: number,
  amount: number,
  device: number,
): number {
  if (!isAmount(amount)) return codeOf['amount-invalid']
  if (payee === payer) return codeOf['payer-is-payee']
  const walletState = s.accounts.state(row)
  if (walletState === walletStates.frozen) return codeOf['wallet-frozen']
  if (walletState === walletStates.closed) return codeOf['wallet-closed']
  const limit = judgeLimits(s, row, amount)
  if (limit !== 0) return limit
  if (s.accounts.balance(row) < amount) return codeOf['funds-insufficient']
  if (!(Number.isSafeInteger(payee) && payee > 0)) return codeOf['payee-unknown']
  return judgeRisk(s, row, amount, device)
}

function judgeLimits(s: State, row: number, amount: number): number {
  const { accounts } = s
  const risk = accounts.risk(row)
  const group = accounts.class(row)
  const last = accounts.lastDay(row)
  const sameDay = last === s.today
  if (risk === riskBlocked) return codeOf['risk-control']
  if (sameDay && accounts.dayPayments(row) >= s.rules.paymentsPerDay[risk]!) return codeOf['risk-control']
  const at = group * riskLevels + risk
  if (amount > s.rules.single[at]!) return codeOf['single-limit-exceeded']
  if ((sameDay ? accounts.dayOut(row) : 0) + amount > s.rules.day[at]!) return codeOf['day-limit-exceeded']
  const sameYear = sameDay || yearOfDay(last) === yearOfDay(s.today)
  if ((sameYear ? accounts.yearOut(row) : 0) + amount > s.rules.year[group]!) return codeOf['year-limit-exceeded']
  return 0
}

/** Why a wallet of this shard cannot take an amount, or 0; `row` is -1 when the shard has no such wallet. */
export function judgeCredit(s: State, row: number, amount: number): number {
  if (row < 0) return codeOf['payee-unknown']
  const walletState = s.accounts.state(row)
  if (walletState === walletStates.frozen) return codeOf['payee-frozen']
  if (walletState === walletStates.closed) return codeOf['payee-closed']
  const room = s.rules.balance[s.accounts.class(row)]!
  if (s.accounts.balance(row) + s.accounts.pendingIn(row) + amount > room) return codeOf['payee-balance-limit-exceeded']
  if (s.accounts.standing(row) !== standings.good) return codeOf[refusalOfStanding(s, row)]
  return judgeMerchant(s, row, amount)
}
