import { DiscardPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { isStreamNotFound } from '../actors/log/jetStreamErrors.ts'
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

const requestTimeoutMs = 5_000

/** By shard; undefined where nothing is known. */
export type OwnerRecords = (OwnerRecord | undefined)[]

/** Regions take turns as the first owner of a shard. */
export const firstOwner = (shard: number): string => (shard % 2 === 0 ? 'a' : 'b')

/**
 * Makes the witness's bucket where it is missing. Its revisions begin at the time of day: whoever knows a revision of a
 * bucket that was lost sees that those of the new one are later.
 */
export async function provisionWitness(witness: NatsConnection, nowMs = Date.now()): Promise<void> {
  const { streams } = await jetstreamManager(witness, { checkAPI: false, timeout: requestTimeoutMs })
  const name = `KV_${witnessBucket}`
  try {
    await streams.info(name)
    return
  } catch (error) {
    if (!isStreamNotFound(error)) throw error
  }
  await streams.add({
    name,
    subjects: [`$KV.${witnessBucket}.>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: witnessHistory,
    num_replicas: 1,
    allow_rollup_hdrs: true,
    allow_direct: true,
    deny_delete: true,
    first_seq: nowMs,
  })
}

/** What the witness knows: nothing of a shard that is new, or of which it has lost what it knew. */
export async function witnessRecords(witness: NatsConnection, shardCount: number): Promise<OwnerRecords> {
  return recordsIn(await new Kvm(jetstream(witness)).open(witnessBucket), shardCount)
}

/** What a region's copy says. */
export async function readOwners(region: NatsConnection, letter: string, shardCount: number): Promise<OwnerRecords> {
  return recordsIn(await new Kvm(jetstream(region)).open(ownersBucket(letter)), shardCount)
}

async function recordsIn(bucket: KV, shardCount: number): Promise<OwnerRecords> {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard)
  const entries = await Promise.all(shards.map((shard) => bucket.get(ownerKey(shard))))
  return entries.map((entry) => (entry === null ? undefined : parseOwnerRecord(entry.json())))
}

/** Writes the first record of shards that have none. @throws Error when one has: it is never written over. */
export async function seedWitness(witness: NatsConnection, shards: readonly number[]): Promise<void> {
  const bucket = await new Kvm(jetstream(witness)).open(witnessBucket)
  for (const shard of shards) {
    await bucket.create(ownerKey(shard), JSON.stringify(firstOwnerRecord(firstOwner(shard), 'sync')))
  }
}

/** Gives a witness that lost it the record of a shard. @throws Error when it has one: it is never written over. */
export async function restoreWitness(witness: NatsConnection, shard: number, record: OwnerRecord): Promise<void> {
  const bucket = await new Kvm(jetstream(witness)).open(witnessBucket)
  await bucket.create(ownerKey(shard), JSON.stringify(record))
}

/** Gives a region's copy what the witness says of shards of which the copy says nothing. */
export async function seedOwners(region: NatsConnection, letter: string, records: OwnerRecords): Promise<void> {
  const bucket = await new Kvm(jetstream(region)).open(ownersBucket(letter))
  for (const [shard, record] of records.entries()) {
    const key = ownerKey(shard)
    if (record !== undefined && (await bucket.get(key)) === null) await bucket.create(key, JSON.stringify(record))
  }
}

/**
 * Shards of which neither the witness nor a region knows: they are new. What the witness alone does not know it has
 * lost, and gets again from operators alone.
 */
export function newShards(
  witness: OwnerRecords,
  ...copies: readonly OwnerRecords[]
): { fresh: number[]; lost: number[] } {
  const unknown = witness.flatMap((record, shard) => (record === undefined ? [shard] : []))
  const isKnown = (shard: number): boolean => copies.some((records) => records[shard] !== undefined)
  return { fresh: unknown.filter((shard) => !isKnown(shard)), lost: unknown.filter(isKnown) }
}
