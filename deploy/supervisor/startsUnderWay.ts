/** Starts that are under way: each must have ended one way or the other before everything can be stopped. */
export class StartsUnderWay {
  readonly #starts = new Set<Promise<unknown>>()

  track<T>(starting: Promise<T>): Promise<T> {
    const settled: Promise<unknown> = Promise.allSettled([starting]).then(() => this.#starts.delete(settled))
    this.#starts.add(settled)
    return starting
  }

  async ended(): Promise<void> {
    await Promise.all(this.#starts)
  }
}

/** Fails like the first that failed, but only once each has ended: what still starts could not be stopped. */
export async function allEnded(parts: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(parts)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
