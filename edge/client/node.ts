import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { Agent, request } from 'node:https'
import { canonicalPayment, type PaymentText } from '../wire/canonical.ts'
import { signatureBase } from './messageSignature.ts'
import { defaultRetries, type Exchange, type RequestSigner, type RetryPolicy, sendWithRetries } from './requests.ts'

/**
 * The client of this repository's own programs: any path, every answer as it came, synchronous signatures. It shares
 * with the client for others what is signed and how answers are judged (docs/adr/0020).
 */
export { newId } from './ids.ts'
export { ApiProblem, OutcomeUnknown } from './requests.ts'

/** Connections to an edge that are kept and shared, trusting the given CA. */
export function nodeExchange(baseUrl: string, ca: Buffer | string | undefined, connectionsMax = 256): Exchange {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connectionsMax,
    scheduling: 'lifo',
    ...(ca === undefined ? {} : { ca }),
  })
  const { hostname, port } = new URL(baseUrl)
  return (method, path, headers, body, timeoutMs) =>
    new Promise((resolve, reject) => {
      const length = body.length > 0 ? { 'content-length': String(body.length) } : {}
      const options = {
        host: hostname,
        port: Number(port || 443),
        method,
        path,
        agent,
        headers: { ...headers, ...length },
      }
      const call = request(options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          clearTimeout(timer)
          const answered = response.headers as Record<string, string>
          resolve({ status: response.statusCode ?? 0, headers: answered, body: Buffer.concat(chunks) })
        })
      })
      const timer = setTimeout(() => call.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      call.on('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      call.end(body.length > 0 ? body : undefined)
    })
}

/** A wallet's key: signs payments and requests. */
export type WalletKey = { privateKey: KeyObject; publicKeyHex: string }

export function newWalletKey(): WalletKey {
  return walletKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
}

/** @param key PKCS#8 PEM or a key object of P-256 */
export function walletKeyOf(key: KeyObject | string): WalletKey {
  const privateKey = typeof key === 'string' ? createPrivateKey(key) : key
  const { x, y } = privateKey.export({ format: 'jwk' })
  const odd = (Buffer.from(y!, 'base64url').at(-1)! & 1) === 1
  return { privateKey, publicKeyHex: (odd ? '03' : '02') + Buffer.from(x!, 'base64url').toString('hex') }
}

export function walletSigner(walletId: string, { privateKey }: WalletKey): RequestSigner {
  return {
    keyId: walletId,
    algorithm: 'ecdsa-p256-sha256',
    // RFC 9421 §3.3.4: r and s as they are, 64 bytes.
    sign: (base) => sign('sha256', base, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  }
}

/** A merchant's sub-user, who signs with a key of its own. */
export function subUserSigner(walletId: string, userNo: number, key: WalletKey): RequestSigner {
  return walletSigner(`${walletId}/users/${userNo}`, key)
}

/** @param role institution or operator, with its number: "institution:1" */
export function principalSigner(role: string, privateKeyPem: string): RequestSigner {
  const key = createPrivateKey(privateKeyPem)
  return { keyId: role, algorithm: 'ed25519', sign: (base) => sign(null, base, key) }
}

/** A payment ready to send: the same bytes on every try. */
export function signPayment(payment: PaymentText, { privateKey }: WalletKey): PaymentText & { signature: string } {
  const signature = sign('sha256', canonicalPayment(payment), { key: privateKey, dsaEncoding: 'der' })
  return { ...payment, signature: signature.toString('hex') }
}

export type Client = {
  /**
   * Sends a request signed by `signer`, again and again under the same ids until it is answered. Bytes go as they are,
   * of the content-type that the headers name; anything else as JSON. Names of headers are in lower case.
   */
  call(
    signer: RequestSigner | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown>; raw: Uint8Array }>
}

export function createClient(baseUrl: string, exchange: Exchange, retries: RetryPolicy = defaultRetries): Client {
  return {
    call(signer, method, path, body, headers = {}) {
      const bytes = bytesOf(body)
      const url = new URL(path, baseUrl)
      const plain: Record<string, string> = { accept: 'application/json', ...headers }
      if (bytes.length > 0) plain['content-type'] ??= 'application/json'
      return sendWithRetries(() => {
        const id = plain['idempotency-key']
        const signed = signer === undefined ? {} : sign9421(signer, method, url, bytes, Date.now(), id)
        return exchange(method, url.pathname + url.search, { ...plain, ...signed }, bytes, retries.timeoutMs)
      }, retries)
    },
  }
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  return body === undefined ? new Uint8Array(0) : new TextEncoder().encode(JSON.stringify(body))
}

/**
 * The headers that sign a request (RFC 9421), as made at `nowMs`.
 * @param idempotencyKey the request's header of this name, which must be signed where there is one
 */
export function sign9421(
  signer: RequestSigner,
  method: string,
  url: URL,
  body: Uint8Array,
  nowMs: number = Date.now(),
  idempotencyKey?: string,
): Record<string, string> {
  const sha256 = body.length === 0 ? undefined : createHash('sha256').update(body).digest()
  const { keyId, algorithm } = signer
  const { base, headersWith } = signatureBase({ keyId, algorithm, method, url, sha256, idempotencyKey, nowMs })
  return headersWith(signer.sign(base))
}
