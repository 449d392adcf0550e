/** A region that has lost its logs waits for a snapshot of the other. */
const requestTimeoutMs = 240_000

/** What a supervisor of two regions can hold down. */
export type HoldTarget = `region/${'a' | 'b'}` | `server/${'a' | 'b'}` | `process/${'a' | 'b'}/${string}` | 'witness'

export type HoldControl = {
  /** kill -9 of all that belongs to it; it is not started again. Returns when it is down. */
  hold(target: HoldTarget): Promise<void>
  /** Starts it again on what it left. Returns when its server is there and its processes are under way. */
  release(target: HoldTarget): Promise<void>
}

/**
 * Asks a running supervisor to hold parts down and to let them go.
 * @param access read at each call: a supervisor that was started again has another address
 * @throws Error, from each call, with the supervisor's own word when it refuses, or when it does not answer in time.
 */
export function holdControl(access: () => { url: string; token: string }): HoldControl {
  const call = async (verb: 'hold' | 'release', target: HoldTarget): Promise<void> => {
    const { url, token } = access()
    const answer = await fetch(new URL(`/${verb}/${target}`, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(requestTimeoutMs),
    }).catch((error: unknown) => {
      throw new Error(`the supervisor does not answer: ${(error as Error).message}`)
    })
    const text = (await answer.text()).trim()
    if (!answer.ok) throw new Error(`the supervisor refuses to ${verb} ${target}: ${text}`)
  }
  return { hold: (target) => call('hold', target), release: (target) => call('release', target) }
}
