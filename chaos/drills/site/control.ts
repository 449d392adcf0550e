import type { NatsConnection } from '@nats-io/nats-core'
import { connectOperator } from './natsClient.ts'
import type { Word } from './operators.ts'
import type { NatsAccess } from './regionSite.ts'

const requestTimeoutMs = 15_000

/** What an operator may ask of a region's replica of a shard. */
export type ControlRequest =
  | { readonly type: 'status' }
  | { readonly type: 'lanes' }
  | { readonly type: 'takeover' }
  | { readonly type: 'move' }
  | { readonly type: 'accept-loss'; readonly words: readonly Word[] }

export type ControlAnswer = { readonly ok: boolean } & Record<string, unknown>

/** What an operator asked for was not done. */
export class Refused extends Error {
  readonly reason: string

  constructor(region: string, asked: string, shard: number, reason: string) {
    super(`region ${region} refuses ${asked} of shard ${shard}: ${reason}`)
    this.reason = reason
  }
}

/** Asks the replicas of one region, as its operators do. */
export class RegionControl {
  readonly #region: string
  readonly #connection: NatsConnection

  private constructor(region: string, connection: NatsConnection) {
    this.#region = region
    this.#connection = connection
  }

  static async connect(region: string, access: NatsAccess): Promise<RegionControl> {
    return new RegionControl(region, await connectOperator(access))
  }

  /** @throws Refused; Error when nobody answers in time */
  async ask(shard: number, request: ControlRequest): Promise<ControlAnswer> {
    const subject = `ctl.${this.#region}.${shard}`
    const reply = await this.#connection.request(subject, JSON.stringify(request), { timeout: requestTimeoutMs })
    const answer = reply.json<ControlAnswer>()
    if (!answer.ok) throw new Refused(this.#region, request.type, shard, String(answer.reason))
    return answer
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
