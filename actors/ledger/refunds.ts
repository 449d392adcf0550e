import { bytesWords } from './commandBytes.ts'
import { type Command, type Execute, refuse } from './execution.ts'
import { freedOverdue } from './holds.ts'
import { mayActForMerchant, refundLimitOf } from './merchantUsers.ts'
import { isAmount } from './money.ts'
import { stateOf } from './orders.ts'
import { orderStates } from './orderTable.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { creditWallet, oweCredit, takeFromWallet } from './postings.ts'
import { merchantRoles, transitOps } from './records.ts'
import { codeOf, type Refusal, refusalOf } from './refusals.ts'
import { type State, walletStates } from './state.ts'

/**
 * A refund of an order, in whole or in part, from the merchant's wallet to the wallet that paid. The order knows who
 * paid and how much went back: together never more than was paid. A refund on its way counts already, and no more once
 * it has come back.
 */
export const refundOrder: Execute<'orderRefund'> = (s, command, out, place) => {
  const { wallet, amount, id } = command
  const row = s.walletRows.row(wallet)
  const order = row < 0 ? -1 : s.orders.find(row, command.orderNo)
  let refusal = judgeRefund(s, row, order, command)
  if (freedOverdue(s, row, codeOf[refusal], out)) refusal = judgeRefund(s, row, order, command)
  if (refusal !== 'accepted') return refuse(refusal)
  const payer = s.orders.columns.at.payer[order]!
  const shard = s.shardOf(payer)
  if (shard === s.genesis.shard) {
    const code = judgeRefundCredit(s, s.walletRows.row(payer))
    if (code !== 0) return refuse(refusalOf(code))
  }
  takeFromWallet(s, row, amount)
  out.watch?.posted(row, postingKinds.refundOut, -amount, payer, id, 0, place.index)
  countRefund(s, order, amount, out)
  if (shard === s.genesis.shard) {
    const payerRow = s.walletRows.row(payer)
    creditWallet(s, payerRow, amount)
    out.watch?.posted(payerRow, postingKinds.refundIn, amount, wallet, id, 0, place.index)
    return { refusal: 'accepted' }
  }
  const lane = s.lanes[shard]!
  lane.begin(s.accounts.institution(row), place.sender, command.token, bytesWords(id, 0, 0), 0)
  oweCredit(s, shard, transitOps.refundCredit, 0, s.orders.numberOf(order), wallet, payer, amount)
  return { refusal: 'accepted', value: lane.next - 1, destination: shard + 1 }
}

function judgeRefund(s: State, row: number, order: number, command: Command<'orderRefund'>): Refusal {
  const may = mayActForMerchant(s, row, command, [merchantRoles.refunder])
  if (may !== 'accepted') return may
  // A refund that comes back is found by the merchant's wallet and its id, whoever signed.
  if (command.actor !== command.wallet) return 'signer-not-allowed'
  const { amount } = command
  if (!isAmount(amount)) return 'amount-invalid'
  if (amount > refundLimitOf(s, row, command)) return 'merchant-user-limit'
  if (s.accounts.state(row) === walletStates.frozen) return 'wallet-frozen'
  if (s.accounts.state(row) === walletStates.closed) return 'wallet-closed'
  if (order < 0) return 'order-unknown'
  if (stateOf(s, order) !== orderStates.paid) return 'order-not-paid'
  const { amount: amounts, refunded, keepUntilMs } = s.orders.columns.at
  if (s.logTimeMs >= keepUntilMs[order]!) return 'refund-period-over'
  if (amount > amounts[order]! - refunded[order]!) return 'refund-exceeds-payment'
  return s.accounts.balance(row) < amount ? 'funds-insufficient' : 'accepted'
}

/**
 * Why a refund cannot be credited, or 0. It is the payer's own money: a frozen wallet takes it, and one that holds as
 * much as it may.
 */
export function judgeRefundCredit(s: State, row: number): number {
  if (row < 0) return codeOf['payee-unknown']
  return s.accounts.state(row) === walletStates.closed ? codeOf['payee-closed'] : 0
}

/** Counts a refund against its order; with a negative amount one that came back. */
function countRefund(s: State, order: number, amount: number, out: Outcomes): void {
  s.orders.change(order, (at) => {
    at.refunded[order]! += amount
    at.refunds[order]! += amount > 0 ? 1 : -1
  })
  out.orders.push(order)
}

/** A refund has come back: the order may be refunded that much again, if it is remembered still. */
export function refundReturned(s: State, number: number, amount: number, out: Outcomes): void {
  const order = s.orders.row(number)
  if (order >= 0) countRefund(s, order, -amount, out)
}
