import type { Problem } from './api.ts'

/** Time and chance, so that a test decides them. */
export type World = {
  nowMs(): number
  random(): number
  /** @returns what calls it off */
  after(delayMs: number, work: () => void): () => void
}

export const world: World = {
  nowMs: () => Date.now(),
  random: () => Math.random(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs)
    return () => clearTimeout(timer)
  },
}

export type Patience = {
  /** For everything together, pauses too. */
  readonly deadlineMs: number
  /** For one try. */
  readonly tryTimeoutMs: number
  /** Ends it early: the outcome is then not known. */
  readonly signal?: AbortSignal | undefined
}

export type Ended =
  | { readonly kind: 'done'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'unknown'; readonly why: string; readonly problem?: Problem; readonly pending?: unknown }

const pauseMinMs = 100
const pauseMaxMs = 3_000

/**
 * Sends one request again and again, the same under the same id, until it has ended or the deadline has come.
 * @param send makes one try; its signature is made anew, since that carries a time
 */
export async function untilEnded(
  send: (signal: AbortSignal) => Promise<Response>,
  { deadlineMs, tryTimeoutMs, signal }: Patience,
  { nowMs, random, after }: World,
): Promise<Ended> {
  const endsMs = nowMs() + deadlineMs
  let open: Ended = { kind: 'unknown', why: 'the deadline came before the first try' }
  /** Whether a try went out of which nobody knows what it did. */
  let lost = false
  for (let tries = 0; signal?.aborted !== true; tries++) {
    const leftMs = endsMs - nowMs()
    if (leftMs <= 0) break
    const { ended, retryAfterMs, sure } = await oneTry(send, Math.min(tryTimeoutMs, leftMs), signal, after)
    if (ended.kind === 'done') return ended
    if (ended.kind === 'refused' && !(lost && doubtful(ended.problem))) return ended
    if (ended.kind === 'refused') {
      return { kind: 'unknown', why: 'an earlier try was not answered', problem: ended.problem }
    }
    lost ||= !sure
    open = ended
    if (retryAfterMs === undefined) break
    const grownMs = Math.min(pauseMaxMs, pauseMinMs * 2 ** Math.min(tries, 10)) * (0.5 + random())
    const pauseMs = Math.max(grownMs, retryAfterMs)
    if (nowMs() + pauseMs >= endsMs) break
    await pause(pauseMs, signal, after)
  }
  return signal?.aborted === true ? { ...open, why: 'the caller waits no longer' } : open
}

/** After a try that nobody answered these may be its own traces: a key that it replaced, an id that it used. */
export function doubtful({ status, reason }: { readonly status: number; readonly reason: string }): boolean {
  return status === 401 || reason === 'id-expired' || reason === 'id-seen' || reason === 'wallet-closed'
}

type Try = {
  readonly ended: Ended
  /** Undefined when it makes no sense to ask again. */
  readonly retryAfterMs?: number
  /** Nothing was done by this try. */
  readonly sure: boolean
}

async function oneTry(
  send: (signal: AbortSignal) => Promise<Response>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  after: World['after'],
): Promise<Try> {
  const cut = new AbortController()
  const stop = (): void => cut.abort()
  const callOff = after(timeoutMs, stop)
  signal?.addEventListener('abort', stop)
  try {
    const response = await send(cut.signal)
    return judge(response, await response.text())
  } catch (error) {
    const why = cut.signal.aborted ? `no answer within ${Math.round(timeoutMs)} ms` : `no answer: ${messageOf(error)}`
    return { ended: { kind: 'unknown', why }, retryAfterMs: 0, sure: false }
  } finally {
    callOff()
    signal?.removeEventListener('abort', stop)
  }
}

function judge(response: Response, text: string): Try {
  const { status, headers } = response
  const body = jsonOf(text)
  const retryAfterMs = Number(headers.get('retry-after') ?? 0) * 1_000 || 0
  if (status === 202) {
    return { ended: { kind: 'unknown', why: 'it is under way', pending: body }, retryAfterMs, sure: false }
  }
  if (response.ok && body !== undefined) return { ended: { kind: 'done', status, body }, sure: false }
  const problem = headers.get('content-type')?.startsWith('application/problem+json') ? (body as Problem) : undefined
  const why = problem?.title ?? `the answer was ${status} and none of the API's`
  if (problem !== undefined && (status === 429 || status === 503)) {
    return { ended: { kind: 'unknown', why, problem }, retryAfterMs, sure: true }
  }
  if (problem !== undefined && status < 500) return { ended: { kind: 'refused', problem }, sure: true }
  const again = status >= 500 || status === 429 || status === 408
  const ended: Ended = { kind: 'unknown', why, ...(problem === undefined ? {} : { problem }) }
  return again ? { ended, retryAfterMs, sure: false } : { ended, sure: false }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function pause(delayMs: number, signal: AbortSignal | undefined, after: World['after']): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      callOff()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const callOff = after(delayMs, end)
    signal?.addEventListener('abort', end)
  })
}
