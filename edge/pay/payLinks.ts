import type { KeyRing } from '../../actors/log/keyRing.ts'
import { openedText, type SealedUse, sealedText } from '../auth/sealedText.ts'

/** What a QR code asks for: an order of a merchant to be paid, or the merchant itself, and the payer says how much. */
export type PayLink =
  | { readonly kind: 'order'; readonly merchant: number; readonly orderNo: string; readonly expiresMs: number }
  | { readonly kind: 'merchant'; readonly merchant: number }

const kinds = { order: 1, merchant: 2 } as const
const merchantAt = 1
const expiresAt = 7
const orderNoAt = 13
const tokenPattern = /^[\w-]{44,160}$/
const use: SealedUse = { purpose: 'pay-link', bound: Buffer.from('jiaozi-pay-link-v1') }
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
    return sealedText(this.#ring, use, plain)
  }

  /** Undefined for a token that was not made with this ring, or was changed. Whether its time is over is not judged. */
  read(token: string): PayLink | undefined {
    const plain = tokenPattern.test(token) ? openedText(this.#ring, use, token) : undefined
    return plain === undefined || plain.length < orderNoAt ? undefined : linkIn(plain)
  }
}

function linkIn(plain: Buffer): PayLink | undefined {
  const merchant = plain.readUIntBE(merchantAt, bytesOfNumber)
  if (plain[0] === kinds.merchant) return { kind: 'merchant', merchant }
  if (plain[0] !== kinds.order) return undefined
  const expiresMs = plain.readUIntBE(expiresAt, bytesOfNumber)
  return { kind: 'order', merchant, orderNo: plain.subarray(orderNoAt).toString(), expiresMs }
}
