import { deadlineKinds } from './deadlines.ts'
import { accepted, type Command, type Execute, type Executed, type Position, refuse } from './execution.ts'
import { walletKinds } from './ids.ts'
import { mayActForMerchant, userOf } from './merchantUsers.ts'
import { isAmount } from './money.ts'
import { orderNoBytes } from './orderRecords.ts'
import { orderStates } from './orderTable.ts'
import type { Outcomes } from './outcomes.ts'
import { merchantRoles } from './records.ts'
import { codeOf, type Refusal } from './refusals.ts'
import { forgetSplits, sendSplits } from './splits.ts'
import { refusalOfStanding } from './standings.ts'
import { type State, walletStates } from './state.ts'

/** How far ahead an order may expire. */
export const orderLifeMsMax = 30 * 86_400_000
/** An order that was never paid is answered for so long after its end; then its number is free again. */
export const unpaidMemoryMs = 86_400_000

const makers = [merchantRoles.cashier, merchantRoles.refunder]

/** What is more about an order whose money goes on to others. */
type Splitting = {
  splits: number
  /** Sub-users who may enter it. */
  makers: readonly number[]
  judge: () => Refusal
  enter: (order: number) => void
}
const unsplit: Splitting = { splits: 0, makers, judge: () => 'accepted', enter: () => undefined }

export const createOrder: Execute<'orderCreate'> = (s, command, out, place) =>
  enterOrder(s, command, out, place, unsplit)

/** Enters an order. One that is there already is the same when all that it was asked for with is. */
export function enterOrder(
  s: State,
  command: Command<'orderCreate'> | Command<'orderCreateSplit'>,
  out: Outcomes,
  place: Position,
  splitting: Splitting,
): Executed {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForMerchant(s, wallet, command, splitting.makers)
  if (may !== 'accepted') return refuse(may)
  const { digestHigh, digestLow, orderNo } = command
  const known = s.orders.find(wallet, orderNo)
  if (known >= 0) {
    const at = s.orders.columns.at
    const same = at.digestHigh[known] === digestHigh && at.digestLow[known] === digestLow
    return same ? { refusal: 'accepted', value: s.orders.numberOf(known) } : refuse('order-reused')
  }
  const judged = judgeCreation(s, wallet, command)
  const refusal = judged === 'accepted' ? splitting.judge() : judged
  if (refusal !== 'accepted') return refuse(refusal)
  const row = s.orders.take(wallet, orderNo)
  const at = s.orders.columns.at
  at.amount[row] = command.amount
  at.refunded[row] = 0
  at.payer[row] = 0
  at.createdMs[row] = s.logTimeMs
  at.expiresMs[row] = command.expiresMs
  at.changedMs[row] = s.logTimeMs
  at.keepUntilMs[row] = command.expiresMs + unpaidMemoryMs
  at.seq[row] = place.seq
  at.index[row] = place.index
  at.digestHigh[row] = digestHigh
  at.digestLow[row] = digestLow
  at.refunds[row] = 0
  at.splits[row] = splitting.splits
  const user = userOf(command)
  at.user[row] = user.number
  at.userVersion[row] = user.version
  at.state[row] = orderStates.created
  at.paymentId.fill(0, row * 16, row * 16 + 16)
  s.orders.columns.hashRow(s.digest, row, 1)
  splitting.enter(row)
  s.deadlines.add(command.expiresMs, deadlineKinds.order, s.orders.numberOf(row))
  out.orders.push(row)
  return { refusal: 'accepted', value: s.orders.numberOf(row) }
}

function judgeCreation(
  s: State,
  wallet: number,
  command: Pick<Command<'orderCreate'>, 'amount' | 'orderNo' | 'expiresMs'>,
): Refusal {
  if (s.wallets.at.kind[wallet] !== walletKinds.merchant) return 'merchant-required'
  if (s.accounts.state(wallet) === walletStates.frozen) return 'wallet-frozen'
  if (s.accounts.state(wallet) === walletStates.closed) return 'wallet-closed'
  if (!isAmount(command.amount)) return 'amount-invalid'
  if (!isOrderNo(command.orderNo)) return 'rule-invalid'
  const { expiresMs } = command
  const inTime = Number.isSafeInteger(expiresMs) && expiresMs > s.logTimeMs
  if (!inTime || expiresMs > s.logTimeMs + orderLifeMsMax) return 'expiry-invalid'
  return s.orders.hasRoomFor(wallet) ? refusalOfStanding(s, wallet) : 'orders-full'
}

/** Printable ASCII, then zeros. */
function isOrderNo(bytes: Uint8Array): boolean {
  let length = 0
  while (length < orderNoBytes && bytes[length]! > 0x20 && bytes[length]! < 0x7f) length += 1
  for (let i = length; i < orderNoBytes; i++) if (bytes[i] !== 0) return false
  return length > 0
}

/** The merchant takes an order back before anybody has paid it. */
export const closeOrder: Execute<'orderClose'> = (s, command, out) => {
  const wallet = s.walletRows.row(command.wallet)
  const may = mayActForMerchant(s, wallet, command, makers)
  if (may !== 'accepted') return refuse(may)
  const row = s.orders.find(wallet, command.orderNo)
  if (row < 0) return refuse('order-unknown')
  const state = stateOf(s, row)
  if (state === orderStates.paid) return refuse('order-paid')
  if (state === orderStates.expired) return refuse('order-expired')
  if (state === orderStates.created) endUnpaid(s, row, orderStates.closed, out)
  return { refusal: 'accepted', value: s.orders.numberOf(row) }
}

/** How an order stands now: its deadline counts whether anybody has carried it out yet or not. */
export function stateOf(s: State, row: number): number {
  const { state, expiresMs } = s.orders.columns.at
  const overdue = state[row] === orderStates.created && s.logTimeMs >= expiresMs[row]!
  return overdue ? orderStates.expired : state[row]!
}

/** Why a payment cannot be bound to the order that it names, or 0. `wallet` is the row of the payee. */
export function judgeOrder(s: State, number: number, wallet: number, amount: number): number {
  const row = s.orders.row(number)
  const { wallet: wallets, amount: amounts } = s.orders.columns.at
  if (row < 0 || wallets[row] !== wallet) return codeOf['order-unknown']
  const state = stateOf(s, row)
  if (state === orderStates.paid) return codeOf['order-paid']
  if (state === orderStates.closed) return codeOf['order-closed']
  if (state === orderStates.expired) return codeOf['order-expired']
  return amounts[row] === amount ? 0 : codeOf['order-amount-differs']
}

/** Binds an order to the payment that was just credited for it, and sends on what is others'. The caller has judged it. */
export function bindOrder(s: State, number: number, payer: number, id: Uint8Array, idAt: number, out: Outcomes): void {
  const row = s.orders.row(number)
  s.orders.change(row, (at) => {
    at.state[row] = orderStates.paid
    at.payer[row] = payer
    at.changedMs[row] = s.logTimeMs
    at.keepUntilMs[row] = s.logTimeMs + s.rules.refundPeriodMs
    for (let i = 0; i < 16; i++) at.paymentId[row * 16 + i] = id[idAt + i]!
  })
  out.orders.push(row)
  sendSplits(s, row, out)
}

/** The order's deadline stays where it is in the heap: when it comes, the one to forget the order takes its place. */
function endUnpaid(s: State, row: number, state: number, out: Outcomes): void {
  s.orders.change(row, (at) => {
    at.state[row] = state
    at.changedMs[row] = state === orderStates.expired ? at.expiresMs[row]! : s.logTimeMs
  })
  out.orders.push(row)
}

/** An order's deadline has come: that of its payment, or the one to forget it. */
export function orderDue(s: State, number: number, out: Outcomes): void {
  const row = s.orders.row(number)
  const { state, keepUntilMs } = s.orders.columns.at
  if (state[row] !== orderStates.created && keepUntilMs[row]! <= s.logTimeMs) {
    forgetSplits(s, row)
    s.orders.release(row)
    return
  }
  if (state[row] === orderStates.created) endUnpaid(s, row, orderStates.expired, out)
  // Never in this frame: whoever writes down what changed must find the order as it ended.
  s.deadlines.add(Math.max(keepUntilMs[row]!, s.logTimeMs + 1), deadlineKinds.order, number)
}

/** Log time goes on with every frame; this one is sent when nothing else is and something is due. */
export const tick: Execute<'tick'> = (): Executed => accepted
