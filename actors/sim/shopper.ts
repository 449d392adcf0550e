import type { Submitted } from '../../edge/gateway/submission.ts'
import { orderNoIn } from '../../edge/routes/orderNo.ts'
import type { OrderView } from '../ledger/orderViews.ts'
import type { CommandOp } from '../ledger/records.ts'
import { refusalOf } from '../ledger/refusals.ts'
import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'

/** An order as its merchant shows it to people. */
export type ShownOrder = {
  readonly merchant: number
  readonly orderNo: string
  readonly fen: number
  readonly expiresMs: number
}

type Answered = Extract<Submitted, { kind: 'answered' }>

/** What a shopper does by the hands of its person. */
export type ShopperHands = {
  readonly nowMs: () => number
  readonly newId: () => Uint8Array
  readonly submit: (
    op: CommandOp,
    fields: object,
    told: Readonly<Record<string, string | number>>,
    id: Uint8Array,
  ) => Promise<Answered>
  readonly pay: (order: ShownOrder, fen: number) => Promise<void>
  /** The order as its shard holds it, if somebody says. */
  readonly look: (order: ShownOrder) => Promise<OrderView | undefined>
  readonly refund: (order: ShownOrder, payer: number, fen: number) => Promise<void>
}

const lifeMsMin = 500
const lifeMsMax = 20_000
const shownMax = 6

/** The part of a person that sells and buys: orders are shown on one board, so that several pay one at once. */
export class Shopper {
  readonly #board: ShownOrder[]
  readonly #prng: Prng
  readonly #chronicle: Chronicle
  readonly #hands: ShopperHands
  #orders = 0

  constructor(board: ShownOrder[], prng: Prng, chronicle: Chronicle, hands: ShopperHands) {
    this.#board = board
    this.#prng = prng
    this.#chronicle = chronicle
    this.#hands = hands
  }

  /** Makes an order and shows it; now and then asks for the same twice. */
  async sell(merchant: number, fen: number): Promise<void> {
    const orderNo = `T-${++this.#orders}`
    const expiresMs = this.#hands.nowMs() + this.#prng.between(lifeMsMin, lifeMsMax)
    const fields = { wallet: merchant, amount: fen, expiresMs, orderNo: orderNoIn(orderNo), textLength: 0 }
    const id = this.#hands.newId()
    const create = () => this.#hands.submit('orderCreate', fields, { orderNo, fen, expiresMs }, id)
    const answers = await Promise.all(this.#prng.chance(0.2) ? [create(), create()] : [create()])
    const told = new Set(answers.map(({ code, value }) => `${refusalOf(code)} ${value}`))
    for (const one of told) this.#chronicle.tell(`answered.order.${one.split(' ')[0]}`, `${merchant}/${orderNo}`)
    // One of two may have come too late for the order's time, never both with an order of their own.
    const made = new Set(answers.filter(({ code }) => code === 0).map(({ value }) => value))
    if (made.size > 1) this.#chronicle.violation(`order ${merchant}/${orderNo} was made ${made.size} times`)
    if (made.size === 0) return
    this.#board.push({ merchant, orderNo, fen, expiresMs })
    if (this.#board.length > shownMax) this.#board.shift()
  }

  /** Pays one of the orders that are shown, now and then with another amount. */
  async buy(self: number): Promise<void> {
    const others = this.#board.filter(({ merchant }) => merchant !== self)
    if (others.length === 0) return
    const order = this.#prng.pick(others)
    await this.#hands.pay(order, this.#prng.chance(0.1) ? order.fen + 1 : order.fen)
  }

  /** Gives back a part of what an own order brought, now and then more than is left. */
  async refund(merchant: number): Promise<void> {
    const own = this.#board.filter((order) => order.merchant === merchant)
    if (own.length === 0) return
    const order = this.#prng.pick(own)
    const view = await this.#hands.look(order)
    if (view?.state !== 'paid') return
    this.#chronicle.tell('refund', `${merchant}/${order.orderNo}`)
    const left = order.fen - view.refunded
    await this.#hands.refund(order, view.payer, this.#prng.between(1, left + 1))
  }

  async close(merchant: number): Promise<void> {
    const own = this.#board.filter((order) => order.merchant === merchant)
    if (own.length === 0) return
    const { orderNo } = this.#prng.pick(own)
    const fields = { wallet: merchant, orderNo: orderNoIn(orderNo) }
    const { code } = await this.#hands.submit('orderClose', fields, { orderNo }, this.#hands.newId())
    this.#chronicle.tell(`answered.close.${refusalOf(code)}`, `${merchant}/${orderNo}`)
  }
}
