import { createBlobs } from '../log/blobs.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { newIncarnation } from '../log/incarnation.ts'
import { openJetStreamLogs } from '../log/jetStreamLog.ts'
import { connectNats } from '../log/natsConnection.ts'
import { openOwnerDirectory } from '../log/natsOwnerDirectory.ts'
import { objectSnapshots } from '../log/objectSnapshots.ts'
import { loneOwner } from '../log/ownerDirectory.ts'
import { OwnFrames } from '../log/ownFrames.ts'
import { createLogger, drainOnSignal, messageOf, runMain } from '../log/process.ts'
import { createOpener, createSealer, type Sealer } from '../log/sealing.ts'
import { checkServer } from '../log/serverCheck.ts'
import { loadSettings, type WorkerSettings, workerSettings } from '../log/settings.ts'
import { startStatusServer } from '../log/statusServer.ts'
import { parseSubject } from '../log/subjects.ts'
import { Carriers } from './carriers.ts'
import { openNatsLeases } from './natsLeases.ts'
import { openSharedRegion } from './ownership/natsSharedRegion.ts'
import type { HostPorts } from './ports.ts'
import { SnapshotRoom } from './snapshotRoom.ts'
import { Worker } from './worker.ts'
import { workerMetrics } from './workerMetrics.ts'

runMain('worker', async () => {
  const settings = loadSettings<WorkerSettings>(workerSettings)
  const { region, shardCount, workerId } = settings
  const logger = createLogger(`worker-${workerId}`, settings.logLevel)
  const server = await checkServer(settings.nats.monitorUrl)
  const ring = openKeyRing(settings.keysDir)
  const inboxPrefix = `_INBOX.${settings.nats.user ?? workerId}`
  const connection = await connectNats(settings.nats, { name: `worker-${workerId}`, inboxPrefix })

  const regions = settings.peer === undefined ? [region] : [region, settings.peer]
  // Opened before anything is written: a frame then leaves in the turn that offers it, in one write with what edges are told.
  const logOf = await openJetStreamLogs(connection, regions, shardCount, server)
  const sealers = new Map<number, Sealer>()
  const sealerFor = (shard: number): Sealer => {
    const sealer = sealers.get(shard) ?? createSealer(ring, shard)
    sealers.set(shard, sealer)
    return sealer
  }
  const framesByShard = new Map<number, OwnFrames>()
  const framesOf = (shard: number): OwnFrames => {
    const frames = framesByShard.get(shard) ?? new OwnFrames(sealerFor(shard), createOpener(ring, { shard }))
    framesByShard.set(shard, frames)
    return frames
  }
  const ports: HostPorts = {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    random: () => Math.random(),
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs)
      return () => clearTimeout(timer)
    },
    publish: (subject, message) => connection.publish(subject, message),
    append: (shard, subject, frame, timeoutMs) => {
      const to = parseSubject(subject)
      return logOf(shard, to?.kind === 'command' ? to.region : region).append(subject, frame, { timeoutMs })
    },
    onError: (error) => {
      // A broken law, a gap in the log, an unknown key: going on would spread the damage. The supervisor starts anew.
      logger.fatal({ error: messageOf(error) }, 'worker stops')
      process.exit(70)
    },
  }
  const snapshots = await objectSnapshots(connection, createBlobs(ring), {
    region,
    onRefused: (error) => logger.error({ error: error.message }, 'snapshot refused, an older one is used'),
  })
  const onFault = (what: string, error: unknown) => logger.warn({ error: messageOf(error) }, what)
  const owners =
    settings.peer === undefined ? undefined : await openOwnerDirectory(connection, { region, shardCount, onFault })
  const shared = await openSharedRegion(connection, settings, { logOf, logger })
  const incarnation = newIncarnation()
  const snapshotRoom = new SnapshotRoom()
  const carriers = new Carriers({ incarnation, owners: owners ?? loneOwner(region), sealerFor: framesOf, ports })
  const worker = new Worker({
    region,
    workerId,
    shardCount,
    preferredShards: settings.preferredShards,
    ...(shared === undefined ? {} : { shared }),
    connection,
    leases: await openNatsLeases(connection, region),
    logger,
    runnerFor: async (shard) => ({
      region,
      shard,
      workerId,
      incarnation,
      log: logOf(shard, region),
      opener: framesOf(shard),
      sealerFor,
      snapshots,
      snapshotRoom,
      snapshotEveryMs: settings.snapshotEveryMs,
      ports,
      carriers,
      logger,
      ...(owners === undefined ? {} : { owners }),
    }),
  })
  worker.start()

  const status = await startStatusServer(
    settings.statusPort,
    () => readiness(worker, settings),
    workerMetrics(worker, shardCount),
  )
  logger.info({ region, shards: settings.preferredShards, statusPort: status.port }, 'started')
  drainOnSignal(logger, async () => {
    await worker.stop()
    owners?.close()
    await shared?.close()
    await status.close()
    await connection.drain()
  })
})

/** Ready once every shard that is this worker's own is led here, or followed where the other region owns it. */
function readiness(worker: Worker, settings: WorkerSettings): { ready: boolean; detail: Record<string, unknown> } {
  const { leading } = worker
  const ready = settings.preferredShards.every(
    (shard) => leading.includes(shard) || worker.sharedRunner(shard)?.ready === true,
  )
  return { ready, detail: { worker: settings.workerId, leading } }
}
