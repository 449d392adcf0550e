import { postToWallet } from './postings.ts'
import { forgetPayment, noteTaken } from './riskJudgements.ts'
import type { State } from './state.ts'

/** What the payments of a linked batch changed, so that all of them can be taken back in the frame that made them. */
export class BatchUndo {
  readonly #payer: Int32Array
  readonly #payee: Int32Array
  readonly #amount: Float64Array
  readonly #dayOut: Float64Array
  readonly #yearOut: Float64Array
  readonly #lastDay: Uint16Array
  readonly #dayPayments: Uint16Array
  #count = 0

  constructor(records: number) {
    this.#payer = new Int32Array(records)
    this.#payee = new Int32Array(records)
    this.#amount = new Float64Array(records)
    this.#dayOut = new Float64Array(records)
    this.#yearOut = new Float64Array(records)
    this.#lastDay = new Uint16Array(records)
    this.#dayPayments = new Uint16Array(records)
  }

  clear(): void {
    this.#count = 0
  }

  /** Called before a payment between two wallets of the shard is posted. */
  remember(s: State, payer: number, payee: number, amount: number): void {
    const n = this.#count++
    const { accounts } = s
    this.#payer[n] = payer
    this.#payee[n] = payee
    this.#amount[n] = amount
    this.#dayOut[n] = accounts.dayOut(payer)
    this.#yearOut[n] = accounts.yearOut(payer)
    this.#lastDay[n] = accounts.lastDay(payer)
    this.#dayPayments[n] = accounts.dayPayments(payer)
  }

  /** Last payment first, so that each wallet is left as the first of its payments found it. */
  takeBack(s: State): void {
    while (this.#count > 0) {
      const n = --this.#count
      const payer = this.#payer[n]!
      const payee = this.#payee[n]!
      postToWallet(s, payee, -this.#amount[n]!)
      s.settleAccount(payee)
      noteTaken(s, payee, this.#amount[n]!, -1)
      postToWallet(s, payer, this.#amount[n]!)
      s.accounts.setUse(payer, this.#lastDay[n]!, this.#dayPayments[n]!, this.#dayOut[n]!, this.#yearOut[n]!)
      s.settleAccount(payer)
      forgetPayment(s, payer)
    }
  }
}
