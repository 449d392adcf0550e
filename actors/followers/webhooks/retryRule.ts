/** Between the first tries it is a matter of seconds, at the end of hours; each is spread, so that no herd returns. */
const firstMs = 1_000
const mostMs = 4 * 3_600_000
/** A receiver may ask for more patience than that, not for more than this. */
const askedMostMs = 86_400_000
/** After this long nobody tries any more: what was not delivered is dead until somebody asks for it again. */
export const patienceMs = 3 * 86_400_000

/** How long to wait after a try that failed. @param attempts how many there were, from 1 */
export function retryDelayMs(attempts: number, random: () => number, askedS = 0): number {
  const spread = Math.min(mostMs, firstMs * 2 ** Math.min(attempts - 1, 20)) * (0.5 + random())
  return Math.round(Math.max(spread, Math.min(askedMostMs, askedS * 1_000)))
}
