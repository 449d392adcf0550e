import type { Command, Execute } from './execution.ts'
import { isAmount } from './money.ts'
import { splitsMax } from './orderRecords.ts'
import { enterOrder } from './orders.ts'
import type { Refusal } from './refusals.ts'
import { type SplitTerm, splitAmounts, splitWhole } from './splitAmounts.ts'
import { splitName, splitStates } from './splitTable.ts'
import type { State } from './state.ts'

type Split = SplitTerm & { payee: number }
type SplitCommand = Command<'orderCreateSplit'>

/** An order whose money is sent on to others in part: what each of them gets is reckoned when it is made. */
export const createSplitOrder: Execute<'orderCreateSplit'> = (s, command, out, place) => {
  const splits = splitsOf(command)
  return enterOrder(s, command, out, place, {
    splits: splits.length,
    // It pays out of the merchant's wallet to whom the command names: no sub-user may do that.
    makers: [],
    judge: () => judgeSplits(s, command, splits),
    enter: (order) => enterSplits(s, order, splits),
  })
}

function splitsOf({ count, payees, amounts, weights }: SplitCommand): Split[] {
  const [ofPayees, ofAmounts, ofWeights] = [payees, amounts, weights].map((bytes) => new DataView(bytes.buffer))
  return Array.from({ length: Math.min(count, splitsMax) }, (_, n) => ({
    payee: ofPayees!.getFloat64(n * 8, true),
    fen: ofAmounts!.getFloat64(n * 8, true),
    weight: ofWeights!.getUint16(n * 2, true),
  }))
}

function judgeSplits(s: State, { wallet, amount, count }: SplitCommand, splits: readonly Split[]): Refusal {
  if (count < 1 || count > splitsMax) return 'split-invalid'
  for (const { payee, fen, weight } of splits) {
    if (weight === 0 ? !isAmount(fen) : fen !== 0 || weight > splitWhole) return 'split-invalid'
    if (payee === wallet) return 'split-invalid'
    if (!(Number.isSafeInteger(payee) && payee > 0)) return 'payee-unknown'
    if (s.shardOf(payee) === s.genesis.shard && s.walletRows.row(payee) < 0) return 'payee-unknown'
  }
  if (new Set(splits.map(({ payee }) => payee)).size < splits.length) return 'split-invalid'
  if (splitAmounts(amount, splits) === undefined) return 'split-invalid'
  return s.splits.hasRoomFor(s.walletRows.row(wallet), splits.length) ? 'accepted' : 'orders-full'
}

function enterSplits(s: State, order: number, splits: readonly Split[]): void {
  const { amount: amounts, wallet } = s.orders.columns.at
  const fen = splitAmounts(amounts[order]!, splits)!
  for (const [place, { payee, weight }] of splits.entries()) {
    const row = s.splits.take(wallet[order]!, splitName(s.orders.numberOf(order), place))
    const at = s.splits.columns.at
    at.payee[row] = payee
    at.amount[row] = fen[place]!
    at.order[row] = order
    at.weight[row] = weight
    at.place[row] = place
    at.reason[row] = 0
    at.state[row] = splitStates.waiting
    at.paymentId.fill(0, row * 16, row * 16 + 16)
    s.splits.columns.hashRow(s.digest, row, 1)
  }
}
