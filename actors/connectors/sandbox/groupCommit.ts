import type { DatabaseSync } from 'node:sqlite'

type Waiting = { work: () => unknown; resolve: (value: never) => void; reject: (error: unknown) => void }

/** Waiting work that one transaction takes at most, so that no answer waits for a transaction without end. */
const worksPerCommitMax = 512

/**
 * Runs work in transactions that are shared: what arrives while one is being committed goes into the next, so that
 * the cost of one fsync is paid by many requests. A promise resolves only when its work is on disk.
 */
export class GroupCommit {
  readonly #db: DatabaseSync
  #waiting: Waiting[] = []
  #scheduled = false

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  /** Work must be synchronous and touch nothing but the database: it may be run again when its group fails. */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      const group = this.#waiting.splice(0, worksPerCommitMax)
      this.#schedule()
      this.#commitTogether(group)
    })
  }

  #commitTogether(group: readonly Waiting[]): void {
    try {
      const results = this.#transaction(() => group.map(({ work }) => work()))
      for (const [i, { resolve }] of group.entries()) resolve(results[i] as never)
    } catch (error) {
      // One bad piece of work must not take its neighbours with it: each gets a transaction of its own.
      if (group.length === 1) group[0]!.reject(error)
      else for (const one of group) this.#commitTogether([one])
    }
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }
}
