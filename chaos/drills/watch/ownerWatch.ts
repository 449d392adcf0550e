import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { connectOperator } from '../site/natsClient.ts'
import type { RegionSite } from '../site/regionSite.ts'
import type { Timeline } from './timeline.ts'

/** What a drill reads of a shard's record. */
export type OwnerSeen = {
  readonly epoch: number
  readonly owner: string
  readonly mode: string
  readonly segments: readonly { epoch: number; region: string; first: number; last?: number }[]
}

const againMs = 500

/**
 * Follows every region's copy of who owns what, and tells the timeline of each change. Copies trail one another: the
 * highest epoch counts, and within it the owner's own copy.
 */
export class OwnerWatch {
  readonly #timeline: Timeline
  readonly #seen = new Map<number, OwnerSeen>()
  readonly #connections: NatsConnection[] = []
  #stopped = false

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  async start(regions: readonly RegionSite[]): Promise<void> {
    for (const region of regions) {
      const connection = await connectOperator(region.facts().nats)
      this.#connections.push(connection)
      void this.#follow(connection, region.letter)
    }
  }

  /** The newest record of a shard, undefined until one was seen. */
  of(shard: number): OwnerSeen | undefined {
    return this.#seen.get(shard)
  }

  async #follow(connection: NatsConnection, region: string): Promise<void> {
    while (!this.#stopped) {
      try {
        const bucket: KV = await new Kvm(jetstream(connection)).open(`owners_${region}`)
        for await (const entry of await bucket.watch()) {
          const shard = Number(entry.key.slice('shard.'.length))
          if (entry.operation === 'PUT') this.#take(region, shard, entry.json<OwnerSeen>())
        }
      } catch {
        // The server is away, which is what drills do to it: the copy is read again when it is back.
      }
      if (!this.#stopped) await sleep(againMs)
    }
  }

  #take(region: string, shard: number, record: OwnerSeen): void {
    const before = this.#seen.get(shard)
    const newer = before === undefined || record.epoch > before.epoch
    const own = before !== undefined && record.epoch === before.epoch && region === record.owner
    if (!newer && !own) return
    this.#seen.set(shard, record)
    if (before?.epoch === record.epoch && before.mode === record.mode) return
    if (record.mode === 'solo' && before?.mode === 'sync' && !newer) {
      this.#timeline.alert(`shard ${shard}: region ${record.owner} commits alone`)
    }
    this.#timeline.ownership(shard, record)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#connections.map((connection) => connection.close()))
  }
}
