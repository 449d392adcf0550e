import { decodeJson, encodeJson } from '../../actors/log/jsonBytes.ts'
import type { AsOf, Query, QueryAnswer, QueryResults } from '../../actors/log/queries.ts'
import { type GatewayPorts, ShardUnavailable } from './ports.ts'

const queryTimeoutMs = 1_500
const triesMax = 4
const retryMinMs = 40
const retryMaxMs = 400

export type Read<T extends Query['type']> = { asOf: AsOf; result: QueryResults[T] }

/** Reads of the shards' memory. A read changes nothing, so that it is tried again until it is answered or time is up. */
export class ShardQueries {
  readonly #ports: GatewayPorts

  constructor(ports: GatewayPorts) {
    this.#ports = ports
  }

  /**
   * Asks one shard.
   * @throws ShardUnavailable after a few tries without an answer
   */
  async ask<Q extends Query>(shard: number, query: Q): Promise<Read<Q['type']>> {
    const message = encodeJson(query)
    let retryMs = retryMinMs
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once<Q['type']>(shard, message)
      } catch (error) {
        if (!(error instanceof ShardUnavailable) || tries >= triesMax || error.why === 'disconnected') throw error
      }
      await new Promise<void>((resolve) => this.#ports.after(retryMs * (0.5 + this.#ports.random()), resolve))
      retryMs = Math.min(retryMs * 3, retryMaxMs)
    }
  }

  async #once<T extends Query['type']>(shard: number, message: Uint8Array): Promise<Read<T>> {
    if (!this.#ports.connected()) throw new ShardUnavailable(shard, 'disconnected')
    const answer = decodeJson(await this.#ports.request(shard, message, queryTimeoutMs)) as QueryAnswer<T>
    if (answer.ok) return answer
    if (answer.error === 'not-leading') throw new ShardUnavailable(shard, 'no-leader')
    throw new Error(`shard ${shard} did not understand a query: ${answer.error}`)
  }
}
