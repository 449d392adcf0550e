import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'

/** AES-256-GCM (NIST SP 800-38D) with a 12-byte nonce and a 16-byte tag, which is all that this project uses. */
export const keyBytes = 32
export const nonceBytes = 12
export const tagBytes = 16

/** A key that can be used but not printed. */
export type AeadKey = {
  readonly secret: KeyObject
  /** The same key for WebCrypto, imported on first use. */
  web: Promise<CryptoKey> | undefined
}

/** The sealed bytes, their tag or what they are bound to were changed, or the key is another one. */
export class TagMismatch extends Error {
  constructor() {
    super('AES-GCM tag does not match')
    this.name = 'TagMismatch'
  }
}

/**
 * Deno's node:crypto runs AES-GCM at a fifth of the speed of its WebCrypto, which in turn costs tens of microseconds
 * a call; Node's node:crypto wins at every size.
 */
const webCryptoBytesMin = 'Deno' in globalThis ? 16 * 1024 : Number.POSITIVE_INFINITY

/** True where sealing or opening this many bytes is better done by the asynchronous functions. */
export function prefersWebCrypto(bytes: number): boolean {
  return bytes >= webCryptoBytesMin
}

export function aeadKey(bytes: Uint8Array): AeadKey {
  if (bytes.length !== keyBytes) throw new Error(`an AES-256 key has ${keyBytes} bytes, not ${bytes.length}`)
  return { secret: createSecretKey(bytes), web: undefined }
}

/** Seals `plain` into `target`: ciphertext, then tag. `target` holds `plain.length` + 16 bytes. */
export function seal(key: AeadKey, nonce: Uint8Array, bound: Uint8Array, plain: Uint8Array, target: Uint8Array): void {
  const cipher = createCipheriv('aes-256-gcm', key.secret, nonce)
  cipher.setAAD(bound)
  target.set(cipher.update(plain))
  cipher.final()
  target.set(cipher.getAuthTag(), plain.length)
}

/**
 * Opens ciphertext ‖ tag into a buffer of its own, on a boundary of 8 bytes.
 * @throws TagMismatch
 */
export function open(key: AeadKey, nonce: Uint8Array, bound: Uint8Array, sealed: Uint8Array): Uint8Array {
  const plainBytes = sealed.length - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', key.secret, nonce, { authTagLength: tagBytes })
  decipher.setAAD(bound)
  decipher.setAuthTag(sealed.subarray(plainBytes))
  const plain = decipher.update(sealed.subarray(0, plainBytes))
  try {
    decipher.final()
  } catch {
    throw new TagMismatch()
  }
  return aligned(plain)
}

/** As `seal`, by WebCrypto. */
export async function sealByWebCrypto(
  key: AeadKey,
  nonce: Uint8Array,
  bound: Uint8Array,
  plain: Uint8Array,
  target: Uint8Array,
): Promise<void> {
  const sealed = await crypto.subtle.encrypt(webParams(nonce, bound), await webKey(key), bufferSource(plain))
  target.set(new Uint8Array(sealed))
}

/**
 * As `open`, by WebCrypto.
 * @throws TagMismatch
 */
export async function openByWebCrypto(
  key: AeadKey,
  nonce: Uint8Array,
  bound: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const web = await webKey(key)
  try {
    return new Uint8Array(await crypto.subtle.decrypt(webParams(nonce, bound), web, bufferSource(sealed)))
  } catch (error) {
    // WebCrypto answers a wrong tag with OperationError; anything else is a fault of ours and must be seen.
    if (error instanceof Error && error.name === 'OperationError') throw new TagMismatch()
    throw error
  }
}

function webKey(key: AeadKey): Promise<CryptoKey> {
  key.web ??= crypto.subtle.importKey('raw', bufferSource(key.secret.export()), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ])
  return key.web
}

function webParams(nonce: Uint8Array, bound: Uint8Array): AesGcmParams {
  return { name: 'AES-GCM', iv: bufferSource(nonce), additionalData: bufferSource(bound), tagLength: tagBytes * 8 }
}

/** Every buffer of ours is an ArrayBuffer; the type of a plain Uint8Array also admits shared memory. */
function bufferSource(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}

function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : new Uint8Array(bytes)
}
