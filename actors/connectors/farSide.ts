import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import { z } from 'zod'
import { CallFault, type CallProblem, signedCall } from './signedCall.ts'
import { secretKey } from './wire.ts'
import { yuanText } from './yuan.ts'

/**
 * `processing`: it has the request and has not decided it. `never-seen`: it has not had the request, yet; a late one
 * may still arrive. `not-asked`: it is left alone for now, so that nothing at all was said. The rest: no trustworthy
 * word.
 */
export type Doubt = CallProblem | 'not-asked' | 'processing' | 'never-seen'

/** What is certain about a request at a far side. `refused` means that under this id it never will be executed. */
export type FarOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly doubt: Doubt }

export type FarSideOptions = {
  baseUrl: string
  /** Shared secret, hex. */
  secret: string
  /** Longest wait for one try. */
  timeoutMs?: number
  /** Tries of one call in all; each carries the same tx_id. */
  triesMax?: number
  retryDelayMs?: number
  retryDelayMsMax?: number
  /** Calls in a row that must fail before the far side is left alone, and how long it is at first. */
  breakerFailures?: number
  breakerOpenMs?: number
  /** Told of every try that ended in doubt: for metrics and logs. */
  onDoubt?: (path: string, doubt: Doubt) => void
}

const answer = z.object({
  kind: z.string(),
  tx_id: z.string(),
  status: z.enum(['done', 'refused', 'processing', 'unknown-to-us']),
  reason: z.string().max(80).optional(),
  amount: z.string().optional(),
})

type Expected = { kind: string; txId: string; amountFen: bigint }

/** One far side as our connectors reach it: signed, timed out, tried again, left alone while it is down. */
export interface FarSide {
  /** Asks for a transaction to be executed or called off, and says what is certain about it then. */
  post(path: string, body: Record<string, unknown>, expected: Expected): Promise<FarOutcome>
  /** Asks where a transaction stands. */
  inquire(expected: Expected): Promise<FarOutcome>
  /** Makes a call whose answer is not about a transaction; undefined when no trustworthy answer came. */
  tryCall(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Record<string, unknown> | undefined>
  /** True while calls are let through. */
  readonly available: boolean
}

export function createFarSide(options: FarSideOptions): FarSide {
  const { timeoutMs = 3_000, triesMax = 3, retryDelayMs = 50, retryDelayMsMax = 1_000 } = options
  const { breakerFailures = 12, breakerOpenMs = 500 } = options
  const caller = { baseUrl: options.baseUrl, key: secretKey(options.secret), signer: 'connector' }
  const doubtful = handleWhen((error) => error instanceof CallFault && error.problem !== 'rejected')
  // The default generator jitters (decorrelated), so that tries of many sagas do not arrive together.
  const backoff = new ExponentialBackoff({ initialDelay: retryDelayMs, maxDelay: retryDelayMsMax })
  const breaker = circuitBreaker(doubtful, {
    breaker: new ConsecutiveBreaker(breakerFailures),
    halfOpenAfter: new ExponentialBackoff({ initialDelay: breakerOpenMs, maxDelay: 20 * breakerOpenMs }),
  })
  const policy = wrap(
    retry(doubtful, { maxAttempts: triesMax - 1, backoff }),
    breaker,
    timeout(timeoutMs, TimeoutStrategy.Cooperative),
  )
  const call = <T>(method: 'GET' | 'POST', path: string, body: unknown, read: (answer: Answered) => T): Promise<T> =>
    policy.execute(async ({ signal }) => {
      try {
        return read(await signedCall(caller, method, path, body, signal))
      } catch (error) {
        options.onDoubt?.(path, doubtOf(error))
        throw error
      }
    })
  const ask = async (method: 'GET' | 'POST', path: string, body: unknown, expected: Expected): Promise<FarOutcome> => {
    try {
      return await call(method, path, body, (answered) => judge(answered, expected))
    } catch (error) {
      return { kind: 'unknown', doubt: doubtOf(error) }
    }
  }
  return {
    tryCall: async (method, path, body) => {
      try {
        return await call(method, path, body, (answered) => answered)
      } catch (error) {
        doubtOf(error)
        return undefined
      }
    },
    post: (path, body, expected) => ask('POST', path, body, expected),
    inquire: (expected) =>
      ask('GET', `/transactions/${encodeURIComponent(expected.txId)}?kind=${expected.kind}`, undefined, expected),
    get available() {
      return breaker.state !== CircuitState.Open
    },
  }
}

/** @throws what is no doubt about the far side but a fault of ours */
function doubtOf(error: unknown): Doubt {
  if (error instanceof CallFault) return error.problem
  if (error instanceof BrokenCircuitError) return 'not-asked'
  throw error
}

type Answered = Record<string, unknown>

/**
 * A genuine answer is still believed only where it speaks of this very request.
 * @throws CallFault when it does not, so that the question is asked again
 */
function judge(body: Answered, expected: Expected): FarOutcome {
  const parsed = answer.safeParse(body)
  if (!parsed.success) throw new CallFault('malformed', 'the answer is not one about a transaction')
  const { kind, tx_id, status, reason, amount } = parsed.data
  if (kind !== expected.kind || tx_id !== expected.txId) {
    throw new CallFault('mismatch', 'the answer is about another transaction')
  }
  if (status === 'processing') return { kind: 'unknown', doubt: 'processing' }
  if (status === 'unknown-to-us') return { kind: 'unknown', doubt: 'never-seen' }
  if (status === 'refused') return { kind: 'refused', reason: reason ?? 'UNSPECIFIED' }
  if (amount !== yuanText(expected.amountFen)) throw new CallFault('mismatch', 'the answer names another amount')
  return { kind: 'done' }
}
