import { setTimeout as sleep } from 'node:timers/promises'
import { inLanes } from '../lanes.ts'
import { finalAnswer, type Payment } from './payment.ts'
import type { Payments } from './payments.ts'

const askedAtOnce = 24
const askTimeoutMs = 10_000
const pauseMs = 200
const againMax = 4_000

/** Asks for each payment that nobody answered until it has its outcome or time is up. */
export async function settle(payments: Payments, withinMs: number): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  const open = payments.all.filter((payment) => finalAnswer(payment) === undefined)
  await inLanes(open, askedAtOnce, async (payment, n) => {
    for (let edge = n; finalAnswer(payment) === undefined && performance.now() < deadlineMs; edge++) {
      await payments.ask(payment, edge, askTimeoutMs)
      if (finalAnswer(payment) === undefined) await sleep(pauseMs)
    }
  })
}

/**
 * Asks once more for what was answered, under the same id: an answer that binds is the same for ever. First what was
 * under way around a fault or was asked for more than once, then of the rest as many as there is patience for.
 * @returns how many were asked again and answered
 */
export async function askAgain(
  asked: readonly Payment[],
  payments: Payments,
  aroundFaults: (payment: Payment) => boolean,
): Promise<number> {
  const answered = asked.filter((payment) => finalAnswer(payment) !== undefined)
  const doubtful = (payment: Payment): boolean => payment.answers.length > 1 || aroundFaults(payment)
  const chosen = [...answered.filter(doubtful), ...answered.filter((payment) => !doubtful(payment))].slice(0, againMax)
  let again = 0
  await inLanes(chosen, askedAtOnce, async (payment, n) => {
    const { outcome } = await payments.ask(payment, n, askTimeoutMs)
    if (outcome === 'completed' || outcome === 'refused') again += 1
  })
  return again
}
