import { hash } from 'node:crypto'

const chainBytes = 32

/** The chain of a log before its first frame. */
export const chainStart: Uint8Array = new Uint8Array(chainBytes)

/**
 * One link: SHA-256 over the chain so far and the tag of the next frame. The tag authenticates the whole frame, so that
 * the chain finds a lost tail, an exchanged frame and a mirror that went another way, which a sequence number cannot.
 */
export function nextChain(chain: Uint8Array, frameTag: Uint8Array): Uint8Array {
  const input = new Uint8Array(chainBytes + frameTag.length)
  input.set(chain)
  input.set(frameTag, chainBytes)
  return hash('sha256', input, 'buffer')
}

/** Stands for the tag of bytes that have none: what was published is no frame, but it has its place in the chain. */
export function chainTag(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer').subarray(0, 16)
}
