import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { Objm } from '@nats-io/obj'
import { ensureLogStream } from '../actors/log/logStreams.ts'
import { ensureMirrorStream } from '../actors/log/mirrorStreams.ts'
import { type OwnerRecord, ownerKey, ownersBucket, parseOwnerRecord } from '../actors/log/ownerRecord.ts'

export type StreamPlan = { region: string; shardCount: number; logBytesMax: number; peer?: string }

/** Makes what a region's server must hold: a log a shard, the bucket of leases, the store of snapshots. Idempotent. */
export async function provisionStreams(connection: NatsConnection, plan: StreamPlan): Promise<void> {
  const { region, shardCount, logBytesMax, peer } = plan
  for (let shard = 0; shard < shardCount; shard++) {
    await ensureLogStream(connection, region, shard, { bytesMax: logBytesMax })
  }
  const js = jetstream(connection)
  const kvm = new Kvm(js)
  await kvm.create(`lease_${region}`, { history: 1 })
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

/** Regions take turns as the first owner of a shard. */
export const firstOwner = (shard: number): string => (shard % 2 === 0 ? 'a' : 'b')

/** Gives a region's copy what the witness says of shards of which the copy says nothing. */
export async function seedOwners(
  connection: NatsConnection,
  region: string,
  records: readonly (OwnerRecord | undefined)[],
): Promise<void> {
  const bucket = await new Kvm(jetstream(connection)).open(ownersBucket(region))
  for (const [shard, record] of records.entries()) {
    const key = ownerKey(shard)
    if (record !== undefined && (await bucket.get(key)) === null) await bucket.create(key, JSON.stringify(record))
  }
}

/** What a region's copy says of each shard. */
export async function readOwners(
  connection: NatsConnection,
  region: string,
  shardCount: number,
): Promise<(OwnerRecord | undefined)[]> {
  const bucket = await new Kvm(jetstream(connection)).open(ownersBucket(region))
  const shards = Array.from({ length: shardCount }, (_, shard) => shard)
  const entries = await Promise.all(shards.map((shard) => bucket.get(ownerKey(shard))))
  return entries.map((entry) => (entry === null ? undefined : parseOwnerRecord(entry.json())))
}
