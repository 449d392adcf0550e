import type { Problem } from './api.ts'
import { sentenceOf } from './outcome.ts'
import { doubtful, grownPauseMs, isProblem, wordOf } from './retryRule.ts'

/** An HTTP exchange as the client needs it; `node.ts` makes one with a connection pool of its own. */
export type Exchange = (
  method: string,
  path: string,
  headers: Record<string, string>,
  body: Uint8Array,
  timeoutMs: number,
) => Promise<{ status: number; headers: Record<string, string>; body: Uint8Array }>

/** Signs requests: institutions and operators with Ed25519, users with their wallet's P-256 key. */
export type RequestSigner = {
  keyId: string
  algorithm: 'ed25519' | 'ecdsa-p256-sha256' | 'webauthn-p256'
  sign(base: Uint8Array): Uint8Array
}

/** The answer was a problem (RFC 9457). `certain` says whether it is final under its id. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly reason: string
  readonly problem: Record<string, unknown>

  constructor(status: number, problem: Record<string, unknown>) {
    super(sentenceOf({ title: `HTTP ${status}`, ...(problem as Partial<Problem>) }))
    this.name = 'ApiProblem'
    this.status = status
    this.code = String(problem.code ?? '')
    this.reason = String(problem.reason ?? '')
    this.problem = problem
  }
}

/** A try ended without an answer: what was asked may or may not have been done. Ask again under the same id. */
export class OutcomeUnknown extends Error {}

export type RetryPolicy = { triesMax: number; timeoutMs: number; pauseMinMs: number; pauseMaxMs: number }

export const defaultRetries: RetryPolicy = { triesMax: 8, timeoutMs: 12_000, pauseMinMs: 100, pauseMaxMs: 3_000 }

/**
 * Sends one request and repeats it, the same in every byte but its signature's time, while it may still succeed.
 * @throws ApiProblem when it was refused; OutcomeUnknown when a try was lost, and no later answer tells what it did, or
 * when somebody on the way answered.
 */
export async function sendWithRetries(
  send: () => Promise<{ status: number; headers: Record<string, string>; body: Uint8Array }>,
  policy: RetryPolicy,
): Promise<{ status: number; body: Record<string, unknown>; raw: Uint8Array }> {
  let last: unknown
  let lost: unknown
  for (let attempt = 0; attempt < policy.triesMax; attempt++) {
    if (attempt > 0) await pause(policy, attempt, last)
    let answer: Awaited<ReturnType<typeof send>>
    try {
      answer = await send()
    } catch (error) {
      last = lost = error
      continue
    }
    const body = decodeBody(answer.body)
    const word = wordOf(answer.status, isProblem(answer.headers['content-type']))
    if (word === 'done') return { status: answer.status, body, raw: answer.body }
    if (word === 'foreign') throw new OutcomeUnknown(`the answer was ${answer.status} and none of the API's`)
    const problem = new ApiProblem(answer.status, body)
    ;(problem as { retryAfterS?: number }).retryAfterS = Number(answer.headers['retry-after'] ?? 0)
    last = problem
    if (word === 'unclear') lost = problem
    if (word === 'busy' || word === 'unclear') continue
    if (lost === undefined || !doubtful(problem)) throw problem
    throw new OutcomeUnknown(`an earlier try was not answered: ${problem.message}`)
  }
  if (lost === undefined) throw last
  throw new OutcomeUnknown(`no answer after ${policy.triesMax} tries: ${lost instanceof Error ? lost.message : lost}`)
}

function pause(policy: RetryPolicy, attempt: number, last: unknown): Promise<void> {
  const grownMs = grownPauseMs(attempt, Math.random(), { minMs: policy.pauseMinMs, maxMs: policy.pauseMaxMs })
  const askedMs = ((last as { retryAfterS?: number } | undefined)?.retryAfterS ?? 0) * 1_000
  const waitMs = Math.max(Math.min(askedMs, policy.pauseMaxMs), grownMs)
  return new Promise((resolve) => setTimeout(resolve, waitMs))
}

function decodeBody(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) return {}
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
  } catch {
    return { title: new TextDecoder().decode(bytes).slice(0, 200) }
  }
}
