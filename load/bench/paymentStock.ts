import { newId, signPayment } from '../../edge/client/node.ts'
import type { Resident } from '../demo/town.ts'

const currency = 'CNY-DC'
const bucketCount = 4_096

/**
 * Payments of 0.01 between wallets of different shards, signed and written out as HTTP requests ahead of their use: a
 * real payer signs on its own device, so that its cost does not belong to the machine that is measured.
 */
export class PaymentStock {
  readonly #byShard: readonly (readonly Resident[])[]
  readonly #host: string
  readonly #requests: Buffer[] = []
  /** Signed while the clock ran, since the stock had run out. */
  signedLate = 0

  constructor(residents: readonly Resident[], shardCount: number, host: string) {
    this.#byShard = groupByShard(residents, shardCount)
    this.#host = host
  }

  /** Signs until `count` are held. */
  fill(count: number): void {
    while (this.#requests.length < count) this.#requests.push(this.#make())
  }

  take(): Buffer {
    const request = this.#requests.pop()
    if (request !== undefined) return request
    this.signedLate += 1
    return this.#make()
  }

  #make(): Buffer {
    const shards = this.#byShard
    const from = Math.floor(Math.random() * shards.length)
    const to = (from + 1 + Math.floor(Math.random() * (shards.length - 1))) % shards.length
    const payer = pick(shards[from]!)
    const payment = {
      payment_id: newId(),
      payer_wallet: payer.walletId,
      payee_wallet: pick(shards[to]!).walletId,
      amount: '0.01',
      currency,
      timestamp: new Date().toISOString(),
    }
    const body = JSON.stringify(signPayment(payment, payer.key))
    const head = [
      'POST /v1/payments HTTP/1.1',
      `host: ${this.#host}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
    ]
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1')
  }
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!

function groupByShard(residents: readonly Resident[], shardCount: number): Resident[][] {
  const groups: Resident[][] = Array.from({ length: shardCount }, () => [])
  for (const resident of residents) {
    groups[(Number(resident.walletId.slice(1)) % bucketCount) % shardCount]!.push(resident)
  }
  return groups
}
