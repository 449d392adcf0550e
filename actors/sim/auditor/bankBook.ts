/** One entry of a bank's statement; of each account how it changed. Liabilities grow above zero, assets below. */
export type StatementEntry = {
  readonly kind: string
  readonly txId: string
  readonly legs: readonly { readonly account: string; readonly fen: number }[]
}

/** What one transaction came to at one side, by kind. */
type Done = Map<string, number>

/** A bank's book folded from its statement, entry by entry. */
export class StatementFold {
  readonly accounts = new Map<string, number>()
  /** By transaction: kinds that were done under it, and the fen that moved. */
  readonly transactions = new Map<string, Done>()
  readonly #side: string
  readonly #violation: (what: string) => void

  constructor(side: string, violation: (what: string) => void) {
    this.#side = side
    this.#violation = violation
  }

  /** @param movedOn the accounts whose growth says how much the entry moved */
  take({ kind, txId, legs }: StatementEntry, movedOn: string): void {
    let sum = 0
    for (const { account, fen } of legs) {
      sum += fen
      this.accounts.set(account, (this.accounts.get(account) ?? 0) + fen)
    }
    if (sum !== 0) this.#violation(`${this.#side}: the legs of ${kind} ${txId} sum to ${sum}`)
    const moved = legs.find(({ account }) => account.startsWith(movedOn))
    // The first money of an account is nobody's request.
    if (moved === undefined || !txId.includes('.')) return
    const done = this.transactions.get(txId) ?? new Map<string, number>()
    this.transactions.set(txId, done)
    if (done.has(kind)) this.#violation(`${this.#side}: ${kind} ${txId} was done twice`)
    done.set(kind, Math.abs(moved.fen))
  }

  fen(account: string): number {
    return this.accounts.get(account) ?? 0
  }

  /** Sum of all accounts whose name begins so. */
  sum(prefix: string): number {
    let sum = 0
    for (const [account, fen] of this.accounts) if (account.startsWith(prefix)) sum += fen
    return sum
  }

  done(txId: string, kind: string): number | undefined {
    return this.transactions.get(txId)?.get(kind)
  }
}
