import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { Objm } from '@nats-io/obj'
import { ensureLogStream } from '../actors/log/logStreams.ts'
import { ensureMirrorStream } from '../actors/log/mirrorStreams.ts'
import { ownersBucket } from '../actors/log/ownerRecord.ts'
import { sessionLifeMsMax } from '../actors/log/settings.ts'
import { endedBucket } from '../actors/log/subjects.ts'

export type StreamPlan = { region: string; shardCount: number; logBytesMax: number; peer?: string }

/**
 * Makes what a region's server must hold: a log a shard, the buckets of leases and of sessions that have
 * ended, the store of snapshots. Idempotent.
 */
export async function provisionStreams(connection: NatsConnection, plan: StreamPlan): Promise<void> {
  const { region, shardCount, logBytesMax, peer } = plan
  for (let shard = 0; shard < shardCount; shard++) {
    await ensureLogStream(connection, region, shard, { bytesMax: logBytesMax })
  }
  const js = jetstream(connection)
  const kvm = new Kvm(js)
  await kvm.create(`lease_${region}`, { history: 1 })
  // No cookie of a session is good for longer, so that nothing need be remembered for longer.
  await kvm.create(endedBucket(region), { history: 1, ttl: sessionLifeMsMax })
  await new Objm(js).create(`snap_${region}`, {})
  if (peer !== undefined) await kvm.create(ownersBucket(region), { history: 1 })
}

/** Makes the region's mirrors of the other region's logs. Both servers must be there. */
export async function provisionMirrors(
  connection: NatsConnection,
  origin: NatsConnection,
  { region, shardCount, logBytesMax, peer }: Required<StreamPlan>,
): Promise<void> {
  for (let shard = 0; shard < shardCount; shard++) {
    await ensureMirrorStream(connection, origin, { region, peer, shard }, { bytesMax: logBytesMax })
  }
}
