import { type Bytes, base64Of, utf8 } from './encoding.ts'
import type { Signer } from './keys.ts'

/** The headers that sign a request (RFC 9421) over its method, path, query, body and, where it has one, its id. */
export async function signatureHeaders(
  signer: Signer,
  method: string,
  url: URL,
  body: Bytes,
  idempotencyKey: string | undefined,
  nowMs: number,
): Promise<Record<string, string>> {
  const headers: Record<string, string> = {}
  const covered = [
    ['@method', method],
    ['@path', url.pathname],
    ['@query', url.search === '' ? '?' : url.search],
  ]
  if (body.length > 0) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body))
    headers['content-digest'] = `sha-256=:${base64Of(digest)}:`
    covered.push(['content-digest', headers['content-digest']])
  }
  if (idempotencyKey !== undefined) covered.push(['idempotency-key', idempotencyKey])
  const names = covered.map(([name]) => `"${name}"`).join(' ')
  const createdSeconds = Math.floor(nowMs / 1_000)
  const input = `(${names});created=${createdSeconds};keyid=${quoted(signer.keyId)};alg="${signer.algorithm}"`
  const lines = [...covered.map(([name, value]) => `"${name}": ${value}`), `"@signature-params": ${input}`]
  const signature = await signer.sign(utf8(lines.join('\n')))
  return { ...headers, 'signature-input': `sig1=${input}`, signature: `sig1=:${base64Of(signature)}:` }
}

/** @throws TypeError when no structured field can hold it (RFC 8941 §3.3.3) */
function quoted(keyId: string): string {
  if (!/^[\x20-\x7e]*$/.test(keyId)) throw new TypeError('the id of a key is printable ASCII')
  return `"${keyId.replaceAll(/["\\]/g, '\\$&')}"`
}
