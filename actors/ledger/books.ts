import { addExact, addRound, LawBroken } from './money.ts'

export const institutionsMax = 256
export const shardsMax = 64

/**
 * The accounts of a shard that are no wallets, and the running sum of those that are. Every step posts legs that sum
 * to zero; `check` asserts after every frame that the sums still do, and an audit recounts the columns.
 */
export class Books {
  /** Σ wallet balances. */
  wallets = 0
  /**
   * By institution: minus what was issued into this shard, plus what was burnt out of it. One shard may burn what
   * another issued, so that only the sum over all shards is bound to stay at or below zero.
   */
  readonly issuance = new Float64Array(institutionsMax)
  /** By institution: left the wallet, not yet burnt or returned. Never below zero. */
  readonly redeeming = new Float64Array(institutionsMax)
  /**
   * By peer shard: all that was ever sent, and all that was ever received, returns included. A turnover has no bound,
   * so these go round at 2^53 (`addRound`); what is on its way is the difference of one shard's and its peer's.
   */
  readonly transitOut = new Float64Array(shardsMax)
  readonly transitIn = new Float64Array(shardsMax)
  /** Σ of what wallets hold aside for payees: out of their balances, not yet paid. Never below zero. */
  held = 0
  #issuanceSum = 0
  #redeemingSum = 0
  #transitSum = 0

  toWallet(delta: number): void {
    this.wallets = addExact(this.wallets, delta)
  }

  toIssuance(institution: number, delta: number): void {
    this.issuance[institution] = addExact(this.issuance[institution]!, delta)
    this.#issuanceSum = addExact(this.#issuanceSum, delta)
  }

  toRedeeming(institution: number, delta: number): void {
    const balance = addExact(this.redeeming[institution]!, delta)
    if (balance < 0) throw new LawBroken(`institution ${institution} has less in redemption than it pays out`)
    this.redeeming[institution] = balance
    this.#redeemingSum = addExact(this.#redeemingSum, delta)
  }

  toHeld(delta: number): void {
    const held = addExact(this.held, delta)
    if (held < 0) throw new LawBroken(`${held} fen are held`)
    this.held = held
  }

  toTransit(peer: number, amount: number): void {
    this.transitOut[peer] = addRound(this.transitOut[peer]!, amount)
    this.#transitSum = addExact(this.#transitSum, amount)
  }

  fromTransit(peer: number, amount: number): void {
    this.transitIn[peer] = addRound(this.transitIn[peer]!, amount)
    this.#transitSum = addExact(this.#transitSum, -amount)
  }

  /** @throws LawBroken when the books of this shard do not sum to zero. */
  check(): void {
    const sum = this.wallets + this.held + this.#transitSum + this.#redeemingSum + this.#issuanceSum
    if (sum !== 0) throw new LawBroken(`the books sum to ${sum} fen, not zero`)
  }

  save(): Float64Array {
    const out = new Float64Array(3 + 2 * institutionsMax + 2 * shardsMax)
    out[0] = this.wallets
    out[out.length - 1] = this.#transitSum
    out[out.length - 2] = this.held
    out.set(this.issuance, 1)
    out.set(this.redeeming, 1 + institutionsMax)
    out.set(this.transitOut, 1 + 2 * institutionsMax)
    out.set(this.transitIn, 1 + 2 * institutionsMax + shardsMax)
    return out
  }

  load(saved: Float64Array): void {
    this.wallets = saved[0]!
    this.issuance.set(saved.subarray(1, 1 + institutionsMax))
    this.redeeming.set(saved.subarray(1 + institutionsMax, 1 + 2 * institutionsMax))
    this.transitOut.set(saved.subarray(1 + 2 * institutionsMax, 1 + 2 * institutionsMax + shardsMax))
    this.transitIn.set(saved.subarray(1 + 2 * institutionsMax + shardsMax, saved.length - 2))
    this.#issuanceSum = this.issuance.reduce((sum, balance) => sum + balance, 0)
    this.#redeemingSum = this.redeeming.reduce((sum, balance) => sum + balance, 0)
    this.#transitSum = saved[saved.length - 1]!
    this.held = saved[saved.length - 2]!
    this.#checkTransit()
  }

  /** The totals have gone round any number of times, so that they bind their sum only up to that. */
  #checkTransit(): void {
    let sum = 0n
    for (const [peer, out] of this.transitOut.entries()) sum += BigInt(out) - BigInt(this.transitIn[peer]!)
    if (BigInt.asIntN(53, sum - BigInt(this.#transitSum)) !== 0n) {
      throw new LawBroken(`transit sums to ${this.#transitSum} fen, its totals to ${sum}`)
    }
  }
}
