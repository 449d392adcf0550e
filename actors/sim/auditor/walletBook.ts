/** One change of one wallet as a shard's log made it, in the order of that log. */
export type Posting = {
  readonly shard: number
  readonly seq: number
  /** Log time of the frame that made it. */
  readonly logTimeMs: number
  readonly kind: PostingKind
  readonly wallet: number
  /** Below zero when money left the wallet. */
  readonly fen: number
  /** The other wallet of a payment, else 0. */
  readonly counterparty: number
  readonly id: string
}

export type PostingKind =
  | 'paid'
  | 'received'
  | 'payment-returned'
  | 'recharged'
  | 'redeemed'
  | 'redemption-returned'
  | 'held'
  | 'hold-released'

type Payment = { out: number; in: number; back: number; fen: number; to: number }
type Saga = { kind: 'recharge' | 'redemption'; wallet: number; id: string; fen: number; back: boolean }

/** Wallets kept anew from single postings: what they hold, and what is on its way between them. */
export class WalletBook {
  readonly balances = new Map<number, number>()
  readonly payments = new Map<string, Payment>()
  readonly sagas = new Map<string, Saga>()
  walletsFen = 0
  inFlightFen = 0
  readonly #violation: (what: string) => void

  constructor(violation: (what: string) => void) {
    this.#violation = violation
  }

  post(posting: Posting): void {
    const { wallet, fen, kind, id } = posting
    const balance = (this.balances.get(wallet) ?? 0) + fen
    this.balances.set(wallet, balance)
    this.walletsFen += fen
    if (balance < 0) this.#violation(`wallet ${wallet} has ${balance} fen after ${kind} ${id}`)
    if (kind === 'paid' || kind === 'received' || kind === 'payment-returned') this.#payment(posting)
    else if (kind !== 'held' && kind !== 'hold-released') this.#saga(posting)
  }

  #payment({ kind, wallet, fen, counterparty, id }: Posting): void {
    const [payer, payee] = kind === 'received' ? [counterparty, wallet] : [wallet, counterparty]
    const key = `${payer}/${id}`
    const amount = Math.abs(fen)
    const payment = this.payments.get(key) ?? { out: 0, in: 0, back: 0, fen: amount, to: payee }
    this.payments.set(key, payment)
    if (kind === 'paid') payment.out += 1
    else if (kind === 'received') payment.in += 1
    else payment.back += 1
    this.inFlightFen += kind === 'paid' ? amount : -amount
    if (payment.out > 1) this.#violation(`payment ${key} was debited ${payment.out} times`)
    if (payment.in + payment.back > payment.out) this.#violation(`payment ${key} arrived more often than it left`)
    if (payment.fen !== amount) this.#violation(`payment ${key} left as ${payment.fen} fen and arrived as ${amount}`)
    if (payment.to !== payee) this.#violation(`payment ${key} went to ${payee}, not to ${payment.to}`)
  }

  #saga({ kind, wallet, fen, id }: Posting): void {
    const key = `${wallet}.${id}`
    const saga = this.sagas.get(key)
    if (kind === 'redemption-returned') {
      if (saga?.kind !== 'redemption' || saga.back || saga.fen !== fen) {
        this.#violation(`redemption ${key} of ${saga?.fen ?? 0} fen gave back ${fen}, once more or for nothing`)
      }
      if (saga !== undefined) saga.back = true
      return
    }
    if (saga !== undefined) this.#violation(`${kind} ${key} was executed twice`)
    const what = kind === 'recharged' ? 'recharge' : 'redemption'
    this.sagas.set(key, { kind: what, wallet, id, fen: Math.abs(fen), back: false })
  }

  /** Payments that left and have not arrived. */
  inFlight(): string[] {
    return [...this.payments].filter(([, { out, in: arrived, back }]) => out !== arrived + back).map(([key]) => key)
  }
}
