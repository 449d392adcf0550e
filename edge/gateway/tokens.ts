import { randomBytes } from 'node:crypto'

const countsPerBase = 2 ** 32

/**
 * Numbers that name the requests of one run of an edge. The base is random, so that an answer meant for an earlier run
 * under the same edge id hits nobody: 2^21 bases of 2^32 numbers each stay below 2^53.
 */
export function newTokens(random: (length: number) => Uint8Array = randomBytes): () => number {
  const [a, b, c] = random(3)
  const base = (((a! & 0x1f) << 16) | (b! << 8) | c!) * countsPerBase
  let count = 0
  return () => {
    if (count >= countsPerBase) throw new Error('an edge that has served 2^32 requests must be restarted')
    return base + count++
  }
}
