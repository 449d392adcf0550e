import { join } from 'node:path'
import type { NatsConnection } from '@nats-io/nats-core'
import { ArchivedLog } from '../log/archivedLog.ts'
import { type Blobs, createBlobs } from '../log/blobs.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { openFollowedLogs } from '../log/followedLogs.ts'
import { connectNats } from '../log/natsConnection.ts'
import { objectSnapshots } from '../log/objectSnapshots.ts'
import type { OwnerSegment } from '../log/ownerRecord.ts'
import { messageOf } from '../log/process.ts'
import { createOpener, type Opener } from '../log/sealing.ts'
import type { ShardLog } from '../log/shardLog.ts'
import type { Snapshot } from '../log/snapshot.ts'
import { archiveDirOf, type RegionFacts, readRegionFacts } from './regionFacts.ts'

/** A running region as the operator's programs read it: logs from their first entry, snapshots, and keys. */
export type AuditedRegion = {
  readonly facts: RegionFacts
  readonly connection: NatsConnection
  readonly blobs: Blobs
  readonly logs: readonly ShardLog[]
  readonly openers: readonly Opener[]
  readonly newestSnapshot: (shard: number) => Promise<Snapshot | undefined>
  /** Whom a shard belonged to from where: a snapshot that followed another history is not begun from. */
  readonly segmentsOf: (shard: number) => readonly OwnerSegment[]
}

/** @throws Error when no region runs on the folder. The caller closes the connection. */
export async function openAuditedRegion(dataDir: string, name: string): Promise<AuditedRegion> {
  const facts = readRegionFacts(dataDir)
  const { region, shardCount } = facts
  const ring = openKeyRing(facts.keysDir)
  const blobs = createBlobs(ring)
  const connection = await connectNats(facts.nats, { name, inboxPrefix: `_INBOX.${facts.nats.user ?? 'operator'}` })
  const segments = folderSegments(join(archiveDirOf(dataDir, facts), 'segments'), blobs, region)
  const onFault = (what: string, error: unknown): void => {
    process.stderr.write(`${name}: ${what}: ${messageOf(error)}\n`)
  }
  const { logs, owners } = await openFollowedLogs(connection, facts, onFault)
  const snapshots = await objectSnapshots(connection, blobs, { region })
  const shards = Array.from({ length: shardCount }, (_, shard) => shard)
  const segmentsOf = (shard: number) => owners.ownerOf(shard)!.record.segments
  return {
    facts,
    connection,
    blobs,
    logs: logs.map((log, shard) => new ArchivedLog(shard, log, segments)),
    openers: shards.map((shard) => createOpener(ring, { shard })),
    newestSnapshot: (shard) => snapshots.newest(shard, segmentsOf(shard)),
    segmentsOf,
  }
}
