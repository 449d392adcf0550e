import { batchHeader, batchRecord, paymentRecord } from '../../../actors/ledger/records.ts'
import { newIdBytes } from '../wire.ts'

/**
 * Who is paid: everybody as likely as anybody, a few far more often than most, or one and the same by all. Everybody
 * pays as often as anybody: how often a wallet may pay in a day is bounded.
 */
export type Population = 'uniform' | 'zipf' | 'hot'

const institution = 1
const zipfExponent = 0.99
/** Ranks drawn ahead, so that a draw costs one read. */
const zipfDraws = 2 ** 18
const recordWords = batchRecord.size >>> 3
const headerWords = batchHeader.size >>> 3
const R = batchRecord.at

/** Writes the bodies of frames, fast enough not to be what is measured: one pass, no object a record. */
export class RecordMaker {
  readonly #wallets: readonly Float64Array[]
  readonly #draws: Uint32Array | undefined
  readonly #hot: boolean
  #random: number

  /** @param wallets numbers by shard */
  constructor(wallets: readonly (readonly number[])[], population: Population, seed = 1) {
    this.#wallets = wallets.map((list) => Float64Array.from(list))
    this.#hot = population === 'hot'
    this.#random = seed | 1
    if (population === 'zipf') this.#draws = zipfRanks(wallets[0]!.length, () => this.#next())
  }

  /** In [0, 1): a xorshift, quick and the same in every run. */
  #next(): number {
    let x = this.#random
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#random = x
    return (x >>> 0) / 4_294_967_296
  }

  #anyIn(shard: number): number {
    const list = this.#wallets[shard]!
    return list[Math.floor(this.#next() * list.length)]!
  }

  #paidIn(shard: number): number {
    if (this.#draws === undefined) return this.#anyIn(shard)
    return this.#wallets[shard]![this.#draws[Math.floor(this.#next() * zipfDraws)]!]!
  }

  #payeeOf(payer: number): number {
    if (this.#hot) return this.#wallets[0]![0]!
    const payee = this.#paidIn(Math.floor(this.#next() * this.#wallets.length))
    return payee === payer ? this.#payeeOf(payer) : payee
  }

  /** Bytes of the body of such a batch. */
  static batchBytes(count: number): number {
    return batchHeader.size + count * batchRecord.size
  }

  /** A batch of payments of one fen whose payers live in one shard, in `body` if that is given. */
  batch(shard: number, count: number, token: number, nowMs = Date.now(), into?: Uint8Array<ArrayBuffer>): Uint8Array {
    const body = into ?? new Uint8Array(RecordMaker.batchBytes(count))
    const u32 = new Uint32Array(body.buffer)
    const f64 = new Float64Array(body.buffer)
    body.set(newIdBytes(nowMs), batchHeader.at.id)
    u32[batchHeader.at.institution >>> 2] = institution
    f64[batchHeader.at.requestedMs >>> 3] = nowMs
    f64[batchHeader.at.token >>> 3] = token
    for (let i = 0; i < count; i++) {
      const word = headerWords + i * recordWords
      const payer = this.#payerOf(shard)
      f64[word + (R.payer >>> 3)] = payer
      f64[word + (R.payee >>> 3)] = this.#payeeOf(payer)
      f64[word + (R.amount >>> 3)] = 1
      u32[word * 2 + (R.authorisation >>> 2)] = 1
      u32[word * 2 + (R.index >>> 2)] = i
    }
    return body
  }

  #payerOf(shard: number): number {
    const payer = this.#anyIn(shard)
    return this.#hot && payer === this.#wallets[0]![0]! ? this.#payerOf(shard) : payer
  }

  /** One payment of one fen as a wallet signs it, from a shard to another. */
  single(shard: number, token: number): Uint8Array<ArrayBuffer> {
    const body = new Uint8Array(paymentRecord.size)
    const view = new DataView(body.buffer)
    const { at } = paymentRecord
    const others = this.#wallets.length - 1
    const nowMs = Date.now()
    view.setUint32(at.keyVersion, 1, true)
    view.setFloat64(at.payer, this.#anyIn(shard), true)
    view.setFloat64(at.payee, this.#paidIn((shard + 1 + Math.floor(this.#next() * others)) % (others + 1)), true)
    view.setFloat64(at.amount, 1, true)
    body.set(newIdBytes(nowMs), at.id)
    view.setFloat64(at.requestedMs, nowMs, true)
    view.setFloat64(at.token, token, true)
    return body
  }
}

/** Ranks by Zipf's law, drawn by bisection of its sums. */
function zipfRanks(count: number, random: () => number): Uint32Array {
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1) ** zipfExponent
    sums[rank] = sum
  }
  return Uint32Array.from({ length: zipfDraws }, () => {
    const target = random() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sums[middle]! < target) low = middle + 1
      else high = middle
    }
    return low
  })
}
