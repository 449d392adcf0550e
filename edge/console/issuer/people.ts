import type { ConsoleRole } from '../roles.ts'

/** Somebody who may log in where the development issuer runs: one of each role, and none of them has a password. */
export type DevelopmentPerson = {
  readonly subject: string
  readonly name: string
  readonly role: ConsoleRole
  /** Number of the operator in the ledger, as whom the person acts. */
  readonly operator?: number
}

export const developmentPeople: readonly DevelopmentPerson[] = [
  { subject: 'wei.lan', name: 'Wei Lan 魏岚', role: 'viewer' },
  { subject: 'li.na', name: 'Li Na 李娜', role: 'operator', operator: 1 },
  { subject: 'chen.hao', name: 'Chen Hao 陈昊', role: 'approver', operator: 2 },
]
