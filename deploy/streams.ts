import { setTimeout } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { Objm } from '@nats-io/obj'
import { ensureLogStream } from '../actors/log/logStreams.ts'
import { ensureMirrorStream, mirrorHasBegun } from '../actors/log/mirrorStreams.ts'
import { ownersBucket } from '../actors/log/ownerRecord.ts'
import { sessionLifeMsMax } from '../actors/log/settings.ts'
import { endedBucket } from '../actors/log/subjects.ts'

/** A mirror whose first request is lost repeats it after 5 s. */
const mirrorBeginTimeoutMs = 15_000
const mirrorLookMs = 20

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

/**
 * Makes the region's mirrors of the other region's logs, and waits until new ones have begun; where the link is down
 * they begin later. Both servers must be there, and somebody who answers the mirrors (`mirrorResets.ts`).
 */
export async function provisionMirrors(
  connection: NatsConnection,
  origin: NatsConnection,
  { region, shardCount, logBytesMax, peer }: Required<StreamPlan>,
): Promise<void> {
  const made: number[] = []
  for (let shard = 0; shard < shardCount; shard++) {
    const place = { region, peer, shard }
    if (await ensureMirrorStream(connection, origin, place, { bytesMax: logBytesMax })) made.push(shard)
  }
  const untilMs = Date.now() + mirrorBeginTimeoutMs
  for (const shard of made) {
    while (!(await mirrorHasBegun(connection, peer, shard)) && Date.now() < untilMs) await setTimeout(mirrorLookMs)
  }
}
