import { sign9421 } from '../client/node.ts'
import type { RequestSigner } from '../client/requests.ts'

/** What a request is made of; its body goes as it is, or as JSON. */
export type Asking = {
  readonly by?: RequestSigner
  readonly json?: unknown
  readonly bytes?: Uint8Array | string
  readonly type?: string
  readonly headers?: Record<string, string>
  /** Headers that signing makes. */
  readonly headersOf?: () => Record<string, string>
  /** What is signed, where that is not what is sent. */
  readonly signedAtMs?: number
  readonly signedPath?: string
  readonly signedBody?: string
}
export type Told = {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly bytes: Uint8Array
  readonly headers: Headers
}

/** The headers that sign a request. */
export function signatureOf(
  signer: RequestSigner,
  method: string,
  url: URL,
  body: Uint8Array,
  { signedAtMs, signedPath, signedBody, headers }: Asking,
): Record<string, string> {
  const signed = signedPath === undefined ? url : new URL(signedPath, url)
  const signedBytes = signedBody === undefined ? body : Buffer.from(signedBody)
  return sign9421(signer, method, signed, signedBytes, signedAtMs, headers?.['idempotency-key'])
}

export async function toldBy(response: Response): Promise<Told> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  const json = response.headers.get('content-type')?.includes('json') === true
  const body = json ? (JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>) : {}
  return { status: response.status, body, bytes, headers: response.headers }
}
