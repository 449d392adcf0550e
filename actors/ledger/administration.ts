import { mayOperator } from './authority.ts'
import { institutionsMax } from './books.ts'
import { accepted, type Execute, refuse } from './execution.ts'
import { fenMax } from './money.ts'
import { principalRoles } from './records.ts'
import { classesMax, riskLevels } from './rules.ts'

const versionsMax = 1_000

/** Enters or changes an institution or operator. The number 0 is nobody's. */
export const putPrincipal: Execute<'principalPut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { number, role, active, publicKey } = command
  if (number < 1 || number >= institutionsMax || active > 1) return refuse('rule-invalid')
  if (role !== principalRoles.institution && role !== principalRoles.operator) return refuse('rule-invalid')
  const at = s.principals.at
  let row = 0
  while (row < s.principals.count && !(at.number[row] === number && at.role[row] === role)) row += 1
  if (row === s.principals.count) s.principals.count += 1
  else s.principals.hashRow(s.digest, row, -1)
  at.number[row] = number
  at.role[row] = role
  at.active[row] = active
  at.publicKey.set(publicKey, row * 32)
  s.principals.hashRow(s.digest, row, 1)
  return accepted
}

const isLimit = (fen: number): boolean => Number.isSafeInteger(fen) && fen >= 0 && fen <= fenMax

/** Enters limits of a class from a date on. A date in the past means now: history is not judged again. */
export const putLimits: Execute<'limitsPut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { class: group, effectiveMs, balance, single, day, year } = command
  if (group >= classesMax || s.rules.limits.length >= versionsMax) return refuse('rule-invalid')
  if (![balance, single, day, year].every(isLimit) || !Number.isSafeInteger(effectiveMs)) return refuse('rule-invalid')
  s.rules.addLimits({ class: group, effectiveMs: Math.max(effectiveMs, s.logTimeMs), balance, single, day, year })
  s.rules.advance(s.logTimeMs)
  return accepted
}

/** Enters what a risk level means from a date on. */
export const putRiskRule: Execute<'riskRulePut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { level, percent, effectiveMs, rechargesPerDayMax, paymentsPerDayMax } = command
  if (level >= riskLevels || percent > 100 || s.rules.risk.length >= versionsMax) return refuse('rule-invalid')
  if (!Number.isSafeInteger(effectiveMs)) return refuse('rule-invalid')
  const from = Math.max(effectiveMs, s.logTimeMs)
  s.rules.addRisk({ level, effectiveMs: from, percent, rechargesPerDayMax, paymentsPerDayMax })
  s.rules.advance(s.logTimeMs)
  return accepted
}

const refundDaysMax = 3_650

/** Enters how long orders may be refunded that are paid from a date on. */
export const putRefundRule: Execute<'refundRulePut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { days, effectiveMs } = command
  if (days < 1 || days > refundDaysMax || s.rules.refunds.length >= versionsMax) return refuse('rule-invalid')
  if (!Number.isSafeInteger(effectiveMs)) return refuse('rule-invalid')
  s.rules.addRefund({ effectiveMs: Math.max(effectiveMs, s.logTimeMs), days })
  s.rules.advance(s.logTimeMs)
  return accepted
}

const recoveryMinutesMax = 30 * 1_440

/** Enters how long recoveries wait that begin from a date on. */
export const putRecoveryRule: Execute<'recoveryRulePut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { minutes, effectiveMs } = command
  if (minutes > recoveryMinutesMax || s.rules.recoveries.length >= versionsMax) return refuse('rule-invalid')
  if (!Number.isSafeInteger(effectiveMs)) return refuse('rule-invalid')
  s.rules.addRecovery({ effectiveMs: Math.max(effectiveMs, s.logTimeMs), minutes })
  s.rules.advance(s.logTimeMs)
  return accepted
}
