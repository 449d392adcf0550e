import type { NatsConnection } from '@nats-io/nats-core'
import { decodeJson, encodeJson } from '../log/jsonBytes.ts'
import type { OwnerDirectory } from '../log/ownerDirectory.ts'
import { type OwnerSegment, positionOf } from '../log/ownerRecord.ts'
import { trimSubject } from '../log/subjects.ts'

/** Up to which position of a shard's logical log a region reads nothing from the logs any more. */
type NeededNoMore = { shard: number; position: number }

export type TwoRegionTrimOptions = {
  readonly region: string
  readonly peer: string
  readonly connection: Pick<NatsConnection, 'publish' | 'subscribe'>
  readonly owners: OwnerDirectory
  /** Makes a stream of this region's server forget everything up to and including a sequence. */
  readonly purge: (region: string, shard: number, seq: number) => Promise<void>
  readonly onFault: (what: string, error: unknown) => void
}

/** The last sequence of a region's stream that lies at or below a position of the logical log; 0 for none. */
export function streamLimit(segments: readonly OwnerSegment[], region: string, position: number): number {
  let limit = 0
  for (const { epoch, region: of, first, last } of segments) {
    const before = positionOf(segments, epoch, first) - 1
    if (of !== region || before >= position) continue
    limit = Math.min(first + (position - before) - 1, last ?? Number.POSITIVE_INFINITY)
  }
  return limit
}

/**
 * Trims the streams that a region's server holds of a shard: the mirror of the other region's behind what this region
 * needs; its own, from which the other's mirror is made anew after a loss, only behind what both need.
 * @returns what the archiver trims by; it tells the other region each time how far this one has come
 */
export function trimmingTwoRegions(
  options: TwoRegionTrimOptions,
): (shard: number, position: number) => Promise<number> {
  const { region, peer, connection, owners, purge, onFault } = options
  const peers = new Map<number, number>()
  const purged = new Map<string, number>()
  connection.subscribe(trimSubject(peer), {
    callback: (error, message) => {
      try {
        if (error !== null) throw error
        const { shard, position } = decodeJson(message.data) as NeededNoMore
        peers.set(shard, Math.max(position, peers.get(shard) ?? 0))
      } catch (fault) {
        onFault('what the other region needs of the logs is not understood', fault)
      }
    },
  })
  const purgeTo = async (of: string, shard: number, position: number): Promise<void> => {
    const seq = streamLimit(owners.ownerOf(shard)!.record.segments, of, position)
    const name = `${of} ${shard}`
    if (seq <= (purged.get(name) ?? 0)) return
    await purge(of, shard, seq)
    purged.set(name, seq)
  }
  return async (shard, position) => {
    connection.publish(trimSubject(region), encodeJson({ shard, position } satisfies NeededNoMore))
    const both = Math.min(position, peers.get(shard) ?? 0)
    await purgeTo(peer, shard, position)
    await purgeTo(region, shard, both)
    return both
  }
}
