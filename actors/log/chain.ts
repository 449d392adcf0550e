import { hash } from 'node:crypto'

export const chainBytes = 32

/** The chain of a log from which nothing was read yet. */
export const chainStart: Uint8Array = new Uint8Array(chainBytes)

/**
 * chain = SHA-256(chain ‖ tag). Two replicas that read the same frames in the same order hold the same chain, so a lost
 * tail, a swapped frame or a copy that went its own way shows in one comparison.
 * @param tag the frame's own tag, or `chainTag` of a message that did not open
 * @returns a new buffer; `chain` is left as it is.
 */
export function nextChain(chain: Uint8Array, tag: Uint8Array): Uint8Array {
  if (chain.length !== chainBytes) throw new Error(`a chain has ${chainBytes} bytes, not ${chain.length}`)
  const input = Buffer.allocUnsafe(chainBytes + tag.length)
  input.set(chain)
  input.set(tag, chainBytes)
  return hash('sha256', input, 'buffer')
}

/**
 * Stands for a message that does not open as a frame: whatever it says about its tag proves nothing, so all of its
 * bytes count. 32 bytes, so that it cannot pass for the 16 of a frame's tag.
 */
export function chainTag(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer')
}
