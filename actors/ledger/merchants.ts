import { mayActForWallet } from './authority.ts'
import { type Execute, refuse } from './execution.ts'
import { walletKinds } from './ids.ts'
import { signers } from './records.ts'
import type { Refusal } from './refusals.ts'
import { type State, walletStates } from './state.ts'

const byMerchant = [signers.walletKey, signers.institution]
const byAnybodyInCharge = [...byMerchant, signers.operator]

/** Enters what a merchant says of itself. The text stays in the log; here stands where it is. */
export const putMerchant: Execute<'merchantPut'> = (s, command, _out, place) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, byMerchant)
  const refusal = may === 'accepted' ? judge(s, wallet) : may
  if (refusal !== 'accepted') return refuse(refusal)
  const row = s.merchants.take(wallet)
  s.merchants.change(row, (at) => {
    at.profileSeq[row] = place.seq
    at.profileIndex[row] = place.index
    at.profileVersion[row]! += 1
    at.changedMs[row] = s.logTimeMs
  })
  return { refusal: 'accepted', value: s.merchants.columns.at.profileVersion[row]! }
}

/**
 * From here on what the merchant is told is signed with another secret too. How long the last one still signs beside
 * it is for those who tell; the one before that is dead at once, so that two rotations end a secret that got out.
 */
export const rotateWebhookSecret: Execute<'webhookSecretRotate'> = (s, command) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, byMerchant)
  const refusal = may === 'accepted' ? judge(s, wallet) : may
  if (refusal !== 'accepted') return refuse(refusal)
  const row = s.merchants.take(wallet)
  s.merchants.change(row, (at) => {
    at.secretGeneration[row]! += 1
    at.earlierRotatedMs[row] = at.rotatedMs[row]!
    at.rotatedMs[row] = s.logTimeMs
  })
  return { refusal: 'accepted', value: s.merchants.columns.at.secretGeneration[row]! }
}

function judge(s: State, wallet: number): Refusal {
  if (s.wallets.at.kind[wallet] !== walletKinds.merchant) return 'merchant-required'
  if (s.accounts.state(wallet) === walletStates.closed) return 'wallet-closed'
  return s.merchants.full && s.merchants.find(wallet) < 0 ? 'shard-full' : 'accepted'
}

/** Judges who asks that an event be told again. Which events there are the ledger does not know. */
export const replayWebhook: Execute<'webhookReplay'> = (s, command) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, byAnybodyInCharge)
  if (may !== 'accepted') return refuse(may)
  if (s.wallets.at.kind[wallet] !== walletKinds.merchant) return refuse('merchant-required')
  return { refusal: 'accepted' }
}
