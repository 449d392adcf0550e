import { createHash } from 'node:crypto'

/** A wallet's key as the ledger takes it: a compressed point in form only. */
export function simulatedKey(wallet: string, version: number): Uint8Array {
  const key = new Uint8Array(33)
  key[0] = 2
  key.set(sha256(Buffer.from(`${wallet}/${version}`)), 1)
  return key
}

/**
 * Stands in for ECDSA, whose signatures are random and dear: whoever knows the key, here everybody, can sign. What the
 * simulation needs of it is that another key or another message makes another signature.
 */
export function simulatedSignature(key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHash('sha256').update(key).update(message).digest()
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
