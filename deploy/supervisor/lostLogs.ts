import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { isStreamNotFound } from '../../actors/log/jetStreamErrors.ts'
import { beginLogAt } from '../../actors/log/logStreams.ts'
import { type OwnerRecord, positionOf } from '../../actors/log/ownerRecord.ts'
import { logStreamName } from '../../actors/log/subjects.ts'

const requestTimeoutMs = 5_000
/** More than a region can have written that nobody else has seen. */
const unseenMax = 1_000_000

/** A shard of which the region's own log is not there any more, and the last sequence that it is known to have had. */
export type LostLog = { shard: number; record: OwnerRecord; lastSeq: number }
/** A shard of whose log a region cannot read the entries up to position `lost`. */
export type UnreadableLog = { shard: number; record: OwnerRecord; lost: number }
type Records = readonly (OwnerRecord | undefined)[]

/** The region cannot begin: its logs are gone, and it still owns the shards. */
export class LogsLost extends Error {}

/**
 * Finds the logs of a region that begin anew though the records, or the other region's mirrors, know of more: its disk
 * was lost, or is another's.
 * @param other the other region's server; undefined while it is down
 * @throws LogsLost when the region may not begin such a log anew, and why
 */
export async function findLostLogs(
  region: string,
  own: NatsConnection,
  other: NatsConnection | undefined,
  records: Records,
): Promise<LostLog[]> {
  const [here, there] = [await managerOf(own), other && (await managerOf(other))]
  const found: LostLog[] = []
  for (const [shard, record] of records.entries()) {
    if (record === undefined) continue
    const stream = logStreamName(region, shard)
    const lastHere = (await boundsOf(here, stream)).last
    const mirrored = there === undefined ? 0 : (await boundsOf(there, stream)).last
    const lastSeq = Math.max(mirrored, ...endsIn(region, record))
    if (lastHere >= lastSeq) continue
    if (lastHere > 0) throw new LogsLost(`${stream} ends at ${lastHere}, but is known to have reached ${lastSeq}`)
    found.push({ shard, record, lastSeq })
  }
  const owned = found.filter(({ record }) => record.owner === region).map(({ shard }) => shard)
  if (owned.length > 0) {
    throw new LogsLost(`region ${region} has lost the logs of shards ${owned}, which it owns: take them over first`)
  }
  if (found.length > 0 && other === undefined) {
    throw new LogsLost(`region ${region} has lost its logs, and the other region is not there to give what they held`)
  }
  return found
}

/** Begins a lost log again, empty, at a sequence that it never had: what lies in a mirror keeps its name. */
export async function beginAnew(own: NatsConnection, region: string, { shard, lastSeq }: LostLog): Promise<void> {
  await beginLogAt(own, region, shard, lastSeq + unseenMax)
}

/**
 * Finds the shards whose logs a region cannot read from their beginning: what comes before was trimmed or lost. A
 * mirror that has nothing yet will begin where the other region's log does.
 */
export async function findUnreadable(
  region: string,
  own: NatsConnection,
  other: NatsConnection,
  records: Records,
): Promise<UnreadableLog[]> {
  const [here, there] = [await managerOf(own), await managerOf(other)]
  const found: UnreadableLog[] = []
  for (const [shard, record] of records.entries()) {
    let lost = 0
    for (const segment of record?.segments ?? []) {
      const stream = logStreamName(segment.region, shard)
      const bounds = await boundsOf(here, stream)
      const { first } = segment.region === region || bounds.last > 0 ? bounds : await boundsOf(there, stream)
      const last = Math.min(segment.last ?? Number.MAX_SAFE_INTEGER, first - 1)
      if (last >= segment.first) lost = positionOf(record!.segments, segment.epoch, last)
    }
    if (record !== undefined && lost > 0) found.push({ shard, record, lost })
  }
  return found
}

function managerOf(connection: NatsConnection): Promise<JetStreamManager> {
  return jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
}

async function boundsOf(manager: JetStreamManager, stream: string): Promise<{ first: number; last: number }> {
  try {
    const { state } = await manager.streams.info(stream)
    return { first: state.first_seq, last: state.last_seq }
  } catch (error) {
    if (isStreamNotFound(error)) return { first: 0, last: 0 }
    throw error
  }
}

/** Where the region's part of a shard's log is known to have reached. An open segment may hold nothing yet. */
function endsIn(region: string, { segments }: OwnerRecord): number[] {
  return segments.filter((segment) => segment.region === region).map(({ first, last }) => last ?? first - 1)
}
