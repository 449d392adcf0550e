import type { Problem } from './api.ts'
import { doubtful, grownPauseMs, isProblem, wordOf } from './retryRule.ts'

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
    const pauseMs = Math.max(grownPauseMs(tries + 1, random()), retryAfterMs)
    if (nowMs() + pauseMs >= endsMs) break
    await pause(pauseMs, signal, after)
  }
  return signal?.aborted === true ? { ...open, why: 'the caller waits no longer' } : open
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
  const problem = isProblem(headers.get('content-type')) ? (body as Problem) : undefined
  const word = wordOf(status, problem !== undefined)
  if (word === 'done' && body !== undefined) return { ended: { kind: 'done', status, body }, sure: false }
  if (word === 'refused') return { ended: { kind: 'refused', problem: problem! }, sure: true }
  const why = problem?.title ?? `the answer was ${status} and none of the API's`
  const ended: Ended = { kind: 'unknown', why, ...(problem === undefined ? {} : { problem }) }
  if (word === 'busy') return { ended, retryAfterMs, sure: true }
  return word === 'unclear' ? { ended, retryAfterMs, sure: false } : { ended, sure: false }
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
