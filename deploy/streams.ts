import { jetstream } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { Objm } from '@nats-io/obj'
import { ensureLogStream } from '../actors/log/logStreams.ts'
import { ensureMirrorStream } from '../actors/log/mirrorStreams.ts'
import {
  firstOwnerRecord,
  type OwnerRecord,
  ownerKey,
  ownersBucket,
  parseOwnerRecord,
  witnessBucket,
} from '../actors/log/ownerRecord.ts'

/** Changes of each record that the witness still shows: for those who ask how it came to this. */
const witnessHistory = 16

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

/**
 * Gives the witness the first record of each shard that has none: a record that exists is never written over.
 * @returns every shard's record as it stands now
 */
export async function seedWitness(witness: NatsConnection, shardCount: number): Promise<OwnerRecord[]> {
  const bucket = await new Kvm(jetstream(witness)).create(witnessBucket, { history: witnessHistory })
  return recordsIn(bucket, shardCount, (shard) => firstOwnerRecord(firstOwner(shard), 'sync'))
}

/** Gives a region's copy what the witness says of shards of which the copy says nothing. */
export async function seedOwners(
  connection: NatsConnection,
  region: string,
  records: readonly OwnerRecord[],
): Promise<void> {
  const bucket = await new Kvm(jetstream(connection)).open(ownersBucket(region))
  await recordsIn(bucket, records.length, (shard) => records[shard]!)
}

async function recordsIn(bucket: KV, shardCount: number, first: (shard: number) => OwnerRecord) {
  const records: OwnerRecord[] = []
  for (let shard = 0; shard < shardCount; shard++) {
    const key = ownerKey(shard)
    if ((await bucket.get(key)) === null) await bucket.create(key, JSON.stringify(first(shard)))
    records.push(parseOwnerRecord((await bucket.get(key))?.json()))
  }
  return records
}
