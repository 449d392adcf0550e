import type { Request } from './requestBook.ts'
import type { Posting } from './walletBook.ts'

type Hold = { askedFen: number; expiresMs: number; wallet: number; heldFen: number; placed: boolean }

/** What wallets hold aside, kept anew from single postings. */
export class HoldBook {
  readonly #violation: (what: string) => void
  readonly #holds = new Map<string, Hold>()
  /** All that is held now. */
  fen = 0

  constructor(violation: (what: string) => void) {
    this.#violation = violation
  }

  /** Somebody asks to hold so much aside until then. */
  asked(key: string, fen: number, expiresMs: number): void {
    this.#holds.set(key, { askedFen: fen, expiresMs, wallet: 0, heldFen: 0, placed: false })
  }

  posted({ kind, wallet, id, fen, logTimeMs }: Posting): void {
    const key = `${wallet}.${id}`
    const hold = this.#holds.get(key)
    if (hold === undefined) {
      this.#violation(`hold ${key} was never asked for`)
      return
    }
    this.fen -= fen
    hold.heldFen -= fen
    if (kind === 'held') {
      if (hold.placed || -fen !== hold.askedFen) this.#violation(`hold ${key} of ${hold.askedFen} fen took ${-fen}`)
      if (logTimeMs >= hold.expiresMs) this.#violation(`hold ${key} was placed after its time`)
      hold.placed = true
      hold.wallet = wallet
    } else if (!hold.placed || hold.heldFen < 0) this.#violation(`hold ${key} gave back more than it held`)
  }

  /** A payment that takes from a hold has left the payer's wallet. */
  captured({ hold, wallet, id }: Request, logTimeMs: number): void {
    if (hold !== undefined && logTimeMs >= hold.expiresMs) {
      this.#violation(`payment ${wallet}/${id} took from hold ${hold.key} after its time`)
    }
  }

  /** Nothing is held beyond its time. @param logTimeOf log time of a wallet's shard at the end */
  close(logTimeOf: (wallet: number) => number): void {
    for (const [key, { heldFen, expiresMs, wallet }] of this.#holds) {
      if (heldFen > 0 && expiresMs <= logTimeOf(wallet)) this.#violation(`hold ${key} keeps ${heldFen} fen for ever`)
    }
  }
}
