import { randomBytes as systemRandomBytes } from 'node:crypto'
import { type AeadKey, aeadKey, keyBytes, nonceBytes, open, seal, TagMismatch, tagBytes } from './aead.ts'
import type { Kek, KeyPurpose, KeyRing } from './keyRing.ts'

export const wrapBytes = nonceBytes + keyBytes + tagBytes

/** What a data key seals; a wrapped key taken from one use opens nothing in another. */
export type DataKeyUse = 'frame' | 'blob'

/** Nonce and key for one sealing, and what the sealed bytes must carry so that they can be opened. */
export type SealingTicket = {
  readonly keyId: number
  /** Nonce ‖ wrapped key ‖ tag, 60 bytes, shared by all tickets of one data key. */
  readonly wrap: Uint8Array
  readonly key: AeadKey
  readonly nonce: Uint8Array
}

type HeldKey = Omit<SealingTicket, 'nonce'>

export type DataKeyLimits = {
  /** Nonces are counted, so they never repeat; the count stays far inside its 8 bytes. */
  readonly sealingsMax: number
  /**
   * Confidentiality of AES-GCM wears off with the number of blocks under one key: RFC 8446 §5.5 stops near 2^38 bytes.
   */
  readonly sealedBytesMax: number
}

const defaultLimits: DataKeyLimits = { sealingsMax: 2 ** 32, sealedBytesMax: 2 ** 38 }

export type DataKeyOptions = {
  readonly limits?: DataKeyLimits
  readonly randomBytes?: (length: number) => Uint8Array
}

/**
 * The data keys of one process for one purpose. Each process makes its own and counts its nonces, so no two
 * sealings anywhere can share key and nonce.
 */
export class DataKeySource {
  readonly #ring: KeyRing
  readonly #purpose: KeyPurpose
  readonly #use: DataKeyUse
  readonly #limits: DataKeyLimits
  readonly #randomBytes: (length: number) => Uint8Array
  #held: HeldKey | undefined
  #sealings = 0
  #sealedBytes = 0

  constructor(ring: KeyRing, purpose: KeyPurpose, use: DataKeyUse, options: DataKeyOptions = {}) {
    this.#ring = ring
    this.#purpose = purpose
    this.#use = use
    this.#limits = options.limits ?? defaultLimits
    this.#randomBytes = options.randomBytes ?? systemRandomBytes
  }

  /** The ticket for sealing `bytes` bytes; it is good for one sealing only. */
  next(bytes: number): SealingTicket {
    const kek = this.#ring.current(this.#purpose)
    let held = this.#held
    if (
      held?.keyId !== kek.id ||
      this.#sealings >= this.#limits.sealingsMax ||
      this.#sealedBytes + bytes > this.#limits.sealedBytesMax
    ) {
      held = this.#make(kek)
    }
    this.#sealedBytes += bytes
    const nonce = new Uint8Array(nonceBytes)
    const view = new DataView(nonce.buffer)
    view.setUint32(4, Math.floor(this.#sealings / 2 ** 32))
    view.setUint32(8, this.#sealings % 2 ** 32)
    this.#sealings++
    return { ...held, nonce }
  }

  #make(kek: Kek): HeldKey {
    const key = this.#randomBytes(keyBytes)
    const wrap = new Uint8Array(wrapBytes)
    const wrapNonce = this.#randomBytes(nonceBytes)
    wrap.set(wrapNonce)
    seal(kek.key, wrapNonce, wrapBinding(kek, this.#use), key, wrap.subarray(nonceBytes))
    this.#held = { keyId: kek.id, wrap, key: aeadKey(key) }
    this.#sealings = 0
    this.#sealedBytes = 0
    return this.#held
  }
}

/** Data keys that were unwrapped lately, so that a sender's key is unwrapped once and not for each frame. */
export class DataKeyCache {
  readonly #use: DataKeyUse
  readonly #keysMax: number
  readonly #keys = new Map<string, AeadKey>()

  constructor(use: DataKeyUse, keysMax = 1_024) {
    this.#use = use
    this.#keysMax = keysMax
  }

  /**
   * @param wrap nonce ‖ wrapped key ‖ tag, 60 bytes
   * @throws TagMismatch when this key-encryption key did not wrap it for this use.
   */
  unwrap(kek: Kek, wrap: Uint8Array): AeadKey {
    if (wrap.length !== wrapBytes) throw new TagMismatch()
    const name = `${kek.id}:${Buffer.from(wrap.buffer, wrap.byteOffset, wrap.length).toString('latin1')}`
    const held = this.#keys.get(name)
    if (held !== undefined) {
      // Map keeps insertion order: moving a used key to the end makes the first one the least recently used.
      this.#keys.delete(name)
      this.#keys.set(name, held)
      return held
    }
    const wrapped = wrap.subarray(nonceBytes)
    const key = aeadKey(open(kek.key, wrap.subarray(0, nonceBytes), wrapBinding(kek, this.#use), wrapped))
    if (this.#keys.size >= this.#keysMax) this.#keys.delete(this.#keys.keys().next().value!)
    this.#keys.set(name, key)
    return key
  }

  get size(): number {
    return this.#keys.size
  }
}

function wrapBinding(kek: Kek, use: DataKeyUse): Uint8Array {
  return Buffer.from(`jiaozi data key|${use}|${kek.id}|${kek.purpose}`)
}
