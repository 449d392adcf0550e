import { bucketCount, bucketOf } from '../ledger/ids.ts'

/** Shard of each bucket, by bucket number. It is fixed when a region's data is made. */
export type Placement = Uint16Array

/** Spreads the buckets evenly: bucket mod shardCount. */
export function defaultPlacement(shardCount: number): Placement {
  if (!Number.isInteger(shardCount) || shardCount < 1 || shardCount > bucketCount) {
    throw new Error(`shard count must be an integer from 1 to ${bucketCount}, not ${shardCount}`)
  }
  return Uint16Array.from({ length: bucketCount }, (_, bucket) => bucket % shardCount)
}

/** Shard in which a wallet or a user lives. All wallets of one user share the user's bucket, hence the shard. */
export function shardOf(placement: Placement, number: number): number {
  return placement[bucketOf(number)]!
}

/** Buckets that one shard holds, in ascending order: where new users and wallets of this shard are issued. */
export function bucketsOf(placement: Placement, shard: number): number[] {
  const buckets: number[] = []
  for (let bucket = 0; bucket < placement.length; bucket++) if (placement[bucket] === shard) buckets.push(bucket)
  return buckets
}
