import { mayOperator } from './authority.ts'
import { type Execute, refuse } from './execution.ts'
import type { Refusal } from './refusals.ts'
import type { State } from './state.ts'

/** Whether a wallet may be paid: a suspension is for a time, the blacklist until two people say otherwise. */
export const standings = { good: 0, suspended: 1, blacklisted: 2 } as const
/** Why a wallet's standing was changed; for people, who find it in the journal. */
export const standingReasons = { fraud: 1, complaints: 2, authority: 3, institution: 4, resolved: 5, other: 6 } as const

/** Says whether a wallet may be paid. It may go on paying, refunding and redeeming: freezing it is something else. */
export const putStanding: Execute<'standingPut'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const row = s.walletRows.row(command.wallet)
  if (row < 0) return refuse('wallet-unknown')
  if (!isStanding(command)) return refuse('rule-invalid')
  s.accounts.setStanding(row, command.standing)
  s.settleAccount(row)
  return { refusal: 'accepted', value: command.wallet }
}

export function isStanding({ standing, reason }: { standing: number; reason: number }): boolean {
  return standing <= standings.blacklisted && reason >= standingReasons.fraud && reason <= standingReasons.other
}

/** What somebody is told who would pay a wallet, or have it paid. */
export function refusalOfStanding(s: State, row: number): Refusal {
  const standing = s.accounts.standing(row)
  if (standing === standings.good) return 'accepted'
  return standing === standings.suspended ? 'payee-suspended' : 'payee-blacklisted'
}
