/** Largest amount or balance in fen that a Float64 column holds exactly (2^53 - 1, about 90 trillion yuan). */
export const fenMax = 9_007_199_254_740_991

/** True for an amount that may move: a whole number of fen, above zero, exactly representable. */
export function isAmount(fen: number): boolean {
  return Number.isSafeInteger(fen) && fen > 0
}

const modulus = fenMax + 1

/** Adds an amount to a running total that only differences are taken of: it goes round at 2^53. */
export function addRound(total: number, amount: number): number {
  const room = modulus - total
  return amount >= room ? amount - room : total + amount
}

/** What lies between two running totals, the later one first, both of which may have gone round. */
export function betweenRound(later: number, earlier: number): number {
  return later >= earlier ? later - earlier : later + (modulus - earlier)
}

/** A law of the ledger does not hold: the shard must stop, since going on would spread the damage. */
export class LawBroken extends Error {
  constructor(law: string) {
    super(`law broken: ${law}`)
    this.name = 'LawBroken'
  }
}

/**
 * Adds a signed amount to a column's value.
 * @throws LawBroken when the sum is no longer exact: silent rounding would make money.
 */
export function addExact(value: number, delta: number): number {
  const sum = value + delta
  if (sum > fenMax || sum < -fenMax) throw new LawBroken(`${value} + ${delta} fen leaves the exact range`)
  return sum
}
