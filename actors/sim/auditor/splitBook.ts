import type { Request } from './requestBook.ts'
import type { Posting } from './walletBook.ts'

/** What a merchant promised others of an order: fen, or hundredths of a percent of what those leave. */
export type PromisedSplit = { readonly payee: number; readonly fen: number; readonly parts: number }

type Promised = { readonly merchant: number; readonly fen: number; readonly splits: readonly PromisedSplit[] }
type Due = { readonly payee: number; readonly fen: bigint; readonly order: string }

const whole = 10_000n

/** What of orders' money goes on to others, kept anew from single postings. */
export class SplitBook {
  readonly #promised = new Map<string, Promised>()
  /** By merchant: what an order that was paid brought for others and has not been sent on. */
  readonly #due = new Map<number, Due[]>()

  /** A merchant asks for an order under this key. */
  asked(key: string, promised: Promised): void {
    this.#promised.set(key, promised)
  }

  /** A merchant was credited for an order. */
  received({ order }: Request): void {
    const promised = order === undefined || order.refund ? undefined : this.#promised.get(order.key)
    if (promised === undefined) return
    const due = this.#due.get(promised.merchant) ?? []
    this.#due.set(promised.merchant, due)
    const fen = exactFen(promised)
    for (const [n, { payee }] of promised.splits.entries()) due.push({ payee, fen: fen[n]!, order: order!.key })
  }

  /** A payment that nobody sent has left a wallet. @returns false when no paid order promised it */
  sentOn({ wallet, counterparty, fen }: Posting): boolean {
    const due = this.#due.get(wallet) ?? []
    const at = due.findIndex((one) => one.payee === counterparty && one.fen === BigInt(-fen))
    if (at < 0) return false
    due.splice(at, 1)
    return true
  }
}

/** As it stands on paper: everybody's exact part rounded down, then the lacking fen to whoever lost most. */
function exactFen({ fen, splits }: Promised): bigint[] {
  const left = splits.reduce((rest, split) => rest - BigInt(split.fen), BigInt(fen))
  const parts = splits.map((split) => BigInt(split.parts))
  parts.push(parts.reduce((rest, part) => rest - part, whole))
  const shares = parts.map((part, place) => ({ place, fen: (left * part) / whole, lost: (left * part) % whole }))
  let lacking = shares.reduce((rest, share) => rest - share.fen, left)
  for (const share of [...shares].sort((a, b) => Number(b.lost - a.lost) || a.place - b.place)) {
    if (lacking === 0n) break
    share.fen += 1n
    lacking -= 1n
  }
  return splits.map((split, n) => BigInt(split.fen) + shares[n]!.fen)
}
