import { type Client, newId, walletSigner } from '../../edge/client/node.ts'
import { untilDecided } from '../demo/asking.ts'
import { inParallel } from '../demo/play.ts'
import type { Resident } from '../demo/town.ts'
import type { Shop } from './callbacks/shop.ts'
import type { RequestStock } from './paymentLoad.ts'
import { groupByShard, paymentRequest, pick, shardOf } from './paymentStock.ts'

const width = 64
const amount = '0.01'
const orderLifeMs = 3_600_000

type Placed = { readonly orderNo: string; readonly shop: Shop }
type Signed = { readonly request: Buffer; readonly orderNo: string; readonly shop: Shop; readonly paymentId: string }

/**
 * Orders of shops, and the payments that pay them, made ahead of their use: a shop makes its order before the payer
 * sees it, and a payer signs on its own device. Payer and shop are always in different shards.
 */
export class OrderStock implements RequestStock {
  readonly #client: Client
  readonly #shops: readonly Shop[]
  readonly #byShard: readonly (readonly Resident[])[]
  readonly #host: string
  #placed: Placed[] = []
  #signed: Signed[] = []
  #count = 0

  constructor(plain: Client, shops: readonly Shop[], residents: readonly Resident[], shardCount: number, host: string) {
    this.#client = { call: (...request) => untilDecided(() => plain.call(...request)) }
    this.#shops = shops
    this.#byShard = groupByShard(residents, shardCount)
    this.#host = host
  }

  /** Makes orders until there are `count`, and signs a payment of each anew: an old signature is too old to be taken. */
  async fill(count: number): Promise<void> {
    const missing = Array.from({ length: Math.max(0, count - this.#placed.length) })
    await inParallel(missing, width, async () => {
      this.#placed.push(await this.#place())
    })
    this.#signed = this.#placed.map((placed) => this.#sign(placed))
  }

  async #place(): Promise<Placed> {
    const shop = pick(this.#shops)
    const orderNo = `L-${++this.#count}`
    shop.server.book.ordered(orderNo, amount)
    const expires_at = new Date(Date.now() + orderLifeMs).toISOString()
    const path = `/v1/merchants/${shop.walletId}/orders`
    const order = { order_no: orderNo, amount, expires_at }
    await this.#client.call(walletSigner(shop.walletId, shop.key), 'POST', path, order)
    return { orderNo, shop }
  }

  #sign({ orderNo, shop }: Placed): Signed {
    const shards = this.#byShard
    const own = shardOf(shop.walletId, shards.length)
    const from = (own + 1 + Math.floor(Math.random() * (shards.length - 1))) % shards.length
    const paymentId = newId()
    const payment = { payment_id: paymentId, payee_wallet: shop.walletId, amount, order: orderNo }
    return { request: paymentRequest(this.#host, pick(shards[from]!), payment), orderNo, shop, paymentId }
  }

  /** Whatever is taken is paid: from now on its shop expects to be told of it. */
  take(): Buffer | undefined {
    this.#placed.pop()
    const signed = this.#signed.pop()
    signed?.shop.server.book.paid(signed.orderNo, signed.paymentId)
    return signed?.request
  }
}
