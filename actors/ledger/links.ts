import { mayActForWallet } from './authority.ts'
import { businessDay } from './businessTime.ts'
import { type Execute, refuse } from './execution.ts'
import { isAmount } from './money.ts'
import { linkTypes, signers } from './records.ts'
import type { Refusal } from './refusals.ts'
import { type State, walletStates } from './state.ts'

export const linksPerWalletMax = 20
const byHolder = [signers.walletKey, signers.institution]

/** Links a bank or payment account to a wallet. The number itself comes sealed; the ledger keeps what is shown of it. */
export const openLink: Execute<'linkOpen'> = (s, command) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, byHolder)
  if (may !== 'accepted') return refuse(may)
  if (s.wallets.at.state[wallet] === walletStates.closed) return refuse('wallet-closed')
  if (command.type !== linkTypes.bank && command.type !== linkTypes.payment) return refuse('rule-invalid')
  if (!isAmount(command.limit) || command.sealedLength > 152 || command.maskedLength > 32) return refuse('rule-invalid')
  const place = placeForLink(s, wallet, command.fingerprint)
  if (typeof place === 'string') return refuse(place)
  const row = s.links.count
  const at = s.links.at
  s.links.count += 1
  at.limit[row] = command.limit
  at.fingerprint.set(command.fingerprint, row * 8)
  at.wallet[row] = wallet
  at.nextLink[row] = s.wallets.at.firstLink[wallet]!
  at.type[row] = command.type
  at.active[row] = 1
  at.maskedLength[row] = command.maskedLength
  at.sealedLength[row] = command.sealedLength
  at.masked.set(command.masked, row * 32)
  at.sealed.set(command.sealed, row * 152)
  s.links.hashRow(s.digest, row, 1)
  s.wallets.hashRow(s.digest, wallet, -1)
  s.wallets.at.firstLink[wallet] = row + 1
  s.wallets.hashRow(s.digest, wallet, 1)
  return { refusal: 'accepted', value: row + 1 }
}

function placeForLink(s: State, wallet: number, fingerprint: Uint8Array): Refusal | number {
  const at = s.links.at
  let count = 0
  for (let l = s.wallets.at.firstLink[wallet]!; l !== 0; l = at.nextLink[l - 1]!) {
    if (at.active[l - 1] === 0) continue
    count += 1
    let same = true
    for (let i = 0; i < 8; i++) same &&= at.fingerprint[(l - 1) * 8 + i] === fingerprint[i]
    if (same) return 'linked-account-duplicate'
  }
  if (count >= linksPerWalletMax) return 'rule-invalid'
  return s.links.count >= s.links.capacity ? 'shard-full' : count
}

/** Closes or reopens a link. What is under way over it goes on. */
export const setLinkStatus: Execute<'linkStatus'> = (s, command) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, byHolder)
  if (may !== 'accepted') return refuse(may)
  const row = linkOfWallet(s, wallet, command.link)
  if (row < 0) return refuse('linked-account-unknown')
  s.links.hashRow(s.digest, row, -1)
  s.links.at.active[row] = command.active === 1 ? 1 : 0
  s.links.hashRow(s.digest, row, 1)
  return { refusal: 'accepted', value: command.link }
}

/** Row of a link by its number, if it belongs to the wallet; else -1. */
export function linkOfWallet(s: State, wallet: number, link: number): number {
  return link >= 1 && link <= s.links.count && s.links.at.wallet[link - 1] === wallet ? link - 1 : -1
}

/** What has been drawn from the account on the present business day, in fen. */
export function drawnToday(s: State, row: number): number {
  return s.links.at.lastDay[row] === businessDay(s.logTimeMs) ? s.links.at.dayDrawn[row]! : 0
}
