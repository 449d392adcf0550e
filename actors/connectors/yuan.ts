/** Largest amount that any book of the region, the bank or the central bank carries: fen below 2^53. */
export const fenMax = 9_007_199_254_740_991n

const yuanPattern = /^(0|[1-9]\d{0,13})\.(\d{2})$/

/** Fen as banks write amounts: yuan with exactly two decimals, such as "100.50"; below zero with a leading "-". */
export function yuanText(fen: bigint | number): string {
  const whole = BigInt(fen)
  const size = whole < 0n ? -whole : whole
  return `${whole < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`
}

/** Fen of a text that `yuanText` wrote, not below zero; undefined for any other text or an amount out of range. */
export function parseYuan(text: string): number | undefined {
  const match = yuanPattern.exec(text)
  if (match === null) return undefined
  const fen = BigInt(match[1]!) * 100n + BigInt(match[2]!)
  return fen <= fenMax ? Number(fen) : undefined
}
