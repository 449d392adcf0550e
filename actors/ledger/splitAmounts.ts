/** The whole of what fixed splits leave, in parts. */
export const splitWhole = 10_000

/** What a payee of an order gets: fen, or parts in ten thousand of what the named fen leave. One of the two is zero. */
export type SplitTerm = { fen: number; weight: number }

/**
 * The fen of each split, in their order; what they leave of the amount is the merchant's, which takes part with the
 * parts that nobody was given. Whole fen by largest remainder: who lacks most of its last fen gets it, of equals the
 * earlier split, the merchant last.
 * @returns undefined when more would be given away than there is
 */
export function splitAmounts(amount: number, terms: readonly SplitTerm[]): number[] | undefined {
  let [left, parts] = [amount, splitWhole]
  for (const { fen, weight } of terms) {
    left -= fen
    parts -= weight
    if (left < 0 || parts < 0) return undefined
  }
  const weights = [...terms.map(({ weight }) => weight), parts]
  const shares = weights.map((weight) => shareOf(left, weight))
  const given = shares.reduce((sum, { fen }) => sum + fen, 0)
  const byRemainder = weights.map((_, place) => place).sort((a, b) => shares[b]!.rest - shares[a]!.rest || a - b)
  for (const place of byRemainder.slice(0, left - given)) shares[place]!.fen += 1
  return terms.map(({ fen }, place) => fen + shares[place]!.fen)
}

/** Exact for every amount: neither product leaves the range of whole doubles. */
function shareOf(fen: number, weight: number): { fen: number; rest: number } {
  const wholes = Math.floor(fen / splitWhole)
  const parts = (fen - wholes * splitWhole) * weight
  return { fen: wholes * weight + Math.floor(parts / splitWhole), rest: parts % splitWhole }
}
