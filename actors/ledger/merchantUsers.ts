import { mayActForWallet, type Signed } from './authority.ts'
import { type Command, type Execute, refuse } from './execution.ts'
import { walletKinds } from './ids.ts'
import { isKey } from './keyOfWallet.ts'
import { merchantUserStates, merchantUsersMax } from './merchantUserTable.ts'
import { isAmount } from './money.ts'
import type { Outcomes } from './outcomes.ts'
import { keyAlgorithms, merchantRoles, signers } from './records.ts'
import type { Refusal } from './refusals.ts'
import { type State, walletStates } from './state.ts'

const byOwner = [signers.walletKey]
const byMerchant = [signers.walletKey, signers.institution]
const { cashier, refunder, accountant } = merchantRoles

/**
 * Whether who signed may act for this merchant: its own key or its institution, or one of its sub-users that is there
 * now and has one of `roles`.
 */
export function mayActForMerchant(s: State, wallet: number, by: Signed, roles: readonly number[]): Refusal {
  if (by.signer !== signers.merchantUser) return mayActForWallet(s, wallet, by, byMerchant)
  if (wallet < 0) return 'wallet-unknown'
  const row = activeUser(s, wallet, by.principal)
  if (row < 0) return 'merchant-user-unknown'
  const { version, role } = s.merchantUsers.columns.at
  if (version[row] !== by.keyVersion) return 'key-not-current'
  return roles.includes(role[row]!) ? 'accepted' : 'merchant-user-role'
}

/** Fen that who signed may send back in one refund; the caller has judged that it may refund at all. */
export function refundLimitOf(s: State, wallet: number, by: Signed): number {
  if (by.signer !== signers.merchantUser) return Number.POSITIVE_INFINITY
  return s.merchantUsers.columns.at.limit[activeUser(s, wallet, by.principal)]!
}

/** Which sub-user signed, for what is kept of it; zeros when none did. */
export function userOf(by: Signed): { number: number; version: number } {
  if (by.signer !== signers.merchantUser) return { number: 0, version: 0 }
  return { number: by.principal, version: by.keyVersion }
}

/** The row of a merchant's sub-user, of one that was removed too, or -1. */
function userRow(s: State, wallet: number, number: number): number {
  const known = number >= 1 && number <= merchantUsersMax
  return known ? s.merchantUsers.find(wallet, Uint8Array.of(number)) : -1
}

export function activeUser(s: State, wallet: number, number: number): number {
  const row = userRow(s, wallet, number)
  return row >= 0 && s.merchantUsers.columns.at.state[row] === merchantUserStates.active ? row : -1
}

/** Enters a sub-user, or gives one that is there another key, role or limit. What its last key signed counts no more. */
export const putMerchantUser: Execute<'merchantUserPut'> = (s, command, out, place) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, byOwner)
  const refusal = may === 'accepted' ? judgeUser(s, wallet, command) : may
  if (refusal !== 'accepted') return refuse(refusal)
  const known = userRow(s, wallet, command.number)
  const row = known >= 0 ? known : addRow(s, wallet, command.number)
  s.merchantUsers.change(row, (at) => {
    at.limit[row] = command.role === refunder ? command.limit : 0
    at.changedMs[row] = s.logTimeMs
    at.seq[row] = place.seq
    at.index[row] = place.index
    at.version[row]! += 1
    at.state[row] = merchantUserStates.active
    at.role[row] = command.role
    at.algorithm[row] = command.algorithm
    at.key.set(command.key, row * 33)
  })
  out.merchantUsers.push(row)
  return { refusal: 'accepted', value: s.merchantUsers.columns.at.version[row]! }
}

function judgeUser(s: State, wallet: number, command: Command<'merchantUserPut'>): Refusal {
  if (s.wallets.at.kind[wallet] !== walletKinds.merchant) return 'merchant-required'
  if (s.accounts.state(wallet) === walletStates.closed) return 'wallet-closed'
  const { number, role, limit, algorithm, key } = command
  if (role === refunder && !isAmount(limit)) return 'amount-invalid'
  if (algorithm !== keyAlgorithms.ecdsaP256 || !isKey(algorithm, key)) return 'key-invalid'
  const unlimited = role === cashier || role === accountant
  if (role !== refunder && !(unlimited && limit === 0)) return 'rule-invalid'
  if (number < 1 || number > merchantUsersMax) return 'rule-invalid'
  return s.merchantUsers.full && userRow(s, wallet, number) < 0 ? 'shard-full' : 'accepted'
}

/** A row in which nothing stands yet but whose it is. */
function addRow(s: State, wallet: number, number: number): number {
  const row = s.merchantUsers.take(wallet, Uint8Array.of(number))
  s.merchantUsers.columns.at.state[row] = merchantUserStates.removed
  s.merchantUsers.columns.hashRow(s.digest, row, 1)
  return row
}

/** From this position of the log on a sub-user does nothing more. */
export const removeMerchantUser: Execute<'merchantUserRemove'> = (s, command, out) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, byOwner)
  if (may !== 'accepted') return refuse(may)
  const row = activeUser(s, wallet, command.number)
  if (row < 0) return refuse('merchant-user-unknown')
  removeRow(s, row, out)
  return { refusal: 'accepted', value: s.merchantUsers.columns.at.version[row]! }
}

function removeRow(s: State, row: number, out: Outcomes): void {
  s.merchantUsers.change(row, (at) => {
    at.state[row] = merchantUserStates.removed
    at.changedMs[row] = s.logTimeMs
  })
  out.merchantUsers.push(row)
}

/** Whoever had the merchant's key may have entered sub-users of his own: they go with a key that was lost. */
export function removeAllUsers(s: State, wallet: number, out: Outcomes): void {
  if (s.merchantUsers.columns.count === 0 || s.wallets.at.kind[wallet] !== walletKinds.merchant) return
  for (let number = 1; number <= merchantUsersMax; number++) {
    const row = activeUser(s, wallet, number)
    if (row >= 0) removeRow(s, row, out)
  }
}
