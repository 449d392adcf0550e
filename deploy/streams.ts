import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { Objm } from '@nats-io/obj'
import { ensureLogStream } from '../actors/log/logStreams.ts'

export type StreamPlan = { region: string; shardCount: number; logBytesMax: number }

/** Makes what a region's server must hold: a log a shard, the bucket of leases, the store of snapshots. Idempotent. */
export async function provisionStreams(connection: NatsConnection, plan: StreamPlan): Promise<void> {
  const { region, shardCount, logBytesMax } = plan
  for (let shard = 0; shard < shardCount; shard++) {
    await ensureLogStream(connection, region, shard, { bytesMax: logBytesMax })
  }
  const js = jetstream(connection)
  await new Kvm(js).create(`lease_${region}`, { history: 1 })
  await new Objm(js).create(`snap_${region}`, {})
}
