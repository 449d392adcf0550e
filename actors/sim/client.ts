import { ShardUnavailable } from '../../edge/gateway/ports.ts'
import type { Edge } from './edgeMachine.ts'
import { textOf } from './errorText.ts'
import type { Prng } from './prng.ts'
import type { World } from './world.ts'

const timeoutMs = 10_000
const wayMs = 5

/** How a person reaches the edges: whichever is there, with requests and answers that may be lost on the way. */
export class Client {
  readonly #world: World
  readonly #prng: Prng

  constructor(world: World, prng: Prng) {
    this.#world = world
    this.#prng = prng
  }

  /** Has an edge do something; undefined when nothing certain came back in time. */
  ask<T>(work: (edge: Edge) => Promise<T>): Promise<T | undefined> {
    const { outside, time, chronicle, edges, clientFaults } = this.#world
    const { lossBefore, lossAfter } = clientFaults
    return outside.promise((resolve) => {
      const give = (result: T | undefined): void => {
        cancel()
        resolve(result)
      }
      const cancel = time.after(timeoutMs, () => resolve(undefined))
      if (edges.length === 0) {
        time.after(wayMs, () => give(undefined))
        return
      }
      const edge = this.#prng.pick(edges)
      const lostBefore = this.#prng.chance(lossBefore)
      const lostAfter = this.#prng.chance(lossAfter)
      if (lostBefore) return
      const arrive = (result: T | undefined): void => {
        if (edge.process.alive && !lostAfter) time.after(1 + this.#prng.delayMs(wayMs), () => give(result))
      }
      const failed = (error: unknown): void => {
        if (!(error instanceof ShardUnavailable)) chronicle.violation(`an edge failed a request: ${textOf(error)}`)
        arrive(undefined)
      }
      time.after(1 + this.#prng.delayMs(wayMs), () => edge.process.do(() => void work(edge).then(arrive, failed)))
    })
  }

  sleep(delayMs: number): Promise<void> {
    return this.#world.outside.sleep(delayMs)
  }
}
