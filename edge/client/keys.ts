import { type Bytes, bytesOfBase64, bytesOfBase64Url, hexOf } from './encoding.ts'

/** Signs requests as HTTP messages (RFC 9421): wallets by P-256, institutions and operators by Ed25519. */
export type Signer = {
  /** A wallet's id, or "institution:1", "operator:1", or of a merchant's sub-user "M1048576/users/2". */
  readonly keyId: string
  readonly algorithm: 'ed25519' | 'ecdsa-p256-sha256'
  sign(base: Bytes): Promise<Bytes>
}

/** A wallet's key: signs payments and requests. The private part need not be readable, not even by this program. */
export type WalletKey = {
  readonly privateKey: CryptoKey
  /** The compressed point, as a wallet is opened with. */
  readonly publicKeyHex: string
}

const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const
const ecdsa = { name: 'ECDSA', hash: 'SHA-256' } as const

/** @param extractable whether the private part can ever be written out; a browser keeps one in IndexedDB that cannot */
export async function newWalletKey(extractable = false): Promise<WalletKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(p256, extractable, ['sign', 'verify'])
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
  return { privateKey, publicKeyHex: compressed(point.subarray(1, 33), point.subarray(33)) }
}

/**
 * @param key PKCS#8 in PEM, as `npx jiaozi` keeps wallet keys, or a JWK
 * @throws TypeError when it is no private key on P-256
 */
export async function importWalletKey(key: string | JsonWebKey): Promise<WalletKey> {
  const jwk = typeof key === 'string' ? await jwkOf(key) : key
  if (jwk.crv !== 'P-256' || jwk.x === undefined || jwk.y === undefined || jwk.d === undefined) {
    throw new TypeError('the key is not a private key on P-256')
  }
  const privateKey = await crypto.subtle.importKey('jwk', { ...jwk, ext: true, key_ops: ['sign'] }, p256, false, [
    'sign',
  ])
  return { privateKey, publicKeyHex: compressed(bytesOfBase64Url(jwk.x), bytesOfBase64Url(jwk.y)) }
}

async function jwkOf(pem: string): Promise<JsonWebKey> {
  const bytes = pkcs8Of(pem)
  try {
    const read = await crypto.subtle.importKey('pkcs8', bytes, p256, true, ['sign'])
    return await crypto.subtle.exportKey('jwk', read)
  } catch {
    throw new TypeError('the key is not a private key on P-256')
  }
}

/** SEC 1 §2.3.3: whether y is odd, then x. */
function compressed(x: Bytes, y: Bytes): string {
  return (y.at(-1)! % 2 === 1 ? '03' : '02') + hexOf(x)
}

export function walletSigner(walletId: string, { privateKey }: WalletKey): Signer {
  return { keyId: walletId, algorithm: 'ecdsa-p256-sha256', sign: (base) => signP256(privateKey, base) }
}

/** A merchant's sub-user, who signs with a key of its own: a till, or somebody in its accounts. */
export function subUserSigner(walletId: string, userNo: number, key: WalletKey): Signer {
  return walletSigner(`${walletId}/users/${userNo}`, key)
}

/** r and s as they are, 64 bytes (RFC 9421 §3.3.4). */
export async function signP256(key: CryptoKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign(ecdsa, key, message))
}

/**
 * @param keyId institution or operator, with its number: "institution:1"
 * @param pem PKCS#8 of the Ed25519 key
 * @throws TypeError when it is none
 */
export async function principalSigner(keyId: string, pem: string): Promise<Signer> {
  const bytes = pkcs8Of(pem)
  let key: CryptoKey
  try {
    key = await crypto.subtle.importKey('pkcs8', bytes, 'Ed25519', false, ['sign'])
  } catch {
    throw new TypeError('the key is not a private key of Ed25519')
  }
  const sign = async (base: Bytes) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, base))
  return { keyId, algorithm: 'ed25519', sign }
}

function pkcs8Of(pem: string): Bytes {
  const match = /-----BEGIN PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END PRIVATE KEY-----/.exec(pem)
  if (match === null) throw new TypeError('the key is not PKCS#8 in PEM')
  return bytesOfBase64(match[1]!.replaceAll(/\s/g, ''))
}
