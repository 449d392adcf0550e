import { randomBytes as systemRandomBytes } from 'node:crypto'

const secondsOrigin = Date.UTC(2024, 0, 1) / 1_000
const randomBits = 22

/**
 * Number of one start of a sending process: seconds since 2024 (31 bits, until 2092), then 22 random bits.
 * Two starts share one only when they fall into the same second and one chance in four million; a clock that was set
 * back does no harm for the same reason.
 * @returns an integer below 2^53, larger for later starts
 */
export function newIncarnation(
  nowMs: number = Date.now(),
  randomBytes: (length: number) => Uint8Array = systemRandomBytes,
): number {
  const seconds = Math.max(0, Math.floor(nowMs / 1_000) - secondsOrigin)
  const [a, b, c] = randomBytes(3)
  return (seconds % 2 ** 31) * 2 ** randomBits + (((a! << 16) | (b! << 8) | c!) % 2 ** randomBits)
}
