/** What an answer says of the try that it came to; a 202 is judged by who waits for the end. */
type Word =
  | 'done'
  /** It was not done, and under this id never will be. */
  | 'refused'
  /** This try did nothing; the same may be asked again. */
  | 'busy'
  /** It may have been done; the same may be asked again. */
  | 'unclear'
  /** None of the API's answers: to ask again makes no sense. */
  | 'foreign'

/** @param problem whether the answer is one of the API's problems (RFC 9457), not one of somebody on the way */
export function wordOf(status: number, problem: boolean): Word {
  if (status >= 200 && status < 300) return 'done'
  if (problem && (status === 429 || status === 503)) return 'busy'
  if (problem && status < 500) return 'refused'
  return status >= 500 || status === 429 || status === 408 ? 'unclear' : 'foreign'
}

export const isProblem = (contentType: string | null | undefined): boolean =>
  contentType?.startsWith('application/problem+json') === true

/** After a try that nobody answered these may be its own traces: a key that it replaced, an id that it used. */
export function doubtful({ status, reason }: { readonly status: number; readonly reason: string }): boolean {
  return status === 401 || reason === 'id-expired' || reason === 'id-seen' || reason === 'wallet-closed'
}

type PauseBounds = { readonly minMs: number; readonly maxMs: number }
const usual: PauseBounds = { minMs: 100, maxMs: 3_000 }

/** How long to wait after so many tries: twice as long each time up to a bound, spread by half. */
export function grownPauseMs(tries: number, random: number, { minMs, maxMs } = usual): number {
  return Math.min(maxMs, minMs * 2 ** Math.min(tries - 1, 10)) * (0.5 + random)
}
