import type { Submitted } from '../../edge/gateway/submission.ts'
import { orderNoIn } from '../../edge/routes/orderNo.ts'
import { commandIdText } from '../ledger/ids.ts'
import type { CommandOp } from '../ledger/records.ts'
import { refusalOf } from '../ledger/refusals.ts'
import type { Query, QueryResults } from '../log/queries.ts'
import type { Request } from './auditor/requestBook.ts'
import type { PromisedSplit } from './auditor/splitBook.ts'
import type { Chronicle } from './chronicle.ts'
import type { Prng } from './prng.ts'
import { Tills } from './tills.ts'
import type { World } from './world.ts'

/** An order as its merchant shows it to people. */
export type ShownOrder = {
  readonly merchant: number
  readonly orderNo: string
  readonly fen: number
  readonly expiresMs: number
}

type Answered = Extract<Submitted, { kind: 'answered' }>

/** What is done by the hands of a person: with its key, and again until there is an answer. */
export type Hands = {
  readonly newId: () => Uint8Array
  /** A command in the shard of this number. */
  readonly submit: (
    of: number,
    op: CommandOp,
    fields: object,
    told: Readonly<Record<string, string | number>>,
    id: Uint8Array,
  ) => Promise<Answered>
  /** A reading, if somebody answers. */
  readonly ask: <Q extends Query>(number: number, query: Q) => Promise<QueryResults[Q['type']] | undefined>
  readonly pay: (order: ShownOrder, fen: number) => Promise<void>
  /** Money that moves by a command: the request is what the auditor hears. */
  readonly move: (op: CommandOp, fields: object, request: Request, id: Uint8Array) => Promise<void>
}

function splitFields(splits: readonly PromisedSplit[]): object {
  const doubles = (of: (split: PromisedSplit) => number): Uint8Array =>
    new Uint8Array(Float64Array.from(splits, of).buffer)
  const weights = new Uint8Array(Uint16Array.from(splits, ({ parts }) => parts).buffer)
  return { count: splits.length, payees: doubles(({ payee }) => payee), amounts: doubles(({ fen }) => fen), weights }
}

const lifeMsMin = 500
const lifeMsMax = 20_000
const shownMax = 6

/** The part of a person that sells and buys: orders are shown on one board, so that several pay one at once. */
export class Shopper {
  readonly #world: World
  readonly #board: ShownOrder[]
  readonly #prng: Prng
  readonly #chronicle: Chronicle
  readonly #hands: Hands
  readonly #tills: Tills
  /** Own orders, on the board or not. */
  readonly #sold: ShownOrder[] = []
  #orders = 0

  constructor(world: World, prng: Prng, hands: Hands) {
    this.#world = world
    this.#board = world.board
    this.#prng = prng
    this.#chronicle = world.chronicle
    this.#hands = hands
    this.#tills = new Tills(prng.fork('tills'), world.chronicle, hands)
  }

  /** Makes an order and shows it; now and then asks for the same twice. */
  async sell(merchant: number, fen: number, others: readonly { readonly number: number }[]): Promise<void> {
    const orderNo = `T-${++this.#orders}`
    const expiresMs = this.#world.outside.clock.nowMs() + this.#prng.between(lifeMsMin, lifeMsMax)
    const fields = { wallet: merchant, amount: fen, expiresMs, orderNo: orderNoIn(orderNo), textLength: 0 }
    const id = this.#hands.newId()
    const splits = this.#prng.chance(0.4) ? this.#splitsOf(merchant, fen, others) : []
    if (splits.length > 0) this.#world.auditor.splits.asked(`${merchant}/${orderNo}`, { merchant, fen, splits })
    const told = { orderNo, fen, expiresMs, splits: JSON.stringify(splits) }
    const create = () =>
      splits.length === 0
        ? this.#hands.submit(merchant, 'orderCreate', fields, told, id)
        : this.#hands.submit(merchant, 'orderCreateSplit', { ...fields, ...splitFields(splits) }, told, id)
    const answers = await Promise.all(this.#prng.chance(0.2) ? [create(), create()] : [create()])
    const heard = new Set(answers.map(({ code, value }) => `${refusalOf(code)} ${value}`))
    for (const one of heard) this.#chronicle.tell(`answered.order.${one.split(' ')[0]}`, `${merchant}/${orderNo}`)
    // One of two may have come too late for the order's time, never both with an order of their own.
    const made = new Set(answers.filter(({ code }) => code === 0).map(({ value }) => value))
    if (made.size > 1) this.#chronicle.violation(`order ${merchant}/${orderNo} was made ${made.size} times`)
    if (made.size === 0) return
    const shown = { merchant, orderNo, fen, expiresMs }
    this.#sold.push(shown)
    this.#board.push(shown)
    if (this.#board.length > shownMax) this.#board.shift()
  }

  /** Others that get a part: some a few fen, some a share of what those leave. */
  #splitsOf(merchant: number, fen: number, others: readonly { readonly number: number }[]): PromisedSplit[] {
    const payees = others.filter(({ number }) => number !== merchant).slice(0, this.#prng.between(1, 3))
    const [fenMost, partsMost] = [Math.floor(fen / (payees.length + 1)), Math.floor(10_000 / (payees.length + 1))]
    return payees.map(({ number: payee }) =>
      fenMost > 0 && this.#prng.chance(0.5)
        ? { payee, fen: this.#prng.between(1, fenMost), parts: 0 }
        : { payee, fen: 0, parts: this.#prng.between(1, partsMost) },
    )
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
    if (this.#sold.length === 0) return
    const order = this.#prng.pick(this.#sold)
    const { orderNo, expiresMs } = order
    const view = await this.#hands.ask(merchant, { type: 'order', wallet: merchant, orderNo: orderNoIn(orderNo) })
    if (view?.state !== 'paid') return
    this.#chronicle.tell('refund', `${merchant}/${orderNo}`)
    const till = await this.#tills.one(merchant)
    const left = order.fen - view.refunded
    // A till's limit is tried from both sides.
    const edge = till !== undefined && this.#prng.chance(0.8) ? till.word.limitFen + this.#prng.between(0, 1) : 0
    const fen = edge > 0 && edge <= left ? edge : this.#prng.between(1, left + 1)
    const id = this.#hands.newId()
    const named = { key: `${merchant}/${orderNo}`, fen: order.fen, expiresMs, refund: true } as const
    const of = { wallet: merchant, to: view.payer, fen, id: commandIdText(id), body: `refund ${orderNo} ${fen}` }
    const fields = { ...till?.fields, wallet: merchant, amount: fen, orderNo: orderNoIn(orderNo) }
    const request = { kind: 'payment', ...of, order: named, ...(till && { till: till.word }) } as const
    await this.#hands.move('orderRefund', fields, request, id)
  }

  async close(merchant: number): Promise<void> {
    const own = this.#board.filter((order) => order.merchant === merchant)
    if (own.length === 0) return
    const { orderNo } = this.#prng.pick(own)
    const fields = { wallet: merchant, orderNo: orderNoIn(orderNo) }
    const { code } = await this.#hands.submit(merchant, 'orderClose', fields, { orderNo }, this.#hands.newId())
    this.#chronicle.tell(`answered.close.${refusalOf(code)}`, `${merchant}/${orderNo}`)
  }
}
