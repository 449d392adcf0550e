import type { Patience, Payments } from './payments.ts'
import type { DrillWallet } from './wallets.ts'

/** At the rate of a real drill; a slower load has fewer probes in proportion. */
const probeEveryMs = 50
const fullRatePerSecond = 300
const probeFen = 1
/** Shorter than what counts as late: one edge that cannot reach the shard is no outage while another can. */
const patience: Patience = { tryTimeoutMs: 600, giveUpMs: 90_000 }
/** Probes that wait show that a shard is away as well as more of them would. */
const waitingMax = 6

type Pair = { readonly shard: number; readonly there: number; readonly back: number }

/** For each shard a payment every 50 ms between two wallets of it, so that its outage is seen for itself. */
export class Probes {
  readonly #payments: Payments
  readonly #everyMs: number
  readonly #pairs: readonly Pair[]
  readonly #waiting = new Map<number, number>()
  readonly #running = new Set<Promise<unknown>>()
  #timer: NodeJS.Timeout | undefined
  #turn = 0

  constructor(payments: Payments, wallets: readonly DrillWallet[], loadPerSecond: number) {
    this.#everyMs = probeEveryMs * Math.max(1, fullRatePerSecond / loadPerSecond)
    this.#payments = payments
    const numbers = Map.groupBy(wallets.keys(), (number) => wallets[number]!.shard)
    this.#pairs = [...numbers].map(([shard, [there, back]]) => ({ shard, there: there!, back: back! }))
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#turn += 1
      for (const pair of this.#pairs) this.#send(pair)
    }, this.#everyMs)
  }

  #send({ shard, there, back }: Pair): void {
    const waiting = this.#waiting.get(shard) ?? 0
    if (waiting >= waitingMax) return
    this.#waiting.set(shard, waiting + 1)
    // To and fro, so that no probe ever runs out of money.
    const [payer, payee] = this.#turn % 2 === 0 ? [there, back] : [back, there]
    const one: Promise<unknown> = this.#payments
      .pay({ payer, payee, fen: probeFen, probe: true }, patience)
      .finally(() => {
        this.#waiting.set(shard, this.#waiting.get(shard)! - 1)
        this.#running.delete(one)
      })
    this.#running.add(one)
    one.catch(() => undefined)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#running)
  }
}
