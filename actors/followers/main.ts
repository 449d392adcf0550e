import { join } from 'node:path'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { ArchivedLog } from '../log/archivedLog.ts'
import { createBlobs } from '../log/blobs.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { openFollowedLogs } from '../log/followedLogs.ts'
import { connectNats } from '../log/natsConnection.ts'
import { objectSnapshots } from '../log/objectSnapshots.ts'
import { heldTo } from '../log/ownerRecord.ts'
import { createLogger, drainOnSignal, messageOf, runMain } from '../log/process.ts'
import { createOpener } from '../log/sealing.ts'
import { CutBelow } from '../log/segmentedFollower.ts'
import { loadSettings, type ProjectorSettings, projectorSettings } from '../log/settings.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { startStatusServer } from '../log/statusServer.ts'
import { beginFollowing } from './beginFollowing.ts'
import { openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { readPositions } from './positions.ts'
import { Projector } from './projector.ts'
import { ShardFollowing } from './shardFollowing.ts'

runMain('projector', async () => {
  const settings = loadSettings<ProjectorSettings>(projectorSettings)
  const { region, shardCount } = settings
  const logger = createLogger('projector', settings.logLevel)
  const ring = openKeyRing(settings.keysDir)
  const blobs = createBlobs(ring)
  const inboxPrefix = `_INBOX.${settings.nats.user ?? 'projector'}`
  const connection = await connectNats(settings.nats, { name: 'projector', inboxPrefix })
  await migrate(settings.databaseUrl)

  const { archiveDir } = settings
  const segments = archiveDir === undefined ? undefined : folderSegments(join(archiveDir, 'segments'), blobs, region)
  const logOf = (shard: number, live: ShardLog): ShardLog =>
    segments === undefined ? live : new ArchivedLog(shard, live, segments)
  const own = folderSnapshots(settings.stateDir, blobs)
  const regions = await objectSnapshots(connection, blobs, { region })
  const onFault = (what: string, error: unknown): void => logger.warn({ error: messageOf(error) }, what)
  const { logs, owners, alreadySafe } = await openFollowedLogs(connection, settings, onFault)
  const shards = logs.map((live, shard) => new ShardFollowing(shard, logOf(shard, live), createOpener(ring, { shard })))
  const open = () => openDatabase(settings.databaseUrl, 'projector', 1)
  const positions = await readPositions(settings.databaseUrl, shardCount)
  const onHopeless = (error: Error): void => {
    logger.fatal({ error: messageOf(error) }, 'projector stops')
    process.exit(70)
  }
  // Whoever goes on from beyond a cut would never hear of it: what comes looks like what should.
  owners.listen((shard, { record: { segments } }) => {
    const { replica } = shards[shard]!
    const { epoch, seq } = replica.seq < positions[shard]!.seq ? positions[shard]! : replica
    const held = heldTo(segments, { epoch, seq })
    if (held < seq) onHopeless(new CutBelow(epoch, held, seq))
  })
  for (const following of shards) {
    const { shard } = following
    const { segments } = owners.ownerOf(shard)!.record
    const position = positions[shard]!
    alreadySafe(shard, heldTo(segments, position))
    await beginFollowing(following, position, segments, {
      blobs,
      logger,
      snapshots: [own, regions],
      openDatabase: open,
    })
    const { seq, epoch, chain } = following.replica
    positions[shard] = { shard, seq, epoch, chain }
  }

  const projector = new Projector(shards, {
    region,
    blobs,
    logger,
    snapshots: own,
    snapshotEveryMs: settings.snapshotEveryMs,
    openDatabase: open,
    onHopeless,
  })
  projector.start()
  const readiness = () => {
    const { trouble, unheard, rowsWaiting } = projector
    return { ready: trouble === '' && unheard === '', detail: { trouble, unheard, rowsWaiting } }
  }
  const status = await startStatusServer(settings.statusPort, readiness, metricsOf(projector, shards))
  logger.info({ region, positions: positions.map(({ seq }) => seq), statusPort: status.port }, 'following')
  drainOnSignal(logger, async () => {
    await projector.stop()
    await status.close()
    await connection.drain()
  })
})

function metricsOf(projector: Projector, shards: readonly ShardFollowing[]): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'jiaozi_projector_seq',
    help: 'Last log sequence read',
    labelNames: ['shard'],
    registers: [registry],
    collect() {
      for (const { shard, replica } of shards) this.set({ shard: String(shard) }, replica.seq)
    },
  })
  new Gauge({
    name: 'jiaozi_projector_rows_waiting',
    help: 'Rows read and not yet committed',
    registers: [registry],
    collect() {
      this.set(projector.rowsWaiting)
    },
  })
  new Gauge({
    name: 'jiaozi_projector_logs_heard',
    help: '1 while all logs are heard',
    registers: [registry],
    collect() {
      this.set(projector.unheard === '' ? 1 : 0)
    },
  })
  new Gauge({
    name: 'jiaozi_projector_database_up',
    help: '1 while the database takes rows',
    registers: [registry],
    collect() {
      this.set(projector.trouble === '' ? 1 : 0)
    },
  })
  return registry
}
