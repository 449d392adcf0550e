import { setTimeout as sleep } from 'node:timers/promises'
import { newId, signPayment } from '../../../edge/client/node.ts'
import { yuanText } from '../../oneRegion/amounts.ts'
import { EdgeChoice } from './edgeChoice.ts'
import type { Edges } from './edges.ts'
import { type Answer, finalAnswer, type Payment } from './payment.ts'
import type { RecordFile } from './recordFile.ts'
import type { DrillWallet } from './wallets.ts'

/** How long one try may take, and how long a sender goes on asking before it leaves the outcome for later. */
export type Patience = { readonly tryTimeoutMs: number; readonly giveUpMs: number }

type Asked = Pick<Edges, 'count' | 'pay'>

const pauseMinMs = 50
const pauseMaxMs = 800
const pendingPauseMs = 250

/** Everything that was asked for, what was answered, and how to ask for it once more under its id. */
export class Payments {
  readonly all: Payment[] = []
  readonly #wallets: readonly DrillWallet[]
  readonly #edges: Asked
  readonly #record: RecordFile
  readonly #nowMs: () => number
  readonly #choice: EdgeChoice
  readonly #bodies = new Map<string, Uint8Array>()
  /** Called with each answer, as it comes. */
  onAnswer: (payment: Payment, answer: Answer) => void = () => undefined
  #calledOff = false

  constructor(wallets: readonly DrillWallet[], edges: Asked, record: RecordFile, nowMs: () => number) {
    this.#wallets = wallets
    this.#edges = edges
    this.#record = record
    this.#nowMs = nowMs
    this.#choice = new EdgeChoice(edges.count, nowMs)
  }

  /** Signs a payment, sends it, and asks again under its id, at another edge after silence, until it has an outcome. */
  async pay(
    order: { payer: number; payee: number; fen: number; probe: boolean },
    patience: Patience,
  ): Promise<Payment> {
    const { payer, payee, fen, probe } = order
    const [from, to] = [this.#wallets[payer]!, this.#wallets[payee]!]
    const id = newId()
    const text = {
      payment_id: id,
      payer_wallet: from.walletId,
      payee_wallet: to.walletId,
      amount: yuanText(fen),
      currency: 'CNY-DC',
      timestamp: new Date().toISOString(),
    }
    this.#bodies.set(id, new TextEncoder().encode(JSON.stringify(signPayment(text, from.key))))
    const shards = { payerShard: from.shard, payeeShard: to.shard }
    const payment: Payment = { id, payer, payee, fen, ...shards, probe, sentAtMs: this.#nowMs(), answers: [] }
    this.all.push(payment)
    this.#record.sent(payment)
    await this.#untilFinal(payment, patience)
    return payment
  }

  /** From now on nobody asks again: what is on its way is answered or not. */
  callOff(): void {
    this.#calledOff = true
  }

  async #untilFinal(payment: Payment, { tryTimeoutMs, giveUpMs }: Patience): Promise<void> {
    const deadlineMs = this.#nowMs() + giveUpMs
    const way = `${payment.payerShard}>${payment.payeeShard}`
    for (let tries = 0; ; tries++) {
      const edge = this.#choice.edgeFor(way)
      const { retryAfterS, outcome } = await this.ask(payment, edge, tryTimeoutMs)
      this.#choice.heard(way, edge, outcome)
      if (finalAnswer(payment) !== undefined || this.#calledOff || this.#nowMs() >= deadlineMs) return
      if (outcome === 'pending') {
        await sleep(pendingPauseMs * (0.5 + Math.random()))
        continue
      }
      // The first try elsewhere goes at once: the other edge is not the one that is in trouble.
      if (tries === 0 && this.#edges.count > 1) continue
      const grownMs = Math.min(pauseMaxMs, pauseMinMs * 2 ** Math.min(tries, 10)) * (0.5 + Math.random())
      await sleep(Math.min(pauseMaxMs, Math.max(retryAfterS * 1_000, grownMs)))
    }
  }

  /** One try, the same bytes as ever. */
  async ask(payment: Payment, edge: number, timeoutMs: number): Promise<Answer & { retryAfterS: number }> {
    const heard = await this.#edges.pay(edge, this.#bodies.get(payment.id)!, timeoutMs)
    const { retryAfterS: _, ...answer } = heard
    payment.answers.push(answer)
    this.#record.answered(payment, answer)
    this.onAnswer(payment, answer)
    return heard
  }
}
