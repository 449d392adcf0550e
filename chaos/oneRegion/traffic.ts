import { setTimeout as sleep } from 'node:timers/promises'
import type { Customers } from './customers.ts'
import { pick, seededRandom } from './random.ts'

const customersAtOnce = 6
const pauseMs = 20
const probeEveryMs = 100
const fenMax = 300

export type TrafficOptions = {
  seed: number
  /** Share of recharges and redemptions; the banks are slower than all the rest. */
  sagaShare?: number
}

/**
 * Customers who pay, read, recharge and redeem until they are called off, one thing at a time each; and for each shard
 * a probe that pays from it to the next, so that it is seen how soon each works again.
 */
export class Traffic {
  readonly #customers: Customers
  readonly #running: Promise<void>[]
  #stopped = false

  constructor(customers: Customers, { seed, sagaShare = 0.06 }: TrafficOptions) {
    this.#customers = customers
    const people = Array.from({ length: customersAtOnce }, (_, n) =>
      this.#live(seededRandom(seed * 1_000 + n), sagaShare),
    )
    this.#running = [...people, ...this.#probed().map(([payer, payee]) => this.#probe(payer, payee))]
    // Not awaited until the faults are over: a failure must not go unheard meanwhile.
    for (const one of this.#running) one.catch(() => undefined)
  }

  async #live(random: () => number, sagaShare: number): Promise<void> {
    const wallets = this.#customers.customers.map((_, wallet) => wallet)
    while (!this.#stopped) {
      const wallet = pick(random, wallets)
      const fen = 1 + Math.floor(random() * fenMax)
      const what = random()
      if (what < sagaShare / 2) await this.#customers.move('recharge', wallet, fen, 'hasty')
      else if (what < sagaShare) await this.#customers.move('redemption', wallet, fen, 'hasty')
      else if (what < 0.4) await this.#customers.read(wallet, 'hasty')
      else {
        const payee = pick(
          random,
          wallets.filter((other) => other !== wallet),
        )
        await this.#customers.pay(wallet, payee, fen, 'hasty')
      }
      await sleep(pauseMs * (0.5 + random()))
    }
  }

  /** The first customer of each shard with that of the next. */
  #probed(): [number, number][] {
    const { customers } = this.#customers
    const first = new Map<number, number>()
    for (const [wallet, { shard }] of customers.entries()) if (!first.has(shard)) first.set(shard, wallet)
    const wallets = [...first.values()]
    return wallets.flatMap((payer, i) => {
      const payee = wallets[(i + 1) % wallets.length]!
      return payer === payee ? [] : [[payer, payee] as [number, number]]
    })
  }

  async #probe(payer: number, payee: number): Promise<void> {
    while (!this.#stopped) {
      await this.#customers.pay(payer, payee, 1, 'at-once')
      await sleep(probeEveryMs)
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
  }
}
