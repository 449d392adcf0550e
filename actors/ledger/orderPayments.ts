import { admitTimestamp } from './admission.ts'
import { mayActForWallet } from './authority.ts'
import { bytesWords } from './commandBytes.ts'
import { type Command, type Execute, type Executed, refuse } from './execution.ts'
import { judgeWithOverdue } from './holds.ts'
import { bindOrder, judgeOrder } from './orders.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { judgeCredit, judgePayment } from './paymentRules.ts'
import { creditPayment, debitWallet, oweCredit } from './postings.ts'
import { signers, transitOps } from './records.ts'
import { refusalOf } from './refusals.ts'
import type { State } from './state.ts'

/**
 * A payment that names an order: debited like any other. The credit, in the merchant's shard, binds the order; when it
 * cannot (somebody was faster, the time is over), the money comes back with the reason.
 */
export const payOrder: Execute<'orderPayment'> = (s, command, out, place) => {
  const { payer, payee, amount, order, id, device } = command
  const row = s.walletRows.row(payer)
  const late = admitTimestamp(s, command.requestedMs)
  if (late !== 0) return refuse(refusalOf(late))
  const may = mayActForWallet(s, row, command, [signers.walletKey])
  if (may !== 'accepted') return refuse(may)
  // The payment is found by its payer and its id.
  if (command.actor !== payer) return refuse('signer-not-allowed')
  const code = judgeWithOverdue(s, row, out, () => judge(s, row, command))
  if (code !== 0) return refuse(refusalOf(code))
  debitWallet(s, row, amount, device)
  out.watch?.posted(row, postingKinds.paymentOut, -amount, payee, id, 0, place.index)
  const shard = s.shardOf(payee)
  if (shard === s.genesis.shard) return creditHere(s, command, out, place.index)
  const lane = s.lanes[shard]!
  lane.begin(s.accounts.institution(row), place.sender, command.token, bytesWords(id, 0, 0), 0)
  oweCredit(s, shard, transitOps.orderCredit, 0, order, payer, payee, amount)
  return { refusal: 'accepted', value: lane.next - 1, destination: shard + 1 }
}

function judge(s: State, row: number, { payer, payee, amount, order, device }: Command<'orderPayment'>): number {
  const code = judgePayment(s, row, payer, payee, amount, device)
  if (code !== 0 || s.shardOf(payee) !== s.genesis.shard) return code
  const payeeRow = s.walletRows.row(payee)
  return judgeCredit(s, payeeRow, amount) || judgeOrder(s, order, payeeRow, amount)
}

function creditHere(s: State, command: Command<'orderPayment'>, out: Outcomes, index: number): Executed {
  const { payer, payee, amount, order, id } = command
  const row = s.walletRows.row(payee)
  creditPayment(s, row, amount)
  out.watch?.posted(row, postingKinds.paymentIn, amount, payer, id, 0, index)
  bindOrder(s, order, payer, id, 0, out)
  return { refusal: 'accepted' }
}
