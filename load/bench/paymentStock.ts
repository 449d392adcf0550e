import { newId, signPayment } from '../../edge/client/node.ts'
import type { Resident } from '../demo/town.ts'
import type { RequestStock } from './paymentLoad.ts'

const currency = 'CNY-DC'
const bucketCount = 4_096

/**
 * Payments of 0.01 between wallets of different shards, signed and written out as HTTP requests ahead of their use: a
 * real payer signs on its own device, so that its cost does not belong to the machine that is measured.
 */
export class PaymentStock implements RequestStock {
  readonly #byShard: readonly (readonly Resident[])[]
  readonly #host: string
  readonly #requests: Buffer[] = []

  constructor(residents: readonly Resident[], shardCount: number, host: string) {
    this.#byShard = groupByShard(residents, shardCount)
    this.#host = host
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
    const to = (from + 1 + Math.floor(Math.random() * (shards.length - 1))) % shards.length
    return paymentRequest(this.#host, pick(shards[from]!), { payee_wallet: pick(shards[to]!).walletId, amount: '0.01' })
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
