import { encodeCommand } from './frameBuilder.ts'
import { walletKinds } from './ids.ts'
import { type MerchantUserView, viewMerchantUsers } from './merchantUserViews.ts'
import { findOrderView, type OrderView } from './orderViews.ts'
import { fenOf, headOf, type Wallet } from './paper.fixture.ts'
import { frameKinds, keyAlgorithms, merchantRoles, senders, signers } from './records.ts'
import type { Answer } from './shard.fixture.ts'
import { type OpenOptions, Town } from './town.fixture.ts'

const orderLifeMs = 1_800_000

/** Who signs in a merchant's name: its sub-user of a number, with the key of a version. */
export type BySubUser = { number: number; version: number }
export type UserOptions = { role?: keyof typeof merchantRoles; limit?: number; head?: object; changes?: object }

export type OrderOptions = {
  expiresMs?: number
  digest?: number
  text?: string
  keyVersion?: number
  by?: BySubUser
}
export type OrderPayOptions = {
  id?: Uint8Array
  order?: number
  digest?: number
  requestedMs?: number
  token?: number
  device?: number
}

export type RefundOptions = { id?: Uint8Array; digest?: number; by?: BySubUser }

const signedBy = (by: BySubUser | undefined): object =>
  by === undefined ? {} : { signer: signers.merchantUser, principal: by.number, keyVersion: by.version }

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
      ...signedBy(o.by),
      digestHigh: o.digest ?? 3,
      wallet: number,
      amount: fenOf(yuan),
      expiresMs: o.expiresMs ?? this.nowMs + orderLifeMs,
      orderNo: orderNoOf(orderNo),
      textLength: text.length,
    }
    return this.submit(shard, encodeCommand('orderCreate', fields, text), frameKinds.commands, 1).answers[0]!
  }

  close(shop: string, orderNo: string, by?: BySubUser): Answer {
    const { number, shard } = this.wallet(shop)
    const fields = { ...this.byWallet(shop), ...signedBy(by), wallet: number, orderNo: orderNoOf(orderNo) }
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

  refund(shop: string, orderNo: string, yuan: string, o: RefundOptions = {}): Answer {
    const { number, shard } = this.wallet(shop)
    const head = { ...this.byWallet(shop), ...signedBy(o.by), digestHigh: o.digest ?? 3, ...(o.id && { id: o.id }) }
    const fields = { ...head, wallet: number, amount: fenOf(yuan), orderNo: orderNoOf(orderNo) }
    return this.command(shard, 'orderRefund', fields)
  }

  /** Gives a shop's sub-user a key, a role and a limit; the answer's value is the key's version. */
  putUser(shop: string, number: number, o: UserOptions = {}): Answer {
    const { number: wallet, shard } = this.wallet(shop)
    const role = o.role ?? 'cashier'
    const fields = {
      ...this.byWallet(shop),
      ...o.head,
      wallet,
      number,
      role: merchantRoles[role],
      limit: o.limit ?? (role === 'refunder' ? 500 : 0),
      algorithm: keyAlgorithms.ecdsaP256,
      key: Uint8Array.from({ length: 33 }, (_, i) => (i === 0 ? 3 : number + i)),
      textLength: 0,
      ...o.changes,
    }
    return this.command(shard, 'merchantUserPut', fields)
  }

  removeUser(shop: string, number: number, head: object = {}): Answer {
    const { number: wallet, shard } = this.wallet(shop)
    return this.command(shard, 'merchantUserRemove', { ...this.byWallet(shop), ...head, wallet, number })
  }

  users(shop: string): MerchantUserView[] {
    const { number, shard } = this.wallet(shop)
    return viewMerchantUsers(this.shards[shard]!.ledger.state, number)
  }

  /** What the host adds to a log when something is due and nobody asks for anything. */
  tick(shard: number): void {
    const body = encodeCommand('tick', headOf())
    const sender = { sender: senders.host, senderNumber: 0, incarnation: 3_000 + shard }
    this.submit(shard, body, frameKinds.commands, 1, sender)
  }
}
