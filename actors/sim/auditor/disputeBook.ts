import type { Request } from './requestBook.ts'

/** What payees gave back of payments that their payers asked for: each of them once at most. */
export class DisputeBook {
  readonly #violation: (what: string) => void
  readonly #given = new Map<string, string>()

  constructor(violation: (what: string) => void) {
    this.#violation = violation
  }

  /** Money that was given back has left the payee's wallet. */
  paid({ dispute, wallet, id }: Request): void {
    if (dispute === undefined) return
    const before = this.#given.get(dispute)
    if (before !== undefined) this.#violation(`case ${dispute} was paid by ${before} and by ${wallet}/${id}`)
    this.#given.set(dispute, `${wallet}/${id}`)
  }
}
