import type { NatsConnection } from '@nats-io/nats-core'
import { z } from 'zod'
import { openJetStreamLog } from '../log/jetStreamLog.ts'
import { beginLogAt } from '../log/logStreams.ts'
import { inOnePart } from '../log/snapshot.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'

/** Lies in a data folder that was restored and has not been started since. */
export const restoredFile = 'restored.json'
/** Where each shard's archived log ends. */
export const restoredPlaces = z.array(z.object({ shard: z.number().int(), seq: z.number().int() }))
export type RestoredPlace = z.infer<typeof restoredPlaces>[number]

/**
 * Brings a server's empty log to where a restored one goes on: behind the archive, with the state there in the region's
 * store of snapshots. It may be done again when it ended half way.
 * @throws Error when the server holds another log already, or the archive lacks the state.
 */
export async function beginRestoredLog(
  connection: NatsConnection,
  region: string,
  { shard, seq }: RestoredPlace,
  archived: SnapshotStore,
  snapshots: SnapshotStore,
): Promise<void> {
  const { first, last } = await (await openJetStreamLog(connection, region, shard)).bounds()
  if (last > 0 && first !== seq + 1) {
    throw new Error(`shard ${shard}: the server holds a log already, a restored one cannot take its place`)
  }
  const snapshot = await archived.newest(shard)
  if (snapshot?.manifest.seq !== seq) throw new Error(`shard ${shard}: the archive has no whole snapshot at ${seq}`)
  const [stored] = await snapshots.list(shard)
  if (stored === undefined || stored.seq < seq) {
    const { formatVersion: _, ...rest } = snapshot.manifest
    await snapshots.save({ ...rest, sections: inOnePart(snapshot.sections) })
  }
  if (last === 0) await beginLogAt(connection, region, shard, seq + 1)
}
