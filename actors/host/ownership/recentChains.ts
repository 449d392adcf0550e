const prefixBytes = 8
/** Positions that are remembered: a standby that is further behind than this vouches for nothing of use yet. */
const positionsMax = 65_536

/** The log's chain at the positions that were applied last: whoever vouches for one must hold the same. */
export class RecentChains {
  readonly #prefixes = Buffer.alloc(positionsMax * prefixBytes)
  #first = 0
  #last = -1

  /** Positions come in order; one that does not begins anew. */
  put(position: number, chain: Uint8Array): void {
    if (position !== this.#last + 1) this.#first = position
    this.#last = position
    this.#first = Math.max(this.#first, position - positionsMax + 1)
    this.#prefixes.set(chain.subarray(0, prefixBytes), (position % positionsMax) * prefixBytes)
  }

  /** undefined where the chain is not known: not yet, or not any more. */
  at(position: number): string | undefined {
    if (position < this.#first || position > this.#last) return undefined
    const from = (position % positionsMax) * prefixBytes
    return this.#prefixes.toString('hex', from, from + prefixBytes)
  }
}
