import { pick } from '../../oneRegion/random.ts'
import type { Patience, Payments } from './payments.ts'
import type { DrillWallet } from './wallets.ts'

const tickMs = 10
const fenMax = 300
/** An edge says within 8 s that it does not know; who hangs up before costs both sides a new connection. */
const patience: Patience = { tryTimeoutMs: 10_000, giveUpMs: 90_000 }
/** Customers on a way that does not answer wait with their next payment; the others are not kept waiting by them. */
const waitingPerWayMax = 24

/**
 * Payments at a rate that does not depend on the answers, from wallets of every shard to wallets of any shard. It goes
 * on through every fault of a drill.
 */
export class SteadyLoad {
  readonly #payments: Payments
  readonly #byShard: readonly (readonly number[])[]
  readonly #random: () => number
  readonly #perSecond: number
  readonly #waiting: number[]
  readonly #running = new Set<Promise<unknown>>()
  #timer: NodeJS.Timeout | undefined
  #beganMs = 0
  #due = 0
  /** Payments that were due while too many waited on their way: they were not sent at all. */
  heldBack = 0

  constructor(payments: Payments, wallets: readonly DrillWallet[], perSecond: number, random: () => number) {
    this.#payments = payments
    const numbers = Map.groupBy(wallets.keys(), (number) => wallets[number]!.shard)
    this.#byShard = [...numbers.keys()].toSorted((a, b) => a - b).map((shard) => numbers.get(shard)!)
    this.#waiting = new Array<number>(this.#byShard.length ** 2).fill(0)
    this.#perSecond = perSecond
    this.#random = random
  }

  start(): void {
    this.#beganMs = performance.now()
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  #tick(): void {
    const due = Math.floor(((performance.now() - this.#beganMs) / 1_000) * this.#perSecond)
    for (; this.#due < due; this.#due++) this.#send(this.#due % this.#byShard.length)
  }

  #send(shard: number): void {
    const to = Math.floor(this.#random() * this.#byShard.length)
    const way = shard * this.#byShard.length + to
    if (this.#waiting[way]! >= waitingPerWayMax) {
      this.heldBack += 1
      return
    }
    const payer = pick(this.#random, this.#byShard[shard]!)
    const payee = pick(
      this.#random,
      this.#byShard[to]!.filter((one) => one !== payer),
    )
    const fen = 1 + Math.floor(this.#random() * fenMax)
    this.#waiting[way]! += 1
    const one: Promise<unknown> = this.#payments.pay({ payer, payee, fen, probe: false }, patience).finally(() => {
      this.#waiting[way]! -= 1
      this.#running.delete(one)
    })
    this.#running.add(one)
    one.catch(() => undefined)
  }

  /** Sends nothing new. Resolves when what was on its way has ended one way or the other. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#running)
  }
}
