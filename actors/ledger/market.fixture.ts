import { encodeCommand } from './frameBuilder.ts'
import { walletKinds } from './ids.ts'
import { findOrderView, type OrderView } from './orderViews.ts'
import { fenOf, headOf, type Wallet } from './paper.fixture.ts'
import { frameKinds, senders } from './records.ts'
import { type Answer, type OpenOptions, Town } from './town.fixture.ts'

const orderLifeMs = 1_800_000

export type OrderOptions = { expiresMs?: number; digest?: number; text?: string; keyVersion?: number }
export type OrderPayOptions = {
  id?: Uint8Array
  order?: number
  digest?: number
  requestedMs?: number
  token?: number
  device?: number
}

/** An order's number in the bytes that the ledger knows it by. */
export function orderNoOf(text: string): Uint8Array {
  const bytes = new Uint8Array(32)
  bytes.set(new TextEncoder().encode(text))
  return bytes
}

/** A town in which there are shops. */
export class Market extends Town {
  /** A merchant with a corporate wallet. */
  shop(name: string, options: OpenOptions = {}): Wallet {
    return this.open(name, { class: 0, kind: walletKinds.merchant, ...options })
  }

  order(shop: string, orderNo: string, yuan: string, o: OrderOptions = {}): Answer {
    const { number, shard } = this.wallet(shop)
    const text = new TextEncoder().encode(o.text ?? '')
    const fields = {
      ...this.byWallet(shop),
      keyVersion: o.keyVersion ?? this.wallet(shop).keyVersion,
      digestHigh: o.digest ?? 3,
      wallet: number,
      amount: fenOf(yuan),
      expiresMs: o.expiresMs ?? this.nowMs + orderLifeMs,
      orderNo: orderNoOf(orderNo),
      textLength: text.length,
    }
    return this.submit(shard, encodeCommand('orderCreate', fields, text), frameKinds.commands, 1).answers[0]!
  }

  close(shop: string, orderNo: string): Answer {
    const { number, shard } = this.wallet(shop)
    const fields = { ...this.byWallet(shop), wallet: number, orderNo: orderNoOf(orderNo) }
    return this.command(shard, 'orderClose', fields)
  }

  /** The number that other shards know an order by; 0 when there is no such order. */
  orderNumber(shop: string, orderNo: string): number {
    return this.orderView(shop, orderNo)?.order ?? 0
  }

  orderView(shop: string, orderNo: string): OrderView | undefined {
    const { shard, number } = this.wallet(shop)
    return findOrderView(this.shards[shard]!.ledger.state, number, orderNoOf(orderNo))
  }

  payOrder(payer: string, shop: string, orderNo: string, yuan: string, o: OrderPayOptions = {}): Answer {
    const { number, shard, keyVersion } = this.wallet(payer)
    const id = o.id ?? this.id()
    const fields = {
      ...headOf({ signer: 1, keyVersion, actor: number, id, token: o.token ?? 1, digestHigh: o.digest ?? 7 }),
      payer: number,
      payee: this.wallet(shop).number,
      amount: fenOf(yuan),
      requestedMs: o.requestedMs ?? this.nowMs,
      order: o.order ?? this.orderNumber(shop, orderNo),
      device: o.device ?? 0,
    }
    return this.command(shard, 'orderPayment', fields)
  }

  refund(shop: string, orderNo: string, yuan: string, o: { id?: Uint8Array; digest?: number } = {}): Answer {
    const { number, shard } = this.wallet(shop)
    const head = { ...this.byWallet(shop), digestHigh: o.digest ?? 3, ...(o.id && { id: o.id }) }
    const fields = { ...head, wallet: number, amount: fenOf(yuan), orderNo: orderNoOf(orderNo) }
    return this.command(shard, 'orderRefund', fields)
  }

  /** What the host adds to a log when something is due and nobody asks for anything. */
  tick(shard: number): void {
    const body = encodeCommand('tick', headOf())
    const sender = { sender: senders.host, senderNumber: 0, incarnation: 3_000 + shard }
    this.submit(shard, body, frameKinds.commands, 1, sender)
  }
}
