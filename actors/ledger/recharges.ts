import { rollCounts } from './admission.ts'
import { mayActForWallet } from './authority.ts'
import { businessDay } from './businessTime.ts'
import { accepted, type Command, type Execute, type Executed, refuse } from './execution.ts'
import { drawnToday, linkOfWallet } from './links.ts'
import { addExact, isAmount } from './money.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { postToWallet } from './postings.ts'
import { rechargeSteps, signers } from './records.ts'
import { type Refusal, refusalOf, refusals } from './refusals.ts'
import { judgeNewLink } from './riskJudgements.ts'
import { riskBlocked } from './rules.ts'
import { beginSaga, endSaga, findSaga, moveSaga, sagasFull } from './sagas.ts'
import { type State, walletStates } from './state.ts'
import { sagaKinds } from './stateTables.ts'

/**
 * A recharge: asked for here, debited at the bank into the reserve account, issued by the central bank, then credited
 * here. The room under the balance limit is reserved with the request, so that the credit at its end cannot fail and
 * no issued money is ever without a wallet.
 */
export const requestRecharge: Execute<'rechargeRequest'> = (s, command, out, place) => {
  const wallet = s.walletRows.row(command.wallet)
  const refusal = judgeRecharge(s, wallet, command)
  if (refusal !== 'accepted') return refuse(refusal)
  const { amount } = command
  s.wallets.hashRow(s.digest, wallet, -1)
  rollCounts(s, wallet)
  s.wallets.at.dayRecharges[wallet]! += 1
  s.wallets.hashRow(s.digest, wallet, 1)
  reserve(s, wallet, amount)
  const link = command.link - 1
  s.links.hashRow(s.digest, link, -1)
  s.links.at.dayDrawn[link] = addExact(drawnToday(s, link), amount)
  s.links.at.lastDay[link] = businessDay(s.logTimeMs)
  s.links.hashRow(s.digest, link, 1)
  const { id, sealedToken, tokenLength } = command
  const row = beginSaga(s, { kind: sagaKinds.recharge, wallet, link, amount, id, sealedToken, tokenLength }, place)
  out.sagas.push(row)
  return { refusal: 'accepted', value: row, saga: true }
}

function judgeRecharge(s: State, wallet: number, command: Command<'rechargeRequest'>): Refusal {
  if (sagasFull(s, wallet)) return 'ids-exhausted'
  const may = mayActForWallet(s, wallet, command, [signers.walletKey])
  if (may !== 'accepted') return may
  // The saga is found by wallet and id, the id's memory by actor and id: they must be one.
  if (command.actor !== command.wallet) return 'signer-not-allowed'
  const { amount } = command
  if (!isAmount(amount) || command.tokenLength > 192) return 'amount-invalid'
  const { countDay, dayRecharges } = s.wallets.at
  const { accounts } = s
  const risk = accounts.risk(wallet)
  if (accounts.state(wallet) === walletStates.frozen) return 'wallet-frozen'
  if (accounts.state(wallet) === walletStates.closed) return 'wallet-closed'
  const today = countDay[wallet] === businessDay(s.logTimeMs) ? dayRecharges[wallet]! : 0
  if (risk === riskBlocked || today >= s.rules.rechargesPerDay[risk]!) return 'risk-control'
  const room = s.rules.balance[accounts.class(wallet)]!
  if (accounts.balance(wallet) + accounts.pendingIn(wallet) + amount > room) return 'balance-limit-exceeded'
  const link = linkOfWallet(s, wallet, command.link)
  if (link < 0) return 'linked-account-unknown'
  if (s.links.at.active[link] === 0) return 'linked-account-inactive'
  if (drawnToday(s, link) + amount > s.links.at.limit[link]!) return 'linked-account-limit-exceeded'
  return refusalOf(judgeNewLink(s, wallet, link, amount))
}

/** Takes (or with a negative amount gives back) room under the balance limit. */
function reserve(s: State, wallet: number, amount: number): void {
  s.accounts.setPendingIn(wallet, addExact(s.accounts.pendingIn(wallet), amount))
  s.settleAccount(wallet)
}

const { requested, debited, settled, refused, refunding, refunded } = rechargeSteps

/** From which steps each may be reached. What comes again, or late, changes nothing. */
const reachedFrom: Readonly<Record<number, readonly number[]>> = {
  [debited]: [requested],
  [settled]: [requested, debited],
  [refused]: [requested],
  [refunding]: [requested, debited],
  [refunded]: [refunding],
}

/** Why it failed, as the connector says; a failure without a reason still needs one for the person who asked. */
function reasonOf({ step, reason }: { step: number; reason: number }): Refusal {
  if (step !== refused && step !== refunding) return 'accepted'
  if (reason > 0 && reason < refusals.length) return refusalOf(reason)
  return step === refused ? 'linked-account-refused' : 'issuance-refused'
}

/** The connector tells what happened outside. */
export const stepRecharge: Execute<'rechargeStep'> = (s, command, out, place) => {
  const row = findSaga(s, command.wallet, command.id, sagaKinds.recharge)
  if (row < 0) return refuse('saga-unknown')
  if (!reachedFrom[command.step]?.includes(s.sagas.at.step[row]!)) return refuse('saga-step-passed')
  moveSaga(s, row, command.step, reasonOf(command))
  out.sagas.push(row)
  if (command.step === settled) return credit(s, row, out, place.index)
  if (command.step === refused || command.step === refunded) giveBack(s, row)
  return accepted
}

/** Legs: issuance -, wallet +. */
function credit(s: State, row: number, out: Outcomes, index: number): Executed {
  const { wallet: wallets, amount: amounts, institution, id } = s.sagas.at
  const wallet = wallets[row]!
  const amount = amounts[row]!
  reserve(s, wallet, -amount)
  s.books.toIssuance(institution[row]!, -amount)
  postToWallet(s, wallet, amount)
  s.settleAccount(wallet)
  out.watch?.posted(wallet, postingKinds.recharge, amount, 0, id, row * 16, index)
  endSaga(s, row)
  return accepted
}

/** The recharge came to nothing: the room and the day's draw are free again. */
function giveBack(s: State, row: number): void {
  const { wallet, link, amount, requestedMs } = s.sagas.at
  reserve(s, wallet[row]!, -amount[row]!)
  const at = link[row]!
  if (businessDay(requestedMs[row]!) === s.links.at.lastDay[at]) {
    s.links.hashRow(s.digest, at, -1)
    s.links.at.dayDrawn[at] = Math.max(0, s.links.at.dayDrawn[at]! - amount[row]!)
    s.links.hashRow(s.digest, at, 1)
  }
  endSaga(s, row)
}
