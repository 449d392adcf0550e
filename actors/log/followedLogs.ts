import type { NatsConnection } from '@nats-io/nats-core'
import { openJetStreamLogs } from './jetStreamLog.ts'
import { openOwnerDirectory } from './natsOwnerDirectory.ts'
import { loneOwner, type OwnerDirectory, ownerKnown } from './ownerDirectory.ts'
import { SafeLog } from './safeLog.ts'
import { hearSafePositions, type SafePositions } from './safePositions.ts'
import { SegmentedLog } from './segmentedLog.ts'
import { checkServer } from './serverCheck.ts'
import type { ShardLog } from './shardLog.ts'

export type FollowedRegion = {
  readonly region: string
  readonly peer?: string | undefined
  readonly shardCount: number
  /** Where its server says how much it holds for a client. */
  readonly nats: { readonly monitorUrl: string }
}

/** The logs of a region's shards as those read them who keep what they read. */
export type FollowedLogs = {
  readonly owners: OwnerDirectory
  /** By shard: the stream itself where one region owns it for ever, else the logical log, as far as it is safe. */
  readonly logs: readonly ShardLog[]
  /** What a reader has kept of a shard up to a position that its log still holds was safe when it was read. */
  alreadySafe(shard: number, position: number): void
}

/**
 * Resolves once the owner of every shard is known.
 * @throws ServerUnfit; Error when the monitoring port does not answer, or the server holds too little for the followers.
 */
export async function openFollowedLogs(
  connection: NatsConnection,
  { region, peer, shardCount, nats }: FollowedRegion,
  onFault: (what: string, error: unknown) => void,
): Promise<FollowedLogs> {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard)
  const regions = peer === undefined ? [region] : [region, peer]
  const logOf = await openJetStreamLogs(connection, regions, shardCount, await checkServer(nats.monitorUrl))
  if (peer === undefined) {
    const logs = shards.map((shard) => logOf(shard, region))
    return { owners: loneOwner(region), logs, alreadySafe: () => undefined }
  }
  const owners = await openOwnerDirectory(connection, { region, shardCount, onFault })
  // Before the safe positions do: a log must know that it was cut before a position of what follows counts.
  const segmented = await Promise.all(
    shards.map((shard) => openSegmentedLog(region, shard, (of) => logOf(shard, of), owners)),
  )
  const onUnheard = (error: unknown): void => onFault('safe positions are not understood', error)
  const safe: SafePositions = hearSafePositions(connection, region, shardCount, owners, onUnheard)
  return {
    owners,
    logs: segmented.map((log, shard) => new SafeLog(shard, log, safe)),
    alreadySafe: (shard, position) => safe.take({ shard, epoch: owners.ownerOf(shard)!.epoch, position }),
  }
}

/** A shard's logical log over the region's own stream and its mirror of the other region's. */
async function openSegmentedLog(
  region: string,
  shard: number,
  logOf: (region: string) => ShardLog,
  owners: OwnerDirectory,
): Promise<SegmentedLog> {
  const { record } = await ownerKnown(owners, shard)
  const log = new SegmentedLog({ region, logOf, segments: record.segments })
  owners.listen((changed, { record: { segments } }) => {
    if (changed === shard) log.update(segments)
  })
  return log
}
