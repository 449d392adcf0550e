import type { Request } from './requestBook.ts'
import type { Posting } from './walletBook.ts'

const windowMs = 10_000

/** How often wallets pay, kept anew from single postings: no ten seconds see more payments than the rule allows. */
export class FrequencyBook {
  readonly #violation: (what: string) => void
  /** By shard: the rule, and the log time at which it was there already. */
  readonly #rules = new Map<number, { fromMs: number; paymentsMax: number }>()
  readonly #times = new Map<number, number[]>()

  constructor(violation: (what: string) => void) {
    this.#violation = violation
  }

  /** From this log time on a shard lets no wallet pay more often; nobody ever takes the rule back. */
  begin(shard: number, fromMs: number, paymentsMax: number): void {
    this.#rules.set(shard, { fromMs, paymentsMax })
  }

  /** Money left a wallet. What its payee takes from a hold, and what goes back to a payer, is no payment made then. */
  posted({ shard, wallet, kind, logTimeMs, id }: Posting, request: Request | undefined): void {
    const rule = this.#rules.get(shard)
    const goesBack = request?.order?.refund === true || request?.dispute !== undefined
    const isMade = kind === 'held' || (request !== undefined && request.hold === undefined && !goesBack)
    if (rule === undefined || !isMade || logTimeMs <= rule.fromMs) return
    const times = (this.#times.get(wallet) ?? []).filter((ms) => ms > logTimeMs - windowMs)
    times.push(logTimeMs)
    this.#times.set(wallet, times)
    if (times.length > rule.paymentsMax) {
      this.#violation(
        `payment ${wallet}/${id} is one of ${times.length} in ten seconds; ${rule.paymentsMax} are allowed`,
      )
    }
  }
}
