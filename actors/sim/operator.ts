import { decodeJson, encodeJson } from '../log/jsonBytes.ts'
import { controlSubject } from '../log/subjects.ts'
import type { Prng } from './prng.ts'
import type { World } from './world.ts'

const requestTimeoutMs = 15_000
const againMsMin = 300
const againMsMax = 2_500

/** Whoever moves shards between the regions by hand, not always when it is a good moment. */
export class Operator {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Has a shard's owner hand it over, and now and then thinks better of it. */
  move(random: Prng): void {
    const { scenario, time } = this.#world
    const shard = random.between(0, scenario.shardCount - 1)
    const times = random.pick([1, 1, 2, 4])
    for (let n = 0; n < times; n++) {
      time.after(n * random.between(againMsMin, againMsMax), () => {
        this.#ask('move', this.#world.recordOf(shard).owner, shard)
      })
    }
  }

  /** Has the other region take a shard over, though its owner may be well. */
  takeOver(random: Prng): void {
    const { scenario } = this.#world
    const shard = random.between(0, scenario.shardCount - 1)
    const { owner } = this.#world.recordOf(shard)
    this.#ask('takeover', scenario.regions.find((region) => region !== owner)!, shard)
  }

  #ask(type: 'move' | 'takeover', region: string, shard: number): void {
    const { bus, outside, chronicle } = this.#world
    const told = (what: string): void => chronicle.tell(`operator.${type}.${what}`, `${region} ${shard}`)
    bus.request(outside, controlSubject(region, shard), encodeJson({ type }), requestTimeoutMs).then(
      (answer) => {
        const { ok, reason } = decodeJson(answer) as { ok: boolean; reason?: string }
        told(ok ? 'done' : (reason ?? 'refused'))
      },
      () => told('unanswered'),
    )
  }
}
