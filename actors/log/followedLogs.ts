import type { NatsConnection } from '@nats-io/nats-core'
import { type JetStreamLog, openJetStreamLog } from './jetStreamLog.ts'
import { openOwnerDirectory } from './natsOwnerDirectory.ts'
import { loneOwner, type OwnerDirectory, ownerKnown } from './ownerDirectory.ts'
import { SafeLog } from './safeLog.ts'
import { hearSafePositions, type SafePositions } from './safePositions.ts'
import { SegmentedLog } from './segmentedLog.ts'
import type { ShardLog } from './shardLog.ts'

export type FollowedRegion = {
  readonly region: string
  readonly peer?: string | undefined
  readonly shardCount: number
}

/** The logs of a region's shards as those read them who keep what they read. */
export type FollowedLogs = {
  readonly owners: OwnerDirectory
  /** By shard: the stream itself where one region owns it for ever, else the logical log, as far as it is safe. */
  readonly logs: readonly ShardLog[]
  /** What a reader has kept of a shard up to a position that its log still holds was safe when it was read. */
  alreadySafe(shard: number, position: number): void
}

/** Resolves once the owner of every shard is known. */
export async function openFollowedLogs(
  connection: NatsConnection,
  { region, peer, shardCount }: FollowedRegion,
  onFault: (what: string, error: unknown) => void,
): Promise<FollowedLogs> {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard)
  if (peer === undefined) {
    const logs = await Promise.all(shards.map((shard) => openJetStreamLog(connection, region, shard)))
    return { owners: loneOwner(region), logs, alreadySafe: () => undefined }
  }
  const owners = await openOwnerDirectory(connection, { region, shardCount, onFault })
  // Before the safe positions do: a log must know that it was cut before a position of what follows counts.
  const segmented = await Promise.all(shards.map((shard) => openSegmentedLog(connection, region, peer, shard, owners)))
  const onUnheard = (error: unknown): void => onFault('safe positions are not understood', error)
  const safe: SafePositions = hearSafePositions(connection, region, shardCount, owners, onUnheard)
  return {
    owners,
    logs: segmented.map((log, shard) => new SafeLog(shard, log, safe)),
    alreadySafe: (shard, position) => safe.take({ shard, epoch: owners.ownerOf(shard)!.epoch, position }),
  }
}

/** A shard's logical log over the region's own stream and its mirror of the other region's. */
export async function openSegmentedLog(
  connection: NatsConnection,
  region: string,
  peer: string,
  shard: number,
  owners: OwnerDirectory,
): Promise<SegmentedLog> {
  const streams = new Map<string, JetStreamLog>()
  for (const owner of [region, peer]) streams.set(owner, await openJetStreamLog(connection, owner, shard))
  const logOf = (of: string): ShardLog => {
    const stream = streams.get(of)
    if (stream === undefined) throw new Error(`shard ${shard} was owned by region ${of}, which is not known here`)
    return stream
  }
  const { record } = await ownerKnown(owners, shard)
  const log = new SegmentedLog({ region, logOf, segments: record.segments })
  owners.listen((changed, { record: { segments } }) => {
    if (changed === shard) log.update(segments)
  })
  return log
}
