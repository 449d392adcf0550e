import type { Request } from './requestBook.ts'
import type { Posting } from './walletBook.ts'

/** What a payer allowed, in the payer's words. */
export type AllowedTerms = {
  readonly payer: number
  readonly payee: number
  /** Of one payment at most, or of a schedule exactly. */
  readonly fen: number
  /** In a month at most; of a schedule, which pays once, nothing. */
  readonly monthFen?: number
  readonly firstMs: number
}

type Mandate = AllowedTerms & {
  /** By month in Shanghai, without what came back. */
  readonly takenFen: Map<string, number>
  /** Where in the shard's log it was last paid by, and cancelled. */
  paidSeq: number
  cancelledSeq: number
  /** The one payment of a schedule. */
  paid: string | undefined
}

/** Shanghai's clocks are eight hours ahead of UTC. */
const monthOf = (ms: number): string => new Date(ms + 28_800_000).toISOString().slice(0, 7)

/** What payers allowed to be paid, and what was paid by it, kept anew from single postings. */
export class MandateBook {
  readonly #violation: (what: string) => void
  readonly #mandates = new Map<string, Mandate>()
  /** Which mandate a payment was made by, by its payer and id. */
  readonly #byPayment = new Map<string, { mandate: Mandate; month: string }>()

  constructor(violation: (what: string) => void) {
    this.#violation = violation
  }

  /** Somebody signs a mandate under this key. */
  asked(key: string, terms: AllowedTerms): void {
    const nothingYet = { takenFen: new Map(), paidSeq: 0, cancelledSeq: Number.POSITIVE_INFINITY, paid: undefined }
    this.#mandates.set(key, { ...terms, ...nothingYet })
  }

  /** The payer was told that it is cancelled: by the command at this place of the log, or before. */
  cancelled(key: string, seq: number): void {
    const mandate = this.#mandates.get(key)
    if (mandate === undefined) return
    mandate.cancelledSeq = Math.min(mandate.cancelledSeq, seq)
    this.#judgeCancel(key, mandate)
  }

  /** A payment that its payee collected has left the payer's wallet. */
  collected({ mandate: key }: Request, posting: Posting): void {
    const mandate = key === undefined ? undefined : this.#mandates.get(key)
    if (key === undefined || mandate === undefined) return
    const { fen, wallet, counterparty } = posting
    if (-fen > mandate.fen) this.#violation(`mandate ${key} allows ${mandate.fen} fen a payment and paid ${-fen}`)
    if (wallet !== mandate.payer || counterparty !== mandate.payee || mandate.monthFen === undefined) {
      this.#violation(`mandate ${key} paid from ${wallet} to ${counterparty}`)
    }
    this.#paid(key, mandate, posting)
  }

  /** A payment that nobody sent has left a wallet. @returns false when no schedule says that it should */
  scheduled(posting: Posting): boolean {
    const { wallet, counterparty, fen } = posting
    for (const [key, mandate] of this.#mandates) {
      const { payer, payee, monthFen, paid } = mandate
      const fits = payer === wallet && payee === counterparty && mandate.fen === -fen
      if (!fits || monthFen !== undefined || paid !== undefined) continue
      mandate.paid = posting.id
      this.#paid(key, mandate, posting)
      return true
    }
    return false
  }

  #paid(key: string, mandate: Mandate, { wallet, id, fen, seq, logTimeMs }: Posting): void {
    const month = monthOf(logTimeMs)
    const takenFen = (mandate.takenFen.get(month) ?? 0) - fen
    mandate.takenFen.set(month, takenFen)
    this.#byPayment.set(`${wallet}/${id}`, { mandate, month })
    if (logTimeMs < mandate.firstMs) this.#violation(`mandate ${key} paid before its first date`)
    if (takenFen > (mandate.monthFen ?? mandate.fen)) this.#violation(`mandate ${key} paid ${takenFen} fen in ${month}`)
    mandate.paidSeq = Math.max(mandate.paidSeq, seq)
    this.#judgeCancel(key, mandate)
  }

  /** Within one frame a payment may precede the cancel. */
  #judgeCancel(key: string, { paidSeq, cancelledSeq }: Mandate): void {
    if (paidSeq > cancelledSeq)
      this.#violation(`mandate ${key} was cancelled at ${cancelledSeq} and paid at ${paidSeq}`)
  }

  /** What came back leaves the bound free. */
  returned({ wallet, id, fen }: Posting): void {
    const found = this.#byPayment.get(`${wallet}/${id}`)
    if (found === undefined) return
    const { mandate, month } = found
    mandate.takenFen.set(month, (mandate.takenFen.get(month) ?? 0) - fen)
  }
}
