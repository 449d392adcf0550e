import { mayOperator } from './authority.ts'
import { institutionsMax } from './books.ts'
import { accepted, type Command, type Execute, refuse } from './execution.ts'
import { idClass, idClasses, uuidTimeMs } from './ids.ts'
import { fenMax } from './money.ts'
import { principalRoles } from './records.ts'
import { isRiskRule, type RiskRuleVersion } from './riskRules.ts'
import { classesMax, riskLevels } from './rules.ts'

/** Enters or changes an institution or operator. The number 0 is nobody's. */
export const putPrincipal: Execute<'principalPut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { number, role, active, publicKey } = command
  if (!isPrincipal(command)) return refuse('rule-invalid')
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

export function isPrincipal({ number, role, active }: Command<'principalPut'>): boolean {
  if (number < 1 || number >= institutionsMax || active > 1) return false
  return role === principalRoles.institution || role === principalRoles.operator
}

const isLimit = (fen: number): boolean => Number.isSafeInteger(fen) && fen >= 0 && fen <= fenMax

/** Enters limits of a class from a date on. A date in the past means now: history is not judged again. */
export const putLimits: Execute<'limitsPut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { class: group, effectiveMs, balance, single, day, year } = command
  if (!isLimits(command) || !s.rules.makeRoom('limits', s.logTimeMs)) return refuse('rule-invalid')
  s.rules.addLimits({ class: group, effectiveMs: Math.max(effectiveMs, s.logTimeMs), balance, single, day, year })
  s.rules.advance(s.logTimeMs)
  return accepted
}

export function isLimits(command: Command<'limitsPut'>): boolean {
  const { class: group, effectiveMs, balance, single, day, year } = command
  return group < classesMax && [balance, single, day, year].every(isLimit) && Number.isSafeInteger(effectiveMs)
}

/** Enters what a risk level means from a date on. */
export const putRiskRule: Execute<'riskRulePut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { level, percent, effectiveMs, rechargesPerDayMax, paymentsPerDayMax } = command
  if (!isRiskLevel(command) || !s.rules.makeRoom('risk', s.logTimeMs)) return refuse('rule-invalid')
  const from = Math.max(effectiveMs, s.logTimeMs)
  s.rules.addRisk({ level, effectiveMs: from, percent, rechargesPerDayMax, paymentsPerDayMax })
  s.rules.advance(s.logTimeMs)
  return accepted
}

export function isRiskLevel({ level, percent, effectiveMs }: Command<'riskRulePut'>): boolean {
  return level < riskLevels && percent <= 100 && Number.isSafeInteger(effectiveMs)
}

const refundDaysMax = 3_650

/** Enters how long orders may be refunded that are paid from a date on. */
export const putRefundRule: Execute<'refundRulePut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { days, effectiveMs } = command
  if (!isRefundRule(command) || !s.rules.makeRoom('refunds', s.logTimeMs)) return refuse('rule-invalid')
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
  if (!isRecoveryRule(command) || !s.rules.makeRoom('recoveries', s.logTimeMs)) return refuse('rule-invalid')
  s.rules.addRecovery({ effectiveMs: Math.max(effectiveMs, s.logTimeMs), minutes })
  s.rules.advance(s.logTimeMs)
  return accepted
}

export function isRecoveryRule({ minutes, effectiveMs }: Command<'recoveryRulePut'>): boolean {
  return minutes <= recoveryMinutesMax && Number.isSafeInteger(effectiveMs)
}

export function isRefundRule({ days, effectiveMs }: Command<'refundRulePut'>): boolean {
  return days >= 1 && days <= refundDaysMax && Number.isSafeInteger(effectiveMs)
}

export function riskRuleOf(command: Command<'riskPolicyPut'>): Omit<RiskRuleVersion, 'saidMs'> {
  const { kind, action, window, paymentsMax, factor, fen, ageMs, effectiveMs } = command
  return { kind, action, window, paymentsMax, factor, fen, ageMs, effectiveMs }
}

/**
 * Enters a risk rule from a date on, or at once when that has passed. The command's id says when it was said, the same
 * in every shard: of two that hold the later word counts.
 */
export const putRiskPolicy: Execute<'riskPolicyPut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const rule = riskRuleOf(command)
  const { rules } = s.risk
  if (!isRiskRule(rule) || !rules.makeRoom(s.logTimeMs)) return refuse('rule-invalid')
  if (idClass(command.id, 0) !== idClasses.uuid) return refuse('rule-invalid')
  const saidMs = uuidTimeMs(command.id, 0)
  rules.add({ ...rule, saidMs })
  rules.advance(s.logTimeMs)
  return accepted
}

/** Whether a change of rules needs a second operator. */
export const putSecondPerson: Execute<'secondPersonPut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  if (command.required > 1) return refuse('rule-invalid')
  s.risk.rules.secondPerson = command.required === 1
  return accepted
}
