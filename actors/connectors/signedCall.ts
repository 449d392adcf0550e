import {
  freshTimestamp,
  sameSignature,
  signAnswer,
  signatureHeader,
  signerHeader,
  signRequest,
  timestampHeader,
} from './wire.ts'

/**
 * `unreachable`, `timeout`, `status`: no word from the far side. `signature`, `malformed`, `mismatch` (it speaks of
 * another request or another amount): a word that proves nothing. `rejected`: the far side, truly, says that the request itself is wrong; another try would meet the same.
 */
export type CallProblem = 'unreachable' | 'timeout' | 'status' | 'signature' | 'malformed' | 'mismatch' | 'rejected'

/** A call that told nothing certain about what happened. The message never shows a body. */
export class CallFault extends Error {
  readonly problem: CallProblem

  constructor(problem: CallProblem, message: string) {
    super(message)
    this.name = 'CallFault'
    this.problem = problem
  }
}

/** A page of a statement, the longest answer there is, takes a tenth of it. */
const answerBytesMax = 8 * 1024 * 1024

export type Caller = { baseUrl: string; key: Buffer; signer: string }

/**
 * Makes one signed call and believes nothing but a genuine, whole answer to this very request.
 * @returns the answer's body
 * @throws CallFault
 */
export async function signedCall(
  caller: Caller,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const text = body === undefined ? '' : JSON.stringify(body)
  const timestampMs = Date.now()
  const requestSignature = signRequest(caller.key, { method, path, timestampMs, body: text })
  const headers = {
    'content-type': 'application/json',
    [signerHeader]: caller.signer,
    [timestampHeader]: String(timestampMs),
    [signatureHeader]: requestSignature,
  }
  const { status, answerText, answerHeaders } = await exchange(caller.baseUrl + path, {
    method,
    headers,
    signal,
    ...(method === 'POST' ? { body: text } : {}),
  })
  if (status >= 500) throw new CallFault('status', `answered ${status}`)
  const answeredMs = freshTimestamp(answerHeaders.get(timestampHeader), Date.now())
  const expected = signAnswer(caller.key, {
    status,
    requestSignature,
    timestampMs: answeredMs ?? 0,
    body: answerText,
  })
  if (answeredMs === undefined || !sameSignature(expected, answerHeaders.get(signatureHeader) ?? '')) {
    throw new CallFault('signature', `answer ${status} is not signed by the far side, or not for this request`)
  }
  if (status >= 400) throw new CallFault('rejected', `request rejected with ${status}`)
  return parseObject(answerText)
}

async function exchange(
  url: string,
  init: RequestInit & { signal: AbortSignal },
): Promise<{ status: number; answerText: string; answerHeaders: Headers }> {
  try {
    const response = await fetch(url, init)
    return { status: response.status, answerText: await textOf(response), answerHeaders: response.headers }
  } catch (error) {
    if (error instanceof CallFault) throw error
    // Whatever the runtime calls it, a broken exchange says nothing about what the far side did.
    if (init.signal.aborted) throw new CallFault('timeout', 'no answer in time')
    throw new CallFault('unreachable', 'the connection failed')
  }
}

/** Whatever stands at the far side's address must not fill our memory. */
async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body ?? []) {
    bytes += part.length
    if (bytes > answerBytesMax) throw new CallFault('malformed', `the answer is longer than ${answerBytesMax} bytes`)
    parts.push(part)
  }
  return new TextDecoder().decode(Buffer.concat(parts))
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Falls through: text that is no JSON is as malformed as JSON that is no object.
  }
  throw new CallFault('malformed', 'the answer is not a JSON object')
}
