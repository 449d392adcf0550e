import { type Bytes, base64Of, utf8 } from './encoding.ts'
import type { Signer } from './keys.ts'

type ToSign = {
  readonly keyId: string
  readonly algorithm: string
  readonly method: string
  readonly url: URL
  /** Of the body, where there is one. */
  readonly sha256: Uint8Array | undefined
  readonly idempotencyKey?: string | undefined
  readonly nowMs: number
}

/**
 * What signs a request (RFC 9421): the bytes to be signed, over its method, path, query, body and, where it has one, its
 * id; and the headers that go with their signature. Every client of ours signs by this one.
 */
export function signatureBase({ keyId, algorithm, method, url, sha256, idempotencyKey, nowMs }: ToSign) {
  const covered = [
    ['@method', method],
    ['@path', url.pathname],
    ['@query', url.search === '' ? '?' : url.search],
  ]
  const digest = sha256 === undefined ? undefined : `sha-256=:${base64Of(sha256)}:`
  if (digest !== undefined) covered.push(['content-digest', digest])
  if (idempotencyKey !== undefined) covered.push(['idempotency-key', idempotencyKey])
  const names = covered.map(([name]) => `"${name}"`).join(' ')
  const createdSeconds = Math.floor(nowMs / 1_000)
  const input = `(${names});created=${createdSeconds};keyid=${quoted(keyId)};alg="${algorithm}"`
  const lines = [...covered.map(([name, value]) => `"${name}": ${value}`), `"@signature-params": ${input}`]
  const headersWith = (signature: Uint8Array): Record<string, string> => ({
    ...(digest === undefined ? {} : { 'content-digest': digest }),
    'signature-input': `sig1=${input}`,
    signature: `sig1=:${base64Of(signature)}:`,
  })
  return { base: utf8(lines.join('\n')), headersWith }
}

/** The headers that sign a request. */
export async function signatureHeaders(
  signer: Signer,
  method: string,
  url: URL,
  body: Bytes,
  idempotencyKey: string | undefined,
  nowMs: number,
): Promise<Record<string, string>> {
  const sha256 = body.length === 0 ? undefined : new Uint8Array(await crypto.subtle.digest('SHA-256', body))
  const { keyId, algorithm } = signer
  const { base, headersWith } = signatureBase({ keyId, algorithm, method, url, sha256, idempotencyKey, nowMs })
  return headersWith(await signer.sign(base))
}

/** @throws TypeError when no structured field can hold it (RFC 8941 §3.3.3) */
function quoted(keyId: string): string {
  if (!/^[\x20-\x7e]*$/.test(keyId)) throw new TypeError('the id of a key is printable ASCII')
  return `"${keyId.replaceAll(/["\\]/g, '\\$&')}"`
}
