import { randomBytes } from 'node:crypto'
import { nonceBytes, open, seal, TagMismatch, tagBytes } from '../../actors/log/aead.ts'
import type { KeyRing } from '../../actors/log/keyRing.ts'

/** What a QR code asks for: an order of a merchant to be paid, or the merchant itself, and the payer says how much. */
export type PayLink =
  | { readonly kind: 'order'; readonly merchant: number; readonly orderNo: string; readonly expiresMs: number }
  | { readonly kind: 'merchant'; readonly merchant: number }

const kinds = { order: 1, merchant: 2 } as const
const purpose = 'pay-link'
const keyIdBytes = 4
const merchantAt = 1
const expiresAt = 7
const orderNoAt = 13
const headBytes = keyIdBytes + nonceBytes
const tokenPattern = /^[\w-]{44,160}$/
const bound = Buffer.from('jiaozi-pay-link-v1')
/** Of the six bytes that a number takes here. */
const bytesOfNumber = 6
const text = new TextEncoder()

/**
 * Makes the last part of the addresses in QR codes, and reads it again: sealed under a key of the ring, so that nobody
 * else can make one, change one, or read an order's number out of it.
 */
export class PayLinks {
  readonly #ring: KeyRing

  constructor(ring: KeyRing) {
    this.#ring = ring
  }

  tokenOf(link: PayLink): string {
    const orderNo = link.kind === 'order' ? text.encode(link.orderNo) : new Uint8Array(0)
    const plain = Buffer.alloc(orderNoAt + orderNo.length)
    plain[0] = kinds[link.kind]
    plain.writeUIntBE(link.merchant, merchantAt, bytesOfNumber)
    plain.writeUIntBE(link.kind === 'order' ? link.expiresMs : 0, expiresAt, bytesOfNumber)
    plain.set(orderNo, orderNoAt)
    const { id, key } = this.#ring.current(purpose)
    const token = Buffer.alloc(headBytes + plain.length + tagBytes)
    const nonce = randomBytes(nonceBytes)
    token.writeUInt32BE(id, 0)
    token.set(nonce, keyIdBytes)
    seal(key, nonce, bound, plain, token.subarray(headBytes))
    return token.toString('base64url')
  }

  /** Undefined for a token that was not made with this ring, or was changed. Whether its time is over is not judged. */
  read(token: string): PayLink | undefined {
    const bytes = Buffer.from(tokenPattern.test(token) ? token : '', 'base64url')
    // Base64 has several texts for some bytes: only one of them is the token.
    if (bytes.length < headBytes + orderNoAt + tagBytes || bytes.toString('base64url') !== token) return undefined
    const kek = this.#ring.byId(bytes.readUInt32BE(0))
    if (kek?.purpose !== purpose) return undefined
    try {
      return linkIn(Buffer.from(open(kek.key, bytes.subarray(keyIdBytes, headBytes), bound, bytes.subarray(headBytes))))
    } catch (error) {
      if (error instanceof TagMismatch) return undefined
      throw error
    }
  }
}

function linkIn(plain: Buffer): PayLink | undefined {
  const merchant = plain.readUIntBE(merchantAt, bytesOfNumber)
  if (plain[0] === kinds.merchant) return { kind: 'merchant', merchant }
  if (plain[0] !== kinds.order) return undefined
  const expiresMs = plain.readUIntBE(expiresAt, bytesOfNumber)
  return { kind: 'order', merchant, orderNo: plain.subarray(orderNoAt).toString(), expiresMs }
}
