import { mayActForWallet } from './authority.ts'
import { accepted, type Command, type Execute, type Position, refuse } from './execution.ts'
import { freedOverdue } from './holds.ts'
import { linkOfWallet } from './links.ts'
import { isAmount } from './money.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { postToWallet } from './postings.ts'
import { redemptionSteps, signers } from './records.ts'
import { codeOf, type Refusal, refusalOf, refusals } from './refusals.ts'
import { riskBlocked } from './rules.ts'
import { beginSaga, endSaga, findSaga, moveSaga, sagasFull } from './sagas.ts'
import { type State, walletStates } from './state.ts'
import { sagaKinds } from './stateTables.ts'

const noToken = new Uint8Array(0)

/**
 * A redemption is the mirror image of a recharge: the wallet pays into redemption, the central bank burns, the bank
 * pays out. What is refused outside comes back to the wallet.
 */
export const requestRedemption: Execute<'redemptionRequest'> = (s, command, out, place) => {
  const wallet = s.walletRows.row(command.wallet)
  let refusal = judgeRedemption(s, wallet, command)
  if (freedOverdue(s, wallet, codeOf[refusal], out)) refusal = judgeRedemption(s, wallet, command)
  if (refusal !== 'accepted') return refuse(refusal)
  const { amount, id, link } = command
  return { refusal: 'accepted', value: redeem(s, { wallet, link, amount, id }, out, place), saga: true }
}

type Redeeming = { wallet: number; link: number; amount: number; id: Uint8Array }

/** Takes what is paid out of the wallet and begins its saga; the caller has judged it. Returns the saga's row. */
export function redeem(s: State, { wallet, link, amount, id }: Redeeming, out: Outcomes, place: Position): number {
  post(s, wallet, -amount)
  s.books.toRedeeming(s.accounts.institution(wallet), amount)
  out.watch?.posted(wallet, postingKinds.redemption, -amount, 0, id, 0, place.index)
  const request = {
    kind: sagaKinds.redemption,
    wallet,
    link: link - 1,
    amount,
    id,
    sealedToken: noToken,
    tokenLength: 0,
  }
  const row = beginSaga(s, request, place)
  out.sagas.push(row)
  return row
}

function judgeRedemption(s: State, wallet: number, command: Command<'redemptionRequest'>): Refusal {
  if (sagasFull(s, wallet)) return 'ids-exhausted'
  const may = mayActForWallet(s, wallet, command, [signers.walletKey])
  if (may !== 'accepted') return may
  // The saga is found by wallet and id, the id's memory by actor and id: they must be one.
  if (command.actor !== command.wallet) return 'signer-not-allowed'
  return judgeRedeemable(s, wallet, command.link, command.amount)
}

/** Whether a wallet may pay so much out to a linked account of its own now. */
export function judgeRedeemable(s: State, wallet: number, linkNumber: number, amount: number): Refusal {
  if (!isAmount(amount)) return 'amount-invalid'
  if (s.accounts.state(wallet) === walletStates.frozen) return 'wallet-frozen'
  if (s.accounts.state(wallet) === walletStates.closed) return 'wallet-closed'
  if (s.accounts.risk(wallet) === riskBlocked) return 'risk-control'
  if (s.accounts.balance(wallet) < amount) return 'funds-insufficient'
  const link = linkOfWallet(s, wallet, linkNumber)
  if (link < 0) return 'linked-account-unknown'
  if (s.links.at.active[link] === 0) return 'linked-account-inactive'
  return sagasFull(s, wallet) ? 'ids-exhausted' : 'accepted'
}

function post(s: State, wallet: number, delta: number): void {
  postToWallet(s, wallet, delta)
  s.settleAccount(wallet)
}

const { requested, burnt, paid, refused, reissuing, returned } = redemptionSteps

const reachedFrom: Readonly<Record<number, readonly number[]>> = {
  [burnt]: [requested],
  [paid]: [requested, burnt],
  [refused]: [requested],
  [reissuing]: [requested, burnt],
  [returned]: [reissuing],
}

/** Why it failed, as the connector says; a failure without a reason still needs one for the person who asked. */
function reasonOf({ step, reason }: { step: number; reason: number }): Refusal {
  if (step !== refused && step !== reissuing) return 'accepted'
  return reason > 0 && reason < refusals.length ? refusalOf(reason) : 'payout-refused'
}

/** The connector tells what happened outside. A step may imply that money was burnt on the way to it. */
export const stepRedemption: Execute<'redemptionStep'> = (s, command, out, place) => {
  const row = findSaga(s, command.wallet, command.id, sagaKinds.redemption)
  if (row < 0) return refuse('saga-unknown')
  const from = s.sagas.at.step[row]!
  if (!reachedFrom[command.step]?.includes(from)) return refuse('saga-step-passed')
  moveSaga(s, row, command.step, reasonOf(command))
  out.sagas.push(row)
  const { institution: institutions, amount: amounts } = s.sagas.at
  const institution = institutions[row]!
  const amount = amounts[row]!
  if (from === requested) s.books.toRedeeming(institution, -amount)
  if (from === requested && command.step !== refused) s.books.toIssuance(institution, amount)
  if (command.step === refused) giveBack(s, row, out, place.index)
  if (command.step === returned) {
    s.books.toIssuance(institution, -amount)
    giveBack(s, row, out, place.index)
  }
  if (command.step === paid) endSaga(s, row)
  return accepted
}

function giveBack(s: State, row: number, out: Outcomes, index: number): void {
  const wallet = s.sagas.at.wallet[row]!
  const amount = s.sagas.at.amount[row]!
  post(s, wallet, amount)
  out.watch?.posted(wallet, postingKinds.redemptionReturned, amount, 0, s.sagas.at.id, row * 16, index)
  endSaga(s, row)
}
