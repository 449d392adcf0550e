/** What a callback says, as far as a shop judges it. */
export type Told = {
  readonly type: string
  readonly data: {
    readonly wallet_id: string
    readonly order_no: string
    readonly amount: string
    readonly payment_id?: string
    readonly refund_id?: string
    readonly refund_amount?: string
  }
}

type Kept = { amount: string; paymentId: string | undefined; refunds: Map<string, string>; heard: string[] }

/**
 * What a shop knows of its own orders, and what it was told of them. It knows nothing of how callbacks are made: what it
 * sold and refunded it was told by the API.
 */
export class ShopBook {
  readonly #walletId: string
  readonly #orders = new Map<string, Kept>()
  readonly #ids = new Set<string>()
  /** Why something that was told is wrong, by what it was. */
  readonly wrong: string[] = []
  repeated = 0

  constructor(walletId: string) {
    this.#walletId = walletId
  }

  ordered(orderNo: string, amount: string): void {
    this.#orders.set(orderNo, { amount, paymentId: undefined, refunds: new Map(), heard: [] })
  }

  paid(orderNo: string, paymentId: string): void {
    this.#orders.get(orderNo)!.paymentId = paymentId
  }

  refunded(orderNo: string, refundId: string, amount: string): void {
    this.#orders.get(orderNo)!.refunds.set(refundId, amount)
  }

  /** Of orders that were paid: one event, and one more for each refund. */
  get expected(): number {
    let count = 0
    for (const { paymentId, refunds } of this.#orders.values()) count += paymentId === undefined ? 0 : 1 + refunds.size
    return count
  }

  get delivered(): number {
    return this.#ids.size
  }

  /** Takes one genuine callback in. The same one again changes nothing. */
  told(id: string, told: Told): void {
    if (this.#ids.has(id)) {
      this.repeated += 1
      return
    }
    this.#ids.add(id)
    const fault = this.#faultOf(told)
    if (fault !== undefined) this.wrong.push(`${told.type} of ${told.data.order_no}: ${fault}`)
  }

  #faultOf({ type, data }: Told): string | undefined {
    const order = this.#orders.get(data.order_no)
    if (order === undefined || data.wallet_id !== this.#walletId) return 'the shop has no such order'
    const first = order.heard.length === 0
    order.heard.push(type)
    if (data.amount !== order.amount) return `it is of ${order.amount}, not ${data.amount}`
    if (type === 'order.paid') return first ? undefined : `was told after ${order.heard.at(-2)}`
    if (type !== 'refund.completed') return 'nothing of that kind was done'
    if (first) return 'was told before the order was paid'
    return undefined
  }

  /** What can be said only at the end: callbacks may be faster than the answers of the API. */
  settle(told: ReadonlyMap<string, Told>): void {
    for (const { type, data } of told.values()) {
      const order = this.#orders.get(data.order_no)
      if (order === undefined) continue
      const of = `${type} of ${data.order_no}`
      if (data.payment_id !== order.paymentId) this.wrong.push(`${of}: the payment was ${order.paymentId}`)
      if (type !== 'refund.completed') continue
      const amount = order.refunds.get(data.refund_id ?? '')
      if (amount !== data.refund_amount) this.wrong.push(`${of}: ${amount} went back, not ${data.refund_amount}`)
    }
  }
}
