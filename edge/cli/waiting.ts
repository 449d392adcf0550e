const pauseMinMs = 50
const pauseMaxMs = 1_000

/**
 * Asks again, less and less often, until `ended` holds or the time is over.
 * @returns the last answer, whether it ended or not
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
    answer = await ask(answer)
  }
  return answer
}
