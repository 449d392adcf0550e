import { ApiProblem, OutcomeUnknown } from '../client/requests.ts'
import { exitCodeOf, exitCodes, NotReachable } from './exitCodes.ts'

const pauseMinMs = 50
const pauseMaxMs = 1_000

/**
 * Asks again, less and less often, until `ended` holds or the time is over. A question that finds nobody changes
 * nothing about what was asked: the last answer stands.
 * @returns the last answer, whether it ended or not
 * @throws what `ask` throws when that decides the matter, such as a refusal
 */
export async function askUntil<T>(
  first: T,
  ended: (answer: T) => boolean,
  ask: (last: T) => Promise<T>,
  waitMs: number,
): Promise<T> {
  const deadlineMs = performance.now() + waitMs
  let answer = first
  for (let pauseMs = pauseMinMs; !ended(answer); pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
    const leftMs = deadlineMs - performance.now()
    if (leftMs <= 0) return answer
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs * (0.5 + Math.random()), leftMs)))
    try {
      answer = await ask(answer)
    } catch (error) {
      if (!isOpen(error)) throw error
    }
  }
  return answer
}

const isOpen = (error: unknown): boolean =>
  error instanceof OutcomeUnknown ||
  error instanceof NotReachable ||
  (error instanceof ApiProblem && exitCodeOf(error) === exitCodes.failed)
