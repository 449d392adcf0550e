import type { Request } from './requestBook.ts'

type Order = { done: string[]; taken: string[]; refundedFen: number }

/** Orders kept anew from what people were told and what shops received: one order, one payment, in its time. */
export class OrderBook {
  readonly #violation: (what: string) => void
  readonly #orders = new Map<string, Order>()

  constructor(violation: (what: string) => void) {
    this.#violation = violation
  }

  #order(key: string): Order {
    const order = this.#orders.get(key) ?? { done: [], taken: [], refundedFen: 0 }
    this.#orders.set(key, order)
    return order
  }

  /** A shop was credited for an order, or a payer for its refund. @param logTimeMs of the frame that did it */
  received(request: Request, logTimeMs: number): void {
    const { order, wallet, id, fen, till } = request
    if (order?.refund) this.#refunded(order.key, fen, order.fen)
    if (till?.removed) this.#violation(`refund ${wallet}/${id} is a till's that had been removed`)
    if (till !== undefined && fen > till.limitFen) {
      this.#violation(`refund ${wallet}/${id} of ${fen} fen is a till's that may refund ${till.limitFen}`)
    }
    if (order === undefined || order.refund) return
    const { taken } = this.#order(order.key)
    taken.push(`${wallet}/${id}`)
    if (taken.length > 1) this.#violation(`order ${order.key} was paid ${taken.length} times: ${taken.join(', ')}`)
    if (logTimeMs >= order.expiresMs) this.#violation(`order ${order.key} was paid after its time`)
    if (fen !== order.fen) this.#violation(`order ${order.key} of ${order.fen} fen was paid with ${fen}`)
  }

  #refunded(key: string, fen: number, paidFen: number): void {
    const order = this.#order(key)
    order.refundedFen += fen
    if (order.taken.length === 0) this.#violation(`order ${key} was refunded, which nobody had paid`)
    if (order.refundedFen > paidFen) this.#violation(`order ${key} of ${paidFen} fen was refunded ${order.refundedFen}`)
  }

  /** The last word about a payment of an order. */
  decided({ order, wallet, id }: Request, outcome: string): void {
    if (order === undefined || order.refund) return
    const { done, taken } = this.#order(order.key)
    if (outcome === 'done') done.push(`${wallet}/${id}`)
    if (outcome === 'order-paid' && taken.length === 0) {
      this.#violation(`payment ${wallet}/${id} came back because order ${order.key} was paid, which nobody did`)
    }
    if (done.length > 1) this.#violation(`order ${order.key}: ${done.join(' and ')} were both told that they paid it`)
  }
}
