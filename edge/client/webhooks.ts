import { type Bytes, bytesOfBase64, utf8 } from './encoding.ts'

/** It comes from whom the keys belong to, lately, and nobody changed it. */
export type Genuine = {
  readonly kind: 'genuine'
  /** The same each time that one event is delivered: what was handled under it is not handled again. */
  readonly id: string
  readonly sentAtMs: number
  /** What was signed, as it came. */
  readonly text: string
}

export type Judged = Genuine | { readonly kind: 'forged'; readonly why: string }

type Heads = Headers | Readonly<Record<string, string | string[] | undefined>>
type Verify = (signed: Bytes, signature: Bytes) => Promise<boolean>

const toleranceSecondsDefault = 300

/**
 * Whether a callback is genuine (Standard Webhooks). Give the body as it came: one that was parsed and written anew is
 * another one.
 * @param keys what the merchant was given: `whsec_…` (HMAC-SHA256) or `whpk_…` (Ed25519); while they change, both
 * @throws TypeError when a key is none, which is the receiver's mistake and not the sender's
 */
export async function verifyWebhook(
  headers: Heads,
  body: string | Uint8Array,
  keys: readonly string[],
  { nowMs = Date.now(), toleranceSeconds = toleranceSecondsDefault } = {},
): Promise<Judged> {
  if (keys.length === 0) throw new TypeError('without a key nothing can be verified')
  const known = await Promise.all(keys.map((key) => readKey(key)))
  const head = (name: string): string => textOf(headers, `webhook-${name}`)
  const [id, timestamp, signatures] = [head('id'), head('timestamp'), head('signature')]
  if (id === '' || timestamp === '' || signatures === '') return forged('a header is missing')
  if (!/^\d{1,12}$/.test(timestamp)) return forged('the timestamp is none')
  if (Math.abs(Math.floor(nowMs / 1_000) - Number(timestamp)) > toleranceSeconds) {
    return forged('it was not sent lately, or a clock is wrong')
  }
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  const signed = joined(utf8(`${id}.${timestamp}.`), typeof body === 'string' ? utf8(body) : body)
  for (const given of signatures.split(' ')) {
    const [version = '', encoded = ''] = given.split(',')
    const signature = bytesOrNone(encoded)
    for (const key of known) {
      if (key.version === version && (await key.verify(signed, signature))) {
        return { kind: 'genuine', id, sentAtMs: Number(timestamp) * 1_000, text }
      }
    }
  }
  return forged('no signature is of one of the keys')
}

const forged = (why: string): Judged => ({ kind: 'forged', why })

function textOf(headers: Heads, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? ''
  const value = headers[name]
  return (Array.isArray(value) ? value.join(' ') : value) ?? ''
}

function joined(head: Bytes, tail: Uint8Array): Bytes {
  const all = new Uint8Array(head.length + tail.length)
  all.set(head)
  all.set(tail, head.length)
  return all
}

function bytesOrNone(encoded: string): Bytes {
  try {
    return bytesOfBase64(encoded)
  } catch {
    return new Uint8Array(0)
  }
}

/** A public key says so by its prefix; everything else is a secret, with its prefix or without. */
function readKey(key: string): Promise<{ version: string; verify: Verify }> {
  return key.startsWith('whpk_') ? publicKey(key) : secretKey(key)
}

async function secretKey(key: string): Promise<{ version: string; verify: Verify }> {
  const bytes = keyBytes(key.startsWith('whsec_') ? key.slice('whsec_'.length) : key)
  const hmac = { name: 'HMAC', hash: 'SHA-256' } as const
  const imported = await crypto.subtle.importKey('raw', bytes, hmac, false, ['verify'])
  // The platform compares in constant time.
  return { version: 'v1', verify: (signed, signature) => crypto.subtle.verify('HMAC', imported, signature, signed) }
}

async function publicKey(key: string): Promise<{ version: string; verify: Verify }> {
  const bytes = keyBytes(key.slice('whpk_'.length))
  if (bytes.length !== 32) throw new TypeError('a public key of callbacks has 32 bytes')
  const imported = await crypto.subtle.importKey('raw', bytes, 'Ed25519', false, ['verify'])
  const verify: Verify = async (signed, signature) =>
    signature.length === 64 && crypto.subtle.verify('Ed25519', imported, signature, signed)
  return { version: 'v1a', verify }
}

function keyBytes(encoded: string): Bytes {
  const bytes = bytesOrNone(encoded)
  if (bytes.length === 0) throw new TypeError('a key of callbacks is whsec_ or whpk_ and base64')
  return bytes
}
