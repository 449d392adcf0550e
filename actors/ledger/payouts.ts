import { mayActForWallet } from './authority.ts'
import { dayStartMs } from './businessTime.ts'
import { deadlineKinds } from './deadlines.ts'
import { type Command, type Execute, refuse } from './execution.ts'
import { walletKinds } from './ids.ts'
import { linkOfWallet } from './links.ts'
import { makeId } from './madeIds.ts'
import { fenMax } from './money.ts'
import type { Outcomes } from './outcomes.ts'
import { payoutName, payoutStates } from './payoutTable.ts'
import { signers } from './records.ts'
import { judgeRedeemable, redeem } from './redemptions.ts'
import { codeOf, type Refusal } from './refusals.ts'
import { type State, walletStates } from './state.ts'

const minuteMs = 60_000
const minutesPerDay = 1_440

/**
 * A merchant's rule for its payout: each business day at a minute what it holds above a reserve goes to its bank, when
 * it holds as much as the floor. Only its own key says so, since it moves its money; its institution may end it.
 */
export const putPayoutRule: Execute<'payoutRulePut'> = (s, command) => {
  const wallet = s.walletRows.row(command.wallet)
  const refusal = judgeRule(s, wallet, command)
  if (refusal !== 'accepted') return refuse(refusal)
  const known = s.payouts.find(wallet, payoutName)
  if (known >= 0) endRule(s, known)
  if (command.active === 0) return { refusal: 'accepted' }
  if (s.payouts.full) return refuse('payouts-full')
  const row = s.payouts.take(wallet, payoutName)
  const at = s.payouts.columns.at
  at.floor[row] = command.floor
  at.reserve[row] = command.reserve
  at.link[row] = command.link
  at.minute[row] = command.minute
  at.nextMs[row] = nextTime(s, command.minute)
  at.lastMs[row] = 0
  at.lastCode[row] = 0
  at.state[row] = payoutStates.active
  s.payouts.columns.hashRow(s.digest, row, 1)
  s.deadlines.add(at.nextMs[row]!, deadlineKinds.payout, s.payouts.numberOf(row))
  return { refusal: 'accepted', value: at.nextMs[row]! }
}

function judgeRule(s: State, wallet: number, command: Command<'payoutRulePut'>): Refusal {
  const ending = command.active === 0
  const allowed = ending ? [signers.walletKey, signers.institution] : [signers.walletKey]
  const may = mayActForWallet(s, wallet, command, allowed)
  if (may !== 'accepted' || ending) return may
  if (s.wallets.at.kind[wallet] !== walletKinds.merchant) return 'merchant-required'
  if (s.accounts.state(wallet) === walletStates.closed) return 'wallet-closed'
  const { floor, reserve, minute, active } = command
  const isFen = (fen: number): boolean => Number.isSafeInteger(fen) && fen >= 0 && fen <= fenMax
  if (active !== 1 || minute >= minutesPerDay || !isFen(floor) || !isFen(reserve)) return 'rule-invalid'
  const link = linkOfWallet(s, wallet, command.link)
  if (link < 0) return 'linked-account-unknown'
  return s.links.at.active[link] === 0 ? 'linked-account-inactive' : 'accepted'
}

/** The next time that a minute of the day comes, never now. A day that was missed is not made up. */
function nextTime(s: State, minute: number): number {
  const todayMs = dayStartMs(s.today) + minute * minuteMs
  return todayMs > s.logTimeMs ? todayMs : dayStartMs(s.today + 1) + minute * minuteMs
}

function endRule(s: State, row: number): void {
  s.deadlines.cancel(deadlineKinds.payout, s.payouts.numberOf(row))
  s.payouts.release(row)
}

/** A rule's time has come. What it pays is a redemption like any other, under an id that the ledger makes. */
export function payoutDue(s: State, number: number, out: Outcomes): void {
  const row = s.payouts.row(number)
  const { wallet: wallets, link, minute } = s.payouts.columns.at
  const wallet = wallets[row]!
  if (s.accounts.state(wallet) === walletStates.closed) {
    s.payouts.release(row)
    return
  }
  const code = codeOf[payOut(s, row, out)]
  const nextMs = nextTime(s, minute[row]!)
  s.payouts.change(row, (at) => {
    at.lastMs[row] = s.logTimeMs
    at.lastCode[row] = code
    at.nextMs[row] = nextMs
  })
  s.deadlines.add(nextMs, deadlineKinds.payout, number)
  if (code !== 0) out.payouts.push({ wallet: s.wallets.at.number[wallet]!, link: link[row]!, code })
}

function payOut(s: State, row: number, out: Outcomes): Refusal {
  const { wallet: wallets, floor, reserve, link } = s.payouts.columns.at
  const wallet = wallets[row]!
  const balance = s.accounts.balance(wallet)
  const amount = balance - reserve[row]!
  if (balance < floor[row]! || amount <= 0) return 'accepted'
  const refusal = judgeRedeemable(s, wallet, link[row]!, amount)
  if (refusal !== 'accepted') return refusal
  const index = out.nextIndex()
  const id = makeId(s.logTimeMs, s.genesis.shard, out.frameSeq, index)
  redeem(s, { wallet, link: link[row]!, amount, id }, out, { seq: out.frameSeq, index, sender: 0 })
  return 'accepted'
}

/** How a wallet's rule stands; amounts in fen. */
export type PayoutView = {
  link: number
  minute: number
  floor: number
  reserve: number
  nextMs: number
  lastMs: number
  lastCode: number
}

export function viewPayout(s: State, number: number): PayoutView | undefined {
  const wallet = s.walletRows.row(number)
  const row = wallet < 0 ? -1 : s.payouts.find(wallet, payoutName)
  if (row < 0) return undefined
  const at = s.payouts.columns.at
  return {
    link: at.link[row]!,
    minute: at.minute[row]!,
    floor: at.floor[row]!,
    reserve: at.reserve[row]!,
    nextMs: at.nextMs[row]!,
    lastMs: at.lastMs[row]!,
    lastCode: at.lastCode[row]!,
  }
}
