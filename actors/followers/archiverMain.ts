import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { createBlobs } from '../log/blobs.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { openFollowedLogs } from '../log/followedLogs.ts'
import { connectNats } from '../log/natsConnection.ts'
import { objectSnapshots } from '../log/objectSnapshots.ts'
import { heldTo, liesWithin } from '../log/ownerRecord.ts'
import { createLogger, drainOnSignal, messageOf, runMain } from '../log/process.ts'
import { type ArchiverSettings, archiverSettings, loadSettings } from '../log/settings.ts'
import { startStatusServer } from '../log/statusServer.ts'
import { logStreamName } from '../log/subjects.ts'
import { Archiver } from './archiver.ts'
import { openDatabase, RenewedPool } from './database.ts'
import { trimmingTwoRegions } from './twoRegionTrim.ts'

const requestTimeoutMs = 5_000
const databaseTimeoutMs = 5_000

runMain('archiver', async () => {
  const settings = loadSettings<ArchiverSettings>(archiverSettings)
  const { region, shardCount, archiveDir } = settings
  const logger = createLogger('archiver', settings.logLevel)
  const blobs = createBlobs(openKeyRing(settings.keysDir))
  const inboxPrefix = `_INBOX.${settings.nats.user ?? 'archiver'}`
  const connection = await connectNats(settings.nats, { name: 'archiver', inboxPrefix })
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  const { databaseUrl } = settings
  const pool = databaseUrl === undefined ? undefined : new RenewedPool(() => openDatabase(databaseUrl, 'archiver', 1))

  const onFault = (what: string, error: unknown): void => logger.warn({ error: messageOf(error) }, what)
  const followed = await openFollowedLogs(connection, settings, onFault)
  const shards = Array.from({ length: shardCount }, (_, shard) => shard)
  const { projectorDir } = settings
  const owners = (shard: number) => followed.owners.ownerOf(shard)!.record.segments
  const restartSeq = async (shard: number): Promise<number> => {
    const stored = projectorDir === undefined ? [] : await folderSnapshots(projectorDir, blobs).list(shard)
    return stored.find((info) => liesWithin(owners(shard), info))?.seq ?? 0
  }

  const purge = async (of: string, shard: number, seq: number): Promise<void> => {
    await manager.streams.purge(logStreamName(of, shard), { seq: seq + 1 })
  }
  const archiver = new Archiver(
    {
      logger,
      logs: followed.logs,
      segments: folderSegments(join(archiveDir, 'segments'), blobs, region),
      snapshots: await objectSnapshots(connection, blobs, { region }),
      copies: folderSnapshots(join(archiveDir, 'snapshots'), blobs),
      owners,
      projectorSeqs: async () => {
        if (pool === undefined) return shards.map(() => Number.MAX_SAFE_INTEGER)
        const rows = await pool.ask(
          (sql) => sql<{ shard: number; seq: bigint; epoch: number }[]>`select shard, seq, epoch from positions`,
          databaseTimeoutMs,
          "the projector's positions",
        )
        return shards.map((shard) => {
          const { epoch, seq } = rows.find((row) => row.shard === shard) ?? { epoch: 0, seq: 0n }
          return heldTo(owners(shard), { epoch, seq: Number(seq) })
        })
      },
      projectorRestartSeqs: () =>
        Promise.all(shards.map((shard) => (pool === undefined ? Number.MAX_SAFE_INTEGER : restartSeq(shard)))),
      trim:
        settings.peer === undefined
          ? async (shard, seq) => {
              await purge(region, shard, seq)
              return seq
            }
          : trimmingTwoRegions({
              ...settings,
              peer: settings.peer,
              connection,
              owners: followed.owners,
              purge,
              onFault,
            }),
      onHopeless: (error) => {
        logger.fatal({ error: messageOf(error) }, 'archiver stops')
        process.exit(70)
      },
    },
    settings,
  )
  await archiver.start()
  const readiness = () => ({ ready: true, detail: { trouble: archiver.trouble } })
  const status = await startStatusServer(settings.statusPort, readiness, metricsOf(archiver))
  const archived = archiver.shards.map(({ archivedSeq }) => archivedSeq)
  logger.info({ region, archived, statusPort: status.port }, 'archiving')
  drainOnSignal(logger, async () => {
    await archiver.stop()
    await status.close()
    await pool?.end()
    await connection.drain()
  })
})

function metricsOf(archiver: Archiver): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauges: { name: string; help: string; read: (shard: Archiver['shards'][number]) => number }[] = [
    { name: 'jiaozi_archiver_seq', help: 'Last log sequence archived', read: ({ archivedSeq }) => archivedSeq },
    {
      name: 'jiaozi_archiver_bytes_waiting',
      help: 'Bytes read, not archived',
      read: ({ bytesWaiting }) => bytesWaiting,
    },
    {
      name: 'jiaozi_archiver_trimmed_seq',
      help: 'Last log sequence trimmed since the start',
      read: ({ shard }) => archiver.trimmedSeq(shard),
    },
  ]
  for (const { name, help, read } of gauges) {
    new Gauge({
      name,
      help,
      labelNames: ['shard'],
      registers: [registry],
      collect() {
        for (const shard of archiver.shards) this.set({ shard: String(shard.shard) }, read(shard))
      },
    })
  }
  return registry
}
