import { type Books, judgeSaga } from './sagaRules.ts'
import type { Posting } from './walletBook.ts'

/** A merchant's standing order to its bank, in the merchant's words. */
export type PayoutTerms = {
  /** Fen below which nothing is paid out, and fen that stay in the wallet. */
  readonly floorFen: number
  readonly reserveFen: number
  /** Of the day in Shanghai. */
  readonly minute: number
}

type Rule = PayoutTerms & {
  /** When it pays next; never before the merchant was told that it holds. */
  dueMs: number
  /** A frame past that moment that has not paid out yet: what the wallet held least while it was applied. */
  passed: { readonly seq: number; readonly logTimeMs: number; leastFen: number } | undefined
  /** What came into the wallet and left it, without what the rule paid out. */
  receivedFen: number
}

const dayMs = 86_400_000
/** Shanghai's clocks are eight hours ahead of UTC. */
const aheadMs = 28_800_000

/** The first time after a moment at which clocks in Shanghai show this minute. */
function nextMs(minute: number, afterMs: number): number {
  const midnightMs = Math.floor((afterMs + aheadMs) / dayMs) * dayMs - aheadMs
  const todayMs = midnightMs + minute * 60_000
  return todayMs > afterMs ? todayMs : todayMs + dayMs
}

/** What merchants' rules pay out, kept anew from single postings: once a day, all above the reserve, and none forgotten. */
export class PayoutBook {
  readonly #violation: (what: string) => void
  readonly #rules = new Map<number, Rule>()
  /** Payouts that were made, by the id under which banks know them. */
  readonly #made = new Map<string, { readonly wallet: number; readonly fen: number }>()

  constructor(violation: (what: string) => void) {
    this.#violation = violation
  }

  /** A merchant without a rule asks for one. @param heldFen what it has received so far, less what it gave */
  asked(wallet: number, terms: PayoutTerms, heldFen: number): void {
    this.#rules.set(wallet, { ...terms, dueMs: Number.POSITIVE_INFINITY, passed: undefined, receivedFen: heldFen })
  }

  /** The merchant was told that the rule holds, from this log time on. */
  accepted(wallet: number, logTimeMs: number): void {
    const rule = this.#rules.get(wallet)
    if (rule !== undefined) rule.dueMs = nextMs(rule.minute, logTimeMs)
  }

  /** Whether a redemption that nobody asked for is a rule's. @param heldFen what the wallet held before */
  paidOut(posting: Posting, heldFen: number): boolean {
    const { wallet, id, fen, logTimeMs } = posting
    const rule = this.#rules.get(wallet)
    if (rule === undefined) return false
    const { reserveFen, floorFen, dueMs, minute } = rule
    const what = `payout ${wallet}.${id} of ${-fen} fen`
    if (heldFen + fen !== reserveFen) this.#violation(`${what} leaves ${heldFen + fen}; the rule keeps ${reserveFen}`)
    if (heldFen < floorFen) this.#violation(`${what} was made of ${heldFen} fen, below the floor of ${floorFen}`)
    // Before its merchant was told of the rule nobody outside knows from when on it holds.
    if (dueMs !== Number.POSITIVE_INFINITY) {
      if (logTimeMs < dueMs) this.#violation(`${what} was made ${dueMs - logTimeMs} ms before its time of the day`)
      rule.dueMs = nextMs(minute, logTimeMs)
    }
    rule.passed = undefined
    this.#made.set(`${wallet}.${id}`, { wallet, fen: -fen })
    return true
  }

  /** Whatever moves in a wallet. @param heldFen what it held before */
  posted({ wallet, kind, id, fen, seq, logTimeMs }: Posting, heldFen: number): void {
    const rule = this.#rules.get(wallet)
    if (rule === undefined) return
    const isOwn = this.#made.has(`${wallet}.${id}`)
    if (!isOwn) rule.receivedFen += fen
    if (rule.passed !== undefined && rule.passed.seq !== seq) this.#judgePassed(wallet, rule)
    if (logTimeMs < rule.dueMs || (isOwn && kind === 'redeemed')) return
    rule.passed ??= { seq, logTimeMs, leastFen: heldFen }
    rule.passed.leastFen = Math.min(rule.passed.leastFen, heldFen + fen)
  }

  /** A rule's time has passed without a payout, which is right when there was too little. */
  #judgePassed(wallet: number, rule: Rule): void {
    const { passed, floorFen, reserveFen, minute, dueMs } = rule
    if (passed === undefined) return
    const { leastFen, logTimeMs } = passed
    if (leastFen >= floorFen && leastFen > reserveFen) {
      this.#violation(`wallet ${wallet} held ${leastFen} fen at ${dueMs} and was not paid out`)
    }
    rule.dueMs = nextMs(minute, logTimeMs)
    rule.passed = undefined
  }

  /** No payout is owed. @param logTimeOf log time of a wallet's shard at the end */
  close(balances: ReadonlyMap<number, number>, logTimeOf: (wallet: number) => number): void {
    for (const [wallet, rule] of this.#rules) {
      const logTimeMs = logTimeOf(wallet)
      if (logTimeMs >= rule.dueMs) rule.passed ??= { seq: 0, logTimeMs, leastFen: balances.get(wallet) ?? 0 }
      this.#judgePassed(wallet, rule)
    }
  }

  /**
   * Every payout ended like a redemption does, and what a merchant received it has or its bank got.
   * @returns the payouts' ids at the banks
   */
  closeBanks(books: Books): string[] {
    const creditedFen = new Map<number, number>()
    for (const [txId, { wallet, fen }] of this.#made) {
      judgeSaga({ kind: 'redemption', txId, fen, outcome: 'forgotten' }, books, this.#violation)
      const paidFen = books.bank.done(txId, 'credit') ?? 0
      creditedFen.set(wallet, (creditedFen.get(wallet) ?? 0) + paidFen)
    }
    for (const [wallet, { receivedFen }] of this.#rules) {
      const [hasFen, paidFen] = [books.wallets.balances.get(wallet) ?? 0, creditedFen.get(wallet) ?? 0]
      if (hasFen + paidFen !== receivedFen) {
        this.#violation(`wallet ${wallet} received ${receivedFen} fen, holds ${hasFen} and was paid out ${paidFen}`)
      }
    }
    return [...this.#made.keys()]
  }
}
