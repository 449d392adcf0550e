import { newId, signPayment } from '../../edge/client/node.ts'
import type { Resident } from '../demo/town.ts'
import type { RequestStock } from './paymentLoad.ts'

const currency = 'CNY-DC'
const bucketCount = 4_096

/** Where the payee's wallet is: in any shard, each as likely as the others, or always in another than the payer's. */
export type Payees = 'anywhere' | 'elsewhere'

/**
 * Payments of 0.01 by wallets of any shard, signed and written out as HTTP requests ahead of their use: a real payer signs
 * on its own device, so that its cost does not belong to the machine that is measured.
 */
export class PaymentStock implements RequestStock {
  readonly #byShard: readonly (readonly Resident[])[]
  readonly #host: string
  readonly #payees: Payees
  readonly #requests: Buffer[] = []

  constructor(residents: readonly Resident[], shardCount: number, host: string, payees: Payees) {
    this.#byShard = groupByShard(residents, shardCount)
    this.#host = host
    this.#payees = payees
  }

  /** Signs until `count` are held. */
  fill(count: number): void {
    while (this.#requests.length < count) this.#requests.push(this.#make())
  }

  take(): Buffer {
    // One more is signed while the clock runs when the stock has run out.
    return this.#requests.pop() ?? this.#make()
  }

  #make(): Buffer {
    const shards = this.#byShard
    const from = Math.floor(Math.random() * shards.length)
    const payer = pick(shards[from]!)
    return paymentRequest(this.#host, payer, { payee_wallet: this.#payeeOf(payer, from).walletId, amount: '0.01' })
  }

  #payeeOf(payer: Resident, from: number): Resident {
    const shards = this.#byShard
    const others = shards.length - 1
    const to =
      this.#payees === 'anywhere'
        ? Math.floor(Math.random() * shards.length)
        : (from + 1 + Math.floor(Math.random() * others)) % shards.length
    const payee = pick(shards[to]!)
    return payee === payer ? this.#payeeOf(payer, from) : payee
  }
}

type PaymentParts = {
  readonly payee_wallet: string
  readonly amount: string
  readonly payment_id?: string
  readonly order?: string
}

/** A payment, signed by its payer and written out as an HTTP request. */
export function paymentRequest(host: string, payer: Resident, parts: PaymentParts): Buffer {
  const ends = { payer_wallet: payer.walletId, currency, timestamp: new Date().toISOString() }
  const body = JSON.stringify(signPayment({ payment_id: newId(), ...parts, ...ends }, payer.key))
  const head = [
    'POST /v1/payments HTTP/1.1',
    `host: ${host}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}

export const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!

export const shardOf = (walletId: string, shardCount: number): number =>
  (Number(walletId.slice(1)) % bucketCount) % shardCount

export function groupByShard(residents: readonly Resident[], shardCount: number): Resident[][] {
  const groups: Resident[][] = Array.from({ length: shardCount }, () => [])
  for (const resident of residents) {
    groups[shardOf(resident.walletId, shardCount)]!.push(resident)
  }
  return groups
}
