import { setTimeout as sleep } from 'node:timers/promises'
import { ApiProblem, OutcomeUnknown } from '../../edge/client/node.ts'
import type { Ending } from './play.ts'

/** How often something is asked for again that is under way, or that nobody answers, and how long between. */
export type Insistence = { triesMax: number; pauseMs: number }

/** Each try has the client's whole patience, and an edge that answers at all holds a pending answer back for seconds. */
const insistent: Insistence = { triesMax: 40, pauseMs: 200 }

/**
 * Asks the same again while all that is said is that it is under way.
 * @throws Error when that is still all after the last try
 */
export async function untilDecided<T extends { status: number }>(
  ask: () => Promise<T>,
  { triesMax, pauseMs } = insistent,
): Promise<T> {
  for (let tries = 0; tries < triesMax; tries++) {
    const answer = await ask()
    if (answer.status !== 202) return answer
    await sleep(pauseMs)
  }
  throw new Error(`a command was still under way after ${triesMax} tries`)
}

/** Asks the same again until the outcome is final. A refusal is an outcome; what nobody answered is unknown. */
export async function untilEnded(
  ask: () => Promise<{ status: number; raw: Uint8Array }>,
  { triesMax, pauseMs } = insistent,
): Promise<Ending> {
  let last = 'it stayed pending'
  for (let tries = 0; tries < triesMax; tries++) {
    try {
      const { status, raw } = await ask()
      if (status !== 202) return { kind: 'completed', answer: Buffer.from(raw).toString() }
      last = 'it stayed pending'
    } catch (error) {
      if (error instanceof OutcomeUnknown) last = error.message
      else if (!(error instanceof ApiProblem)) throw error
      else {
        const answer = JSON.stringify(error.problem)
        // Busy or away, and 5xx: nothing that is said of a payment in such words is its end.
        if (error.status !== 429 && error.status < 500) {
          return { kind: 'refused', reason: error.reason || error.code, answer }
        }
        last = answer
      }
    }
    await sleep(pauseMs)
  }
  return { kind: 'unknown', answer: last }
}
