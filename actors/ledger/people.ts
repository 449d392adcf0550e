import { mayActForWallet, mayInstitution, type Signed } from './authority.ts'
import { type Command, type Execute, type Executed, refuse } from './execution.ts'
import { bucketOf, numberOf, serialFirst, walletKinds } from './ids.ts'
import { isKey } from './keyOfWallet.ts'
import { signers, walletActions } from './records.ts'
import { classesMax, riskLevels } from './rules.ts'
import { type State, walletStates } from './state.ts'

export const walletsPerUserMax = 100
const leaves = 255

const byInstitution = (command: { signer: number }): boolean => command.signer === signers.institution

/** An institution enters a person it has identified. The ledger knows no name: only a number and how strong the KYC is. */
export const openUser: Execute<'userOpen'> = (s, command) => {
  if (!byInstitution(command)) return refuse('signer-not-allowed')
  const may = mayInstitution(s, command.principal)
  if (may !== 'accepted') return refuse(may)
  if (s.users.count >= s.users.capacity) return refuse('shard-full')
  if (command.kyc < 1 || command.kyc > 4) return refuse('kyc-insufficient')
  const row = s.users.count
  const serial = serialFirst + s.userSerials[command.bucket]!
  s.userSerials[command.bucket]! += 1
  const number = numberOf(command.bucket, serial)
  s.users.count += 1
  s.users.at.number[row] = number
  s.users.at.institution[row] = command.principal
  s.users.at.kyc[row] = command.kyc
  s.users.hashRow(s.digest, row, 1)
  s.userRows.add(row)
  return { refusal: 'accepted', value: number }
}

/** Changes what is known of a user; a new risk level reaches every wallet of the user in the same step. */
export const updateUser: Execute<'userUpdate'> = (s, command) => {
  const row = s.userRows.row(command.user)
  if (row < 0) return refuse('user-unknown')
  const may = mayActForUser(s, row, command)
  if (may !== undefined) return may
  if (command.kyc > 4 || (command.risk >= riskLevels && command.risk !== leaves)) return refuse('rule-invalid')
  s.users.hashRow(s.digest, row, -1)
  if (command.kyc !== 0) s.users.at.kyc[row] = command.kyc
  if (command.risk !== leaves) s.users.at.risk[row] = command.risk
  s.users.hashRow(s.digest, row, 1)
  for (let w = s.users.at.firstWallet[row]!; w !== 0; w = s.wallets.at.nextWallet[w - 1]!) {
    s.accounts.setRisk(w - 1, s.users.at.risk[row]!)
    s.settleAccount(w - 1)
  }
  return { refusal: 'accepted', value: command.user }
}

function mayActForUser(s: State, row: number, command: Command<'userUpdate'>): Executed | undefined {
  if (command.signer === signers.operator) {
    return s.activePrincipal(command.principal, 2) >= 0 ? undefined : refuse('signer-not-allowed')
  }
  return mayActAsInstitutionOf(s, row, command)
}

/** Undefined when the user's own institution signed. */
function mayActAsInstitutionOf(s: State, userRow: number, by: Signed): Executed | undefined {
  if (by.signer !== signers.institution) return refuse('signer-not-allowed')
  const may = mayInstitution(s, by.principal)
  if (may !== 'accepted') return refuse(may)
  return s.users.at.institution[userRow] === by.principal ? undefined : refuse('signer-not-allowed')
}

/** Opens a wallet for a user. A class asks for at least its own strength of identification. */
export const openWallet: Execute<'walletOpen'> = (s, command) => {
  const userRow = s.userRows.row(command.user)
  if (userRow < 0) return refuse('user-unknown')
  const may = mayActAsInstitutionOf(s, userRow, command)
  if (may !== undefined) return may
  if (s.wallets.count >= s.wallets.capacity) return refuse('shard-full')
  // Corporate wallets have no class of their own; their institution identifies the company at the counter.
  if (command.class === 0 && (command.kind !== walletKinds.merchant || s.users.at.kyc[userRow] !== 1)) {
    return refuse('kyc-insufficient')
  }
  if (command.class !== 0 && command.class < s.users.at.kyc[userRow]!) return refuse('kyc-insufficient')
  if (s.users.at.wallets[userRow]! >= walletsPerUserMax) return refuse('wallets-too-many')
  if (!isKey(command.algorithm, command.key)) return refuse('key-invalid')
  if (command.kind !== walletKinds.personal && command.kind !== walletKinds.merchant) return refuse('rule-invalid')
  if (command.class >= classesMax) return refuse('rule-invalid')
  return { refusal: 'accepted', value: addWallet(s, userRow, command) }
}

function addWallet(s: State, userRow: number, command: Command<'walletOpen'>): number {
  const row = s.wallets.count
  const bucket = bucketOf(command.user)
  const number = numberOf(bucket, serialFirst + s.walletSerials[bucket]!)
  s.walletSerials[bucket]! += 1
  s.wallets.count += 1
  s.accounts.count += 1
  const at = s.wallets.at
  at.number[row] = number
  at.user[row] = userRow
  s.accounts.setOwner(row, command.principal, command.class)
  s.accounts.setRisk(row, s.users.at.risk[userRow]!)
  at.kind[row] = command.kind
  at.algorithm[row] = command.algorithm
  at.key.set(command.key, row * 33)
  at.keyVersion[row] = 1
  at.nextWallet[row] = s.users.at.firstWallet[userRow]!
  s.users.hashRow(s.digest, userRow, -1)
  s.users.at.firstWallet[userRow] = row + 1
  s.users.at.wallets[userRow]! += 1
  s.users.hashRow(s.digest, userRow, 1)
  s.wallets.hashRow(s.digest, row, 1)
  s.settleAccount(row)
  s.accounts.hashUnderWay(s.digest, row, 1)
  s.walletRows.add(row)
  return number
}

const byOwner = [signers.institution, signers.operator]

/** Freezes, unfreezes or closes a wallet. Only an empty wallet with nothing under way closes, and it stays closed. */
export const setWalletStatus: Execute<'walletStatus'> = (s, command) => {
  const row = s.walletRows.row(command.wallet)
  const closing = command.action === walletActions.close
  const may = mayActForWallet(s, row, command, closing ? [...byOwner, signers.walletKey] : byOwner)
  if (may !== 'accepted') return refuse(may)
  const { accounts } = s
  const now = accounts.state(row)
  if (now === walletStates.closed) return refuse('wallet-closed')
  let next: number = walletStates.open
  if (command.action === walletActions.freeze) next = walletStates.frozen
  else if (closing) {
    if (now === walletStates.frozen && command.signer === signers.walletKey) return refuse('wallet-frozen')
    const owes = accounts.openSagas(row) !== 0
    if (accounts.balance(row) !== 0 || accounts.pendingIn(row) !== 0 || owes) return refuse('wallet-not-empty')
    next = walletStates.closed
  } else if (command.action !== walletActions.unfreeze) return refuse('status-not-allowed')
  accounts.setState(row, next)
  s.settleAccount(row)
  return { refusal: 'accepted', value: command.wallet }
}
