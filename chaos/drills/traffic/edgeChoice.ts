import type { AnswerOutcome } from './payment.ts'

const avoidedForMs = 30_000

/**
 * Which edge a customer asks next: any, but for a while not one that was silent or busy about the same way, from one
 * shard to another. An edge that cannot reach a shard's owner would cost each new payment its patience.
 */
export class EdgeChoice {
  readonly #count: number
  readonly #nowMs: () => number
  readonly #random: () => number
  readonly #avoidedUntilMs = new Map<string, number>()

  constructor(count: number, nowMs: () => number, random: () => number = Math.random) {
    this.#count = count
    this.#nowMs = nowMs
    this.#random = random
  }

  edgeFor(way: string): number {
    const all = Array.from({ length: this.#count }, (_, edge) => edge)
    const now = this.#nowMs()
    const good = all.filter((edge) => (this.#avoidedUntilMs.get(`${way} ${edge}`) ?? 0) <= now)
    const choice = good.length === 0 ? all : good
    return choice[Math.floor(this.#random() * choice.length)]!
  }

  heard(way: string, edge: number, outcome: AnswerOutcome): void {
    const key = `${way} ${edge}`
    if (outcome === 'silent' || outcome === 'busy') this.#avoidedUntilMs.set(key, this.#nowMs() + avoidedForMs)
    else if (outcome !== 'pending') this.#avoidedUntilMs.delete(key)
  }
}
