import { randomBytes } from 'node:crypto'
import { nonceBytes, open, seal, TagMismatch, tagBytes } from '../../actors/log/aead.ts'
import type { KeyPurpose, KeyRing } from '../../actors/log/keyRing.ts'

const keyIdBytes = 4
const headBytes = keyIdBytes + nonceBytes

/** What a text is for: no text of one use opens as one of another. */
export type SealedUse = { readonly purpose: KeyPurpose; readonly bound: Uint8Array }

/** Seals bytes under a key of the ring into text for addresses and cookies: nobody else can make, change or read it. */
export function sealedText(ring: KeyRing, { purpose, bound }: SealedUse, plain: Uint8Array): string {
  const { id, key } = ring.current(purpose)
  const bytes = Buffer.alloc(headBytes + plain.length + tagBytes)
  const nonce = randomBytes(nonceBytes)
  bytes.writeUInt32BE(id, 0)
  bytes.set(nonce, keyIdBytes)
  seal(key, nonce, bound, plain, bytes.subarray(headBytes))
  return bytes.toString('base64url')
}

/** Undefined for what was not made with this ring for this use, or was changed. */
export function openedText(ring: KeyRing, { purpose, bound }: SealedUse, text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // Base64 has several texts for some bytes: only one of them is the text.
  if (bytes.length < headBytes + tagBytes || bytes.toString('base64url') !== text) return undefined
  const kek = ring.byId(bytes.readUInt32BE(0))
  if (kek?.purpose !== purpose) return undefined
  try {
    return Buffer.from(open(kek.key, bytes.subarray(keyIdBytes, headBytes), bound, bytes.subarray(headBytes)))
  } catch (error) {
    if (error instanceof TagMismatch) return undefined
    throw error
  }
}
