import { decodeJson, encodeJson } from '../../actors/log/jsonBytes.ts'
import type { OwnerDirectory } from '../../actors/log/ownerDirectory.ts'
import type { AsOf, Query, QueryAnswer, QueryResults } from '../../actors/log/queries.ts'
import { type GatewayPorts, ShardUnavailable } from './ports.ts'

const queryTimeoutMs = 1_500
const triesMax = 4
/** An owner in the other region is asked for this long, however many tries that takes: a shard that moves is away a moment. */
const ownerPatienceMs = 3_000
const retryMsMin = 40
const retryMsMax = 400

export type Read<T extends Query['type']> = { asOf: AsOf; result: QueryResults[T] }

/**
 * Which replica may answer. `near`: this region's, whose answer may be as old as it says. `owner`: the one that leads
 * the shard, wherever it is. `newest`: the owner, or this region's while the owner is away, if that knows anything.
 */
export type ReadFrom = 'near' | 'owner' | 'newest'

/** Reads of the shards' memory. A read changes nothing, so that it is tried again until it is answered or time is up. */
export class ShardQueries {
  readonly #ports: GatewayPorts
  readonly #region: string
  readonly #owners: OwnerDirectory

  constructor(ports: GatewayPorts, region: string, owners: OwnerDirectory) {
    this.#ports = ports
    this.#region = region
    this.#owners = owners
  }

  /**
   * Asks one shard. A replica that only follows may not know yet what the owner does: where it knows nothing, or of no
   * end, the owner is asked too.
   * @throws ShardUnavailable after a few tries without an answer
   */
  async ask<Q extends Query>(shard: number, query: Q, from: ReadFrom = 'near'): Promise<Read<Q['type']>> {
    const message = encodeJson(query)
    if (from === 'owner') return this.#askOwner(shard, message)
    const near = await this.#askNear<Q['type']>(shard, message)
    if (near !== undefined && (near.asOf.ageMs === undefined || (from === 'near' && !mayBeBehind(near)))) return near
    try {
      return await this.#askOwner(shard, message)
    } catch (error) {
      // That there is nothing would be a guess; that no end is known here is the truth.
      if (near === undefined || near.result === null) throw error
      return near
    }
  }

  #askOwner<T extends Query['type']>(shard: number, message: Uint8Array): Promise<Read<T>> {
    const here = this.#ownerRegion(shard) === this.#region
    return this.#askUntil(shard, message, 'owner', here ? { triesMax } : { patienceMs: ownerPatienceMs })
  }

  /** @returns undefined when this region's replica does not answer and another's may */
  async #askNear<T extends Query['type']>(shard: number, message: Uint8Array): Promise<Read<T> | undefined> {
    const elsewhere = this.#ownerRegion(shard) !== this.#region
    try {
      return await this.#askUntil<T>(shard, message, 'near', { triesMax: elsewhere ? 1 : triesMax })
    } catch (error) {
      if (!elsewhere || !(error instanceof ShardUnavailable) || error.why === 'disconnected') throw error
      return undefined
    }
  }

  #ownerRegion(shard: number): string | undefined {
    return this.#owners.ownerOf(shard)?.region
  }

  async #askUntil<T extends Query['type']>(
    shard: number,
    message: Uint8Array,
    from: 'near' | 'owner',
    { triesMax = 0, patienceMs = 0 }: { triesMax?: number; patienceMs?: number },
  ): Promise<Read<T>> {
    const untilMs = this.#ports.monotonicMs() + patienceMs
    let retryMs = retryMsMin
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once<T>(shard, message, from)
      } catch (error) {
        if (!(error instanceof ShardUnavailable) || error.why === 'disconnected') throw error
        if (tries >= triesMax && this.#ports.monotonicMs() >= untilMs) throw error
      }
      await new Promise<void>((resolve) => this.#ports.after(retryMs * (0.5 + this.#ports.random()), resolve))
      retryMs = Math.min(retryMs * 3, retryMsMax)
    }
  }

  async #once<T extends Query['type']>(shard: number, message: Uint8Array, from: 'near' | 'owner'): Promise<Read<T>> {
    if (!this.#ports.connected()) throw new ShardUnavailable(shard, 'disconnected')
    // Asked anew on every try: the shard may have moved since the last one.
    const region = from === 'near' ? this.#region : this.#ownerRegion(shard)
    if (region === undefined) throw new ShardUnavailable(shard, 'no-leader')
    const answer = decodeJson(await this.#ports.request(shard, message, queryTimeoutMs, region)) as QueryAnswer<T>
    if (answer.ok) {
      if (from === 'owner' && answer.asOf.ageMs !== undefined) throw new ShardUnavailable(shard, 'no-leader')
      return answer
    }
    if (answer.error === 'not-leading' || answer.error === 'not-committed') {
      throw new ShardUnavailable(shard, 'no-leader')
    }
    throw new Error(`shard ${shard} did not understand a query: ${answer.error}`)
  }
}

function mayBeBehind({ result }: Read<Query['type']>): boolean {
  return result === null || ('complete' in result && result.complete === false)
}
