import { activeUser } from './merchantUsers.ts'
import { merchantUsersMax } from './merchantUserTable.ts'
import { merchantRoles } from './records.ts'
import type { State } from './state.ts'
import { viewWallet, type WalletView } from './views.ts'

export type MerchantRole = keyof typeof merchantRoles

/** A sub-user of a merchant, whom nobody has removed; the limit in fen. */
export type MerchantUserView = {
  number: number
  version: number
  role: MerchantRole
  limit: number
  algorithm: number
  key: Uint8Array
  changedMs: number
}

const roleNames = Object.fromEntries(Object.entries(merchantRoles).map(([name, code]) => [code, name]))

function viewRow(s: State, row: number): MerchantUserView {
  const at = s.merchantUsers.columns.at
  return {
    number: at.name[row]!,
    version: at.version[row]!,
    role: roleNames[at.role[row]!] as MerchantRole,
    limit: at.limit[row]!,
    algorithm: at.algorithm[row]!,
    key: at.key.slice(row * 33, row * 33 + 33),
    changedMs: at.changedMs[row]!,
  }
}

/** One that may sign, and the wallet that it signs for. */
export function viewMerchantUser(
  s: State,
  wallet: number,
  number: number,
): { user: MerchantUserView; wallet: WalletView } | undefined {
  const walletRow = s.walletRows.row(wallet)
  const row = walletRow < 0 ? -1 : activeUser(s, walletRow, number)
  return row < 0 ? undefined : { user: viewRow(s, row), wallet: viewWallet(s, wallet)! }
}

/** All of a merchant, by number. */
export function viewMerchantUsers(s: State, wallet: number): MerchantUserView[] {
  const walletRow = s.walletRows.row(wallet)
  if (walletRow < 0) return []
  const rows = Array.from({ length: merchantUsersMax }, (_, n) => activeUser(s, walletRow, n + 1))
  return rows.filter((row) => row >= 0).map((row) => viewRow(s, row))
}
