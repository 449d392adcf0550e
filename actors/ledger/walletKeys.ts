import { mayActForWallet } from './authority.ts'
import { type Execute, refuse } from './execution.ts'
import { isKey, noKey, replaceKey } from './keyOfWallet.ts'
import { removeAllUsers } from './merchantUsers.ts'
import { keyCauses, signers } from './records.ts'
import { stopWaiting } from './recoveries.ts'
import { walletStates } from './state.ts'

const byHolder = [signers.walletKey, signers.institution]
const signersOfCause: Readonly<Record<number, readonly number[]>> = {
  [keyCauses.rotate]: [signers.walletKey],
  [keyCauses.revoke]: byHolder,
}

/**
 * Gives a wallet a new key, or none until a recovery gives it one: the device that holds the old one is out. The old key
 * is dead from this position of the log on. Who rotates still has the key, so that nothing needs to be recovered.
 */
export const setWalletKey: Execute<'walletKey'> = (s, command, out) => {
  const row = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, row, command, signersOfCause[command.cause] ?? byHolder)
  if (may !== 'accepted') return refuse(may)
  if (s.accounts.state(row) === walletStates.closed) return refuse('wallet-closed')
  if (signersOfCause[command.cause] === undefined) return refuse('status-not-allowed')
  if (command.cause === keyCauses.revoke) {
    replaceKey(s, row, s.wallets.at.algorithm[row]!, noKey)
    removeAllUsers(s, row, out)
    return { refusal: 'accepted', value: s.wallets.at.keyVersion[row]! }
  }
  if (!isKey(command.algorithm, command.key)) return refuse('key-invalid')
  stopWaiting(s, row, out)
  replaceKey(s, row, command.algorithm, command.key)
  return { refusal: 'accepted', value: s.wallets.at.keyVersion[row]! }
}
