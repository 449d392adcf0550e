/** A session, or a login, whose cookie is not good any more though its time is not over. */
export type Ended = readonly [id: string, untilMs: number]

/** Cookies carry all that is known of a session: that one has ended early must be remembered. */
export interface EndedSessions {
  has(id: string): boolean
  /**
   * It has ended, here at once.
   * @param untilMs when its time is over anyway: it need not be remembered for longer
   * @returns whether that is stored, so that it holds when this edge starts again
   */
  add(id: string, untilMs: number): Promise<boolean>
}

const idPattern = /^[\w-]{22}$/

/** The same in memory, for others to fill and to store. */
export class EndedTable {
  readonly #until = new Map<string, number>()

  has(id: string): boolean {
    return this.#until.has(id)
  }

  /** @returns whether it was not known */
  take([id, untilMs]: Ended): boolean {
    if (this.#until.has(id)) return false
    this.#until.set(id, untilMs)
    return true
  }

  forget(nowMs: number): void {
    for (const [id, untilMs] of this.#until) if (untilMs <= nowMs) this.#until.delete(id)
  }

  all(): Ended[] {
    return [...this.#until]
  }
}

/** Those of one edge alone, which forgets them when it ends. */
export function memoryEndedSessions(): EndedSessions {
  const table = new EndedTable()
  return {
    has: (id) => table.has(id),
    async add(id, untilMs) {
      table.take([id, untilMs])
      return true
    },
  }
}

/** What came from another process, as far as it is what we say there. */
export function endedIn(value: unknown): Ended[] {
  if (!Array.isArray(value)) return []
  return value.filter((one: unknown): one is Ended => {
    const [id, untilMs] = Array.isArray(one) ? (one as unknown[]) : []
    return typeof id === 'string' && idPattern.test(id) && Number.isSafeInteger(untilMs)
  })
}
