import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  timingSafeEqual,
  verify as verifyBytes,
} from 'node:crypto'

/** Standard Webhooks 1.0: how what a merchant is told is signed, symmetrically (`v1`) and with Ed25519 (`v1a`). */
export const webhookHeaders = {
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
} as const

export const secretPrefix = 'whsec_'
export const publicKeyPrefix = 'whpk_'
/** How far the time of a message may lie from the clock of who receives it. */
export const toleranceS = 300

const seedPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** What is signed: the id, the time and the body, so that none of them can be exchanged. */
const signedContent = (id: string, timestampS: number | string, body: string): Buffer =>
  Buffer.from(`${id}.${timestampS}.${body}`)

const hmac = (secret: Uint8Array, content: Uint8Array): Buffer => createHmac('sha256', secret).update(content).digest()

/** One generation of a merchant's secrets, ready to sign. */
export type WebhookSecret = { readonly symmetric: Uint8Array; readonly ed25519: KeyObject }

/** The header's value: every secret signs both ways, the newest first. */
export function signWebhook(secrets: readonly WebhookSecret[], id: string, timestampS: number, body: string): string {
  const content = signedContent(id, timestampS, body)
  return secrets
    .flatMap(({ symmetric, ed25519 }) => [
      `v1,${hmac(symmetric, content).toString('base64')}`,
      `v1a,${signBytes(null, content, ed25519).toString('base64')}`,
    ])
    .join(' ')
}

export function ed25519Of(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([seedPrefix, seed]), format: 'der', type: 'pkcs8' })
}

/** As merchants are shown it, to verify with. */
export function publicKeyText(key: KeyObject): string {
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return publicKeyPrefix + der.subarray(publicPrefix.length).toString('base64')
}

export const secretText = (symmetric: Uint8Array): string => secretPrefix + Buffer.from(symmetric).toString('base64')

type Headers = { readonly [name: string]: string | undefined }

/**
 * Verifies what somebody says we told them.
 * @param key `whsec_…`, its base64 alone, or `whpk_…`
 * @throws Error when the key is none, or the message is not one that was signed with it lately
 */
export function verifyWebhook(key: string, headers: Headers, body: string, nowS: number): void {
  const verify = verifierOf(key)
  const { [webhookHeaders.id]: id, [webhookHeaders.timestamp]: time, [webhookHeaders.signature]: signatures } = headers
  if (!id || !time || !signatures) throw new Error('a header of the webhook is missing')
  if (!/^\d{1,12}$/.test(time)) throw new Error('the time of the webhook is no number')
  if (Math.abs(nowS - Number(time)) > toleranceS) throw new Error('the time of the webhook is too far from now')
  const content = signedContent(id, time, body)
  if (!signatures.split(' ').some((one) => verify(one, content))) throw new Error('no signature of the webhook fits')
}

function verifierOf(key: string): (signature: string, content: Buffer) => boolean {
  if (key.startsWith(publicKeyPrefix)) {
    const raw = Buffer.from(key.slice(publicKeyPrefix.length), 'base64')
    if (raw.length !== 32) throw new Error('the public key has not 32 bytes')
    const publicKey = createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' })
    return (signature, content) =>
      signature.startsWith('v1a,') && verifyBytes(null, content, publicKey, Buffer.from(signature.slice(4), 'base64'))
  }
  const secret = Buffer.from(key.startsWith(secretPrefix) ? key.slice(secretPrefix.length) : key, 'base64')
  if (secret.length === 0) throw new Error('the secret is empty')
  return (signature, content) => {
    if (!signature.startsWith('v1,')) return false
    const [given, right] = [Buffer.from(signature.slice(3)), Buffer.from(hmac(secret, content).toString('base64'))]
    return given.length === right.length && timingSafeEqual(given, right)
  }
}
