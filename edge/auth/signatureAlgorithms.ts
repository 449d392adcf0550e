import { createPublicKey, ECDH, type KeyObject, verify } from 'node:crypto'
import { keyAlgorithms } from '../../actors/ledger/records.ts'

/** DER of a SubjectPublicKeyInfo of P-256 up to the point, which follows compressed in 33 bytes. */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex')

/** The key is not one that this API takes. */
export class KeyError extends Error {}

/** A public key of a wallet: the curve's compressed point, whether a passkey signs with it or not. */
export function importWalletKey(algorithm: number, key: Uint8Array): KeyObject {
  const known = algorithm === keyAlgorithms.ecdsaP256 || algorithm === keyAlgorithms.webauthnP256
  if (!known) throw new KeyError(`key algorithm ${algorithm} is not supported yet`)
  // OpenSSL in some runtimes takes only the uncompressed form in a SubjectPublicKeyInfo.
  const point = Buffer.from(ECDH.convertKey(key, 'prime256v1', undefined, undefined, 'uncompressed') as Buffer)
  const x = point.subarray(1, 33).toString('base64url')
  const y = point.subarray(33).toString('base64url')
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
}

export function importEd25519Key(key: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([ed25519Prefix, key]), format: 'der', type: 'spki' })
}

/**
 * A P-256 public key as clients may write it, as a compressed point: 66 hex digits of that point, 130 of the whole one,
 * PEM, or a JWK.
 * @throws KeyError when it is none of these, or no point of the curve.
 */
export function compressedPoint(text: string | Record<string, unknown>): Uint8Array {
  try {
    if (typeof text === 'string' && /^(0[23][0-9a-f]{64}|04[0-9a-f]{128})$/i.test(text)) {
      const point = ECDH.convertKey(text, 'prime256v1', 'hex', undefined, 'compressed') as Buffer
      return new Uint8Array(point)
    }
    const key =
      typeof text === 'string' ? createPublicKey(text) : createPublicKey({ key: text as never, format: 'jwk' })
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1' && key.export({ format: 'jwk' }).crv !== 'P-256') {
      throw new KeyError('the key is not on the curve P-256')
    }
    const { x, y } = key.export({ format: 'jwk' })
    const point = Buffer.concat([Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')])
    return new Uint8Array(ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed') as Buffer)
  } catch (error) {
    if (error instanceof KeyError) throw error
    throw new KeyError('the key is not a P-256 public key in hex, PEM or JWK')
  }
}

/**
 * True when `der` is a DER signature of ECDSA P-256 with SHA-256 over `message`. Either s is accepted, since WebCrypto
 * and passkeys make both, which is why nothing may ever be keyed on signature bytes.
 */
export function verifyEcdsa(key: KeyObject, message: Uint8Array, der: Uint8Array): boolean {
  if (!isStrictDer(der)) return false
  try {
    return verify('sha256', message, key, der)
  } catch {
    return false
  }
}

/** SEQUENCE of two positive INTEGERs in their shortest form, and nothing after them. */
function isStrictDer(der: Uint8Array): boolean {
  if (der.length < 8 || der.length > 72 || der[0] !== 0x30 || der[1] !== der.length - 2) return false
  const afterR = endOfInteger(der, 2)
  return afterR > 0 && endOfInteger(der, afterR) === der.length
}

function endOfInteger(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0
  if (der[at] !== 0x02 || length < 1 || length > 33 || at + 2 + length > der.length) return -1
  const first = der[at + 2]!
  if (first >= 0x80) return -1
  if (length > 1 && first === 0 && der[at + 3]! < 0x80) return -1
  return at + 2 + length
}
