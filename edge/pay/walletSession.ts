import { randomBytes } from 'node:crypto'
import { nonceBytes, open, seal, TagMismatch, tagBytes } from '../../actors/log/aead.ts'
import type { KeyRing } from '../../actors/log/keyRing.ts'

const purpose = 'pay-link'
const bound = Buffer.from('jiaozi-development-wallet-v1')
const keyIdBytes = 4
const headBytes = keyIdBytes + nonceBytes

/** What a browser shows to see a development wallet: sealed, so that nobody sees one that was not made there. */
export function sealedWallet(ring: KeyRing, walletId: string): string {
  const { id, key } = ring.current(purpose)
  const plain = Buffer.from(walletId)
  const session = Buffer.alloc(headBytes + plain.length + tagBytes)
  const nonce = randomBytes(nonceBytes)
  session.writeUInt32BE(id, 0)
  session.set(nonce, keyIdBytes)
  seal(key, nonce, bound, plain, session.subarray(headBytes))
  return session.toString('base64url')
}

/** Undefined for what was not sealed here. */
export function openedWallet(ring: KeyRing, session: string): string | undefined {
  const bytes = Buffer.from(session, 'base64url')
  if (bytes.length <= headBytes + tagBytes) return undefined
  const kek = ring.byId(bytes.readUInt32BE(0))
  if (kek?.purpose !== purpose) return undefined
  try {
    const plain = open(kek.key, bytes.subarray(keyIdBytes, headBytes), bound, bytes.subarray(headBytes))
    return Buffer.from(plain).toString()
  } catch (error) {
    if (error instanceof TagMismatch) return undefined
    throw error
  }
}
