import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/**
 * How our connectors, the bank and the central bank sign what they say to each other. Both sides of the wire use this
 * one file, although they share nothing else: it is the agreement itself, as a bank's interface specification would
 * be, and it keeps no state and decides nothing about money. Two copies could only drift apart.
 *
 * Request: HMAC-SHA256 over `request`, method, path with query, timestamp and the body's SHA-256, one a line.
 * Answer: HMAC-SHA256 over `answer`, status, the signature of the request it belongs to, timestamp and body digest, so
 * that a genuine answer to one request is not taken for the answer to another.
 */
export const signerHeader = 'jiaozi-signer'
export const timestampHeader = 'jiaozi-timestamp'
export const signatureHeader = 'jiaozi-signature'

/** A signed message counts for this long either side of its timestamp. */
export const freshnessMs = 5 * 60_000

const secretPattern = /^(?:[0-9a-f]{2}){16,64}$/

/** Reads a shared secret. @throws Error when it is not 16 to 64 bytes in lower-case hex; the message never shows it. */
export function secretKey(hex: string): Buffer {
  if (!secretPattern.test(hex)) throw new Error('a signing secret must be 16 to 64 bytes, written in lower-case hex')
  return Buffer.from(hex, 'hex')
}

export type SignedRequest = { method: string; path: string; timestampMs: number; body: string }
export type SignedAnswer = { status: number; requestSignature: string; timestampMs: number; body: string }

export function signRequest(key: Buffer, request: SignedRequest): string {
  const { method, path, timestampMs, body } = request
  return hmac(key, ['request', method.toUpperCase(), path, String(timestampMs), digest(body)])
}

export function signAnswer(key: Buffer, answer: SignedAnswer): string {
  const { status, requestSignature, timestampMs, body } = answer
  return hmac(key, ['answer', String(status), requestSignature, String(timestampMs), digest(body)])
}

/** Compares in constant time; a signature of another length is simply wrong. */
export function sameSignature(expected: string, given: string): boolean {
  const a = Buffer.from(expected)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The timestamp of a header, or undefined when it is missing, no number, or not fresh. */
export function freshTimestamp(header: string | null | undefined, nowMs: number): number | undefined {
  if (header == null || !/^\d{1,15}$/.test(header)) return undefined
  const timestampMs = Number(header)
  return Math.abs(nowMs - timestampMs) <= freshnessMs ? timestampMs : undefined
}

function digest(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

function hmac(key: Buffer, lines: readonly string[]): string {
  return createHmac('sha256', key).update(lines.join('\n')).digest('hex')
}
