import type { Operation } from '../routes/operation.ts'

/** What a person may do in the console: a viewer reads, an operator acts, an approver is the second person. */
export const consoleRoles = ['viewer', 'operator', 'approver'] as const
export type ConsoleRole = (typeof consoleRoles)[number]

export function isConsoleRole(value: unknown): value is ConsoleRole {
  return consoleRoles.some((role) => role === value)
}

/** Whoever proposes or acts must not be the one who approves: these belong to the approver alone. */
const approvals: ReadonlySet<string> = new Set(['approveProposal', 'rejectProposal'])

export function mayDo(role: ConsoleRole, { name, method }: Pick<Operation, 'name' | 'method'>): boolean {
  if (method === 'get') return true
  return role === (approvals.has(name) ? 'approver' : 'operator')
}
