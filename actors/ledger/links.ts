import { mayActForWallet } from './authority.ts'
import { businessDay } from './businessTime.ts'
import { type Execute, refuse } from './execution.ts'
import { isAmount } from './money.ts'
import { linkTypes, signers } from './records.ts'
import type { Refusal } from './refusals.ts'
import { type State, walletStates } from './state.ts'

export const linksPerWalletMax = 20
/** Closed ones included: their rows are never used again, and one wallet must not fill the shard's table. */
export const linksEverPerWalletMax = 100
const byHolder = [signers.walletKey, signers.institution]

/** Links a bank or payment account to a wallet. The number itself comes sealed; the ledger keeps what is shown of it. */
export const openLink: Execute<'linkOpen'> = (s, command) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, byHolder)
  if (may !== 'accepted') return refuse(may)
  if (s.links.count >= s.links.capacity) return refuse('shard-full')
  if (s.accounts.state(wallet) === walletStates.closed) return refuse('wallet-closed')
  if (command.type !== linkTypes.bank && command.type !== linkTypes.payment) return refuse('rule-invalid')
  if (!isAmount(command.limit) || command.sealedLength > 152 || command.maskedLength > 32) return refuse('rule-invalid')
  const place = judgeLink(s, wallet, command.fingerprint, linksEverPerWalletMax)
  if (place !== 'accepted') return refuse(place)
  const drawn = drawnOfAccount(s, wallet, command.fingerprint)
  const row = s.links.count
  const at = s.links.at
  s.links.count += 1
  at.limit[row] = command.limit
  at.openedMs[row] = s.logTimeMs
  at.fingerprint.set(command.fingerprint, row * 8)
  at.wallet[row] = wallet
  at.dayDrawn[row] = drawn
  at.lastDay[row] = businessDay(s.logTimeMs)
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

/** Whether one more account may be active for a wallet that has had fewer than `everMax` so far. */
function judgeLink(s: State, wallet: number, fingerprint: Uint8Array, everMax: number): Refusal {
  const at = s.links.at
  let ever = 0
  let active = 0
  let duplicate = false
  for (let l = s.wallets.at.firstLink[wallet]!; l !== 0; l = at.nextLink[l - 1]!) {
    ever += 1
    active += at.active[l - 1]!
    duplicate ||= at.active[l - 1] === 1 && isAccount(s, l - 1, fingerprint)
  }
  if (active >= linksPerWalletMax || ever >= everMax) return 'rule-invalid'
  return duplicate ? 'linked-account-duplicate' : 'accepted'
}

function isAccount(s: State, row: number, fingerprint: Uint8Array): boolean {
  for (let i = 0; i < 8; i++) if (s.links.at.fingerprint[row * 8 + i] !== fingerprint[i]) return false
  return true
}

/** What was drawn today over earlier links to the same account: closing and opening one makes no new limit. */
function drawnOfAccount(s: State, wallet: number, fingerprint: Uint8Array): number {
  let drawn = 0
  for (let l = s.wallets.at.firstLink[wallet]!; l !== 0; l = s.links.at.nextLink[l - 1]!) {
    if (isAccount(s, l - 1, fingerprint)) drawn = Math.max(drawn, drawnToday(s, l - 1))
  }
  return drawn
}

/** Closes or reopens a link. What is under way over it goes on. */
export const setLinkStatus: Execute<'linkStatus'> = (s, command) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForWallet(s, wallet, command, byHolder)
  if (may !== 'accepted') return refuse(may)
  const row = linkOfWallet(s, wallet, command.link)
  if (row < 0) return refuse('linked-account-unknown')
  const { active, dayDrawn, lastDay, fingerprint: fingerprints } = s.links.at
  const opening = command.active === 1 && active[row] === 0
  const fingerprint = fingerprints.subarray(row * 8, row * 8 + 8)
  const place = opening ? judgeLink(s, wallet, fingerprint, Number.POSITIVE_INFINITY) : 'accepted'
  if (place !== 'accepted') return refuse(place)
  const drawn = drawnOfAccount(s, wallet, fingerprint)
  s.links.hashRow(s.digest, row, -1)
  active[row] = command.active === 1 ? 1 : 0
  if (opening) s.links.at.openedMs[row] = s.logTimeMs
  dayDrawn[row] = drawn
  lastDay[row] = businessDay(s.logTimeMs)
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
