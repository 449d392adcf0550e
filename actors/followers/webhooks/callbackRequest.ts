import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { callableAddress, type Resolve } from './callbackAddress.ts'

const connectTimeoutMs = 3_000
export const callTimeoutMs = 10_000
/** Of the answer's body as much is kept; no more is read than the second number says. */
const responseKeptBytes = 1_024
const responseReadBytesMax = 64 * 1_024
const idleSocketMs = 15_000

/** What one call came to. `status` is 0 when there was no answer. */
export type CallResult = {
  readonly status: number
  readonly error: string
  readonly durationMs: number
  readonly response: string
  /** What the receiver asked us to wait, if it did. */
  readonly retryAfterS: number | undefined
}

export type Call = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly attempt: number
}

export type CallerOptions = {
  readonly loopback: boolean
  /** Believed instead of what the runtime believes by itself. */
  readonly authorities?: readonly string[]
  readonly callsPerHostMax: number
  readonly timeoutMs?: number
  readonly resolve?: Resolve
}

/** Calls merchants: a POST whose address was judged, that ends in time, follows nothing and reads little. */
export class CallbackCaller {
  readonly #o: CallerOptions
  readonly #plain: HttpAgent
  readonly #secure: Agent

  constructor(options: CallerOptions) {
    this.#o = options
    const pool = { keepAlive: true, maxSockets: options.callsPerHostMax, timeout: idleSocketMs }
    this.#plain = new HttpAgent(pool)
    this.#secure = new Agent(pool)
  }

  /** Never rejects: whatever goes wrong is what the call came to. */
  async call(call: Call): Promise<CallResult> {
    const beganMs = performance.now()
    const told = await this.#once(call, beganMs).catch((error: unknown) => failed(error))
    // A kept connection that the other side closed in the same moment: nothing is known to be wrong with it.
    const again = told.stale ? await this.#once(call, beganMs).catch((error: unknown) => failed(error)) : told
    const { status, error, response, retryAfterS } = again
    return { status, error, response, retryAfterS, durationMs: Math.round(performance.now() - beganMs) }
  }

  async #once({ url, headers, body, attempt }: Call, beganMs: number): Promise<Told> {
    const { loopback, resolve, authorities, timeoutMs = callTimeoutMs } = this.#o
    const target = new URL(url)
    const secure = target.protocol === 'https:'
    const leftMs = (): number => Math.max(1, timeoutMs - (performance.now() - beganMs))
    const address = await within(
      callableAddress(target.hostname, attempt, loopback, resolve),
      Math.min(connectTimeoutMs, leftMs()),
      'the name was not resolved in time',
    )
    const options = {
      method: 'POST',
      host: address,
      port: target.port === '' ? (secure ? 443 : 80) : Number(target.port),
      path: target.pathname + target.search,
      headers: { ...headers, host: target.host, 'content-length': String(Buffer.byteLength(body)) },
    }
    const tls = { ...nameOf(target), ...(authorities === undefined ? {} : { ca: [...authorities] }) }
    const sent = secure
      ? httpsRequest({ ...options, ...tls, agent: this.#secure })
      : httpRequest({ ...options, agent: this.#plain })
    return toldBy(sent, body, leftMs())
  }

  close(): void {
    this.#plain.destroy()
    this.#secure.destroy()
  }
}

/** The certificate must be the name's, not that of the address which stands in its place. */
function nameOf({ hostname }: URL): { servername: string } | Record<never, never> {
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? { servername: hostname } : {}
}

type Told = Omit<CallResult, 'durationMs'> & { stale: boolean }

const failed = (error: unknown, stale = false): Told => {
  const message = error instanceof Error ? error.message : String(error)
  return { status: 0, error: message.slice(0, 200), response: '', retryAfterS: undefined, stale }
}

function toldBy(sent: ClientRequest, body: string, leftMs: number): Promise<Told> {
  return new Promise((resolve) => {
    let isAnswered = false
    // Whatever the request says of itself after that: a call that never ended would keep its place for good.
    const giveUp = (what: string): void => {
      sent.destroy()
      if (!isAnswered) end(failed(new Error(what)))
    }
    const late = setTimeout(() => giveUp('no answer in time'), leftMs)
    const slow = setTimeout(() => {
      if (sent.socket === null || sent.socket.connecting) giveUp('no connection in time')
    }, connectTimeoutMs)
    const end = (told: Told): void => {
      clearTimeout(late)
      clearTimeout(slow)
      resolve(told)
    }
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (!isAnswered) end(failed(error, sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')))
    })
    sent.once('response', (answer) => {
      isAnswered = true
      void readSome(answer).then((response) => end(answered(answer, response)))
    })
    // Another protocol was not asked for, and its connection is nobody's but ours to end.
    sent.once('upgrade', (answer, socket) => {
      isAnswered = true
      socket.destroy()
      end(answered(answer, ''))
    })
    sent.once('close', () => {
      if (!isAnswered) end(failed(new Error('the connection was closed without an answer')))
    })
    sent.end(body)
  })
}

function answered({ statusCode = 0, headers }: IncomingMessage, response: string): Told {
  const retryAfterS = /^\d{1,6}$/.test(headers['retry-after'] ?? '') ? Number(headers['retry-after']) : undefined
  const error = statusCode >= 200 && statusCode < 300 ? '' : `answered ${statusCode}`
  return { status: statusCode, error, response, retryAfterS, stale: false }
}

/** A body that does not end, or breaks off, takes nothing from what was answered. */
async function readSome(answer: IncomingMessage): Promise<string> {
  const kept: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (bytes < responseKeptBytes) kept.push(chunk.subarray(0, responseKeptBytes - bytes))
      bytes += chunk.length
      if (bytes > responseReadBytesMax) break
    }
  } catch {
    answer.destroy()
  }
  return new TextDecoder().decode(Buffer.concat(kept))
}

function within<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(what)), timeoutMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
