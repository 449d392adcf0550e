import { principalRoles, signers } from './records.ts'
import type { Refusal } from './refusals.ts'
import type { State } from './state.ts'

/** The fields of a command that say who signed it. */
export type Signed = { signer: number; keyVersion: number; principal: number }

/** Whether one of `allowed` signed for this wallet: its current key, its own institution, or an operator. */
export function mayActForWallet(s: State, row: number, by: Signed, allowed: readonly number[]): Refusal {
  if (row < 0) return 'wallet-unknown'
  if (by.signer === signers.institution && mayInstitution(s, by.principal) !== 'accepted') return 'institution-unknown'
  if (!allowed.includes(by.signer)) return 'signer-not-allowed'
  if (by.signer === signers.walletKey) {
    return s.wallets.at.keyVersion[row] === by.keyVersion ? 'accepted' : 'key-not-current'
  }
  if (by.signer === signers.institution) {
    return s.accounts.institution(row) === by.principal ? 'accepted' : 'signer-not-allowed'
  }
  return mayOperator(s, by)
}

export function mayInstitution(s: State, institution: number): Refusal {
  return s.activePrincipal(institution, principalRoles.institution) >= 0 ? 'accepted' : 'institution-unknown'
}

export function mayOperator(s: State, by: Signed): Refusal {
  if (by.signer !== signers.operator) return 'signer-not-allowed'
  return s.activePrincipal(by.principal, principalRoles.operator) >= 0 ? 'accepted' : 'signer-not-allowed'
}
