import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { createBlobs } from '../log/blobs.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { newIncarnation } from '../log/incarnation.ts'
import { openJetStreamLog } from '../log/jetStreamLog.ts'
import { connectNats } from '../log/natsConnection.ts'
import { openOwnerDirectory } from '../log/natsOwnerDirectory.ts'
import { objectSnapshots } from '../log/objectSnapshots.ts'
import { createLogger, drainOnSignal, messageOf, runMain } from '../log/process.ts'
import { createOpener, createSealer, type Sealer } from '../log/sealing.ts'
import { checkServer } from '../log/serverCheck.ts'
import { loadSettings, type WorkerSettings, workerSettings } from '../log/settings.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { startStatusServer } from '../log/statusServer.ts'
import { openNatsLeases } from './natsLeases.ts'
import type { HostPorts } from './ports.ts'
import { Worker } from './worker.ts'

runMain('worker', async () => {
  const settings = loadSettings<WorkerSettings>(workerSettings)
  const { region, shardCount, workerId } = settings
  const logger = createLogger(`worker-${workerId}`, settings.logLevel)
  await checkServer(settings.nats.monitorUrl)
  const ring = openKeyRing(settings.keysDir)
  const inboxPrefix = `_INBOX.${settings.nats.user ?? workerId}`
  const connection = await connectNats(settings.nats, { name: `worker-${workerId}`, inboxPrefix })

  const logs = new Map<number, Promise<ShardLog>>()
  const logOf = (shard: number): Promise<ShardLog> => {
    const log = logs.get(shard) ?? openJetStreamLog(connection, region, shard)
    logs.set(shard, log)
    return log
  }
  const sealers = new Map<number, Sealer>()
  const sealerFor = (shard: number): Sealer => {
    const sealer = sealers.get(shard) ?? createSealer(ring, shard)
    sealers.set(shard, sealer)
    return sealer
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
    append: async (shard, subject, frame, timeoutMs) => (await logOf(shard)).append(subject, frame, { timeoutMs }),
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
  const hosts = (shard: number): boolean => owners === undefined || owners.ownerOf(shard)?.region === region
  const incarnation = newIncarnation()
  const worker = new Worker({
    region,
    workerId,
    shardCount,
    preferredShards: settings.preferredShards,
    hosts,
    connection,
    leases: await openNatsLeases(connection, region),
    logger,
    runnerFor: async (shard) => ({
      region,
      shard,
      workerId,
      incarnation,
      log: await logOf(shard),
      opener: createOpener(ring, { shard }),
      sealerFor,
      snapshots,
      snapshotEveryMs: settings.snapshotEveryMs,
      ports,
      logger,
    }),
  })
  worker.start()

  const status = await startStatusServer(
    settings.statusPort,
    () => readiness(worker, settings, hosts),
    metricsOf(worker, shardCount),
  )
  logger.info({ region, shards: settings.preferredShards, statusPort: status.port }, 'started')
  drainOnSignal(logger, async () => {
    await worker.stop()
    owners?.close()
    await status.close()
    await connection.drain()
  })
})

/** Ready once every shard that is this worker's own is led here. */
function readiness(
  worker: Worker,
  settings: WorkerSettings,
  hosts: (shard: number) => boolean,
): { ready: boolean; detail: Record<string, unknown> } {
  const { leading } = worker
  const ready = settings.preferredShards.filter(hosts).every((shard) => leading.includes(shard))
  return { ready, detail: { worker: settings.workerId, leading } }
}

function metricsOf(worker: Worker, shardCount: number): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauges: { name: string; help: string; read: (shard: number) => number | undefined }[] = [
    { name: 'jiaozi_shard_seq', help: 'Last applied log sequence', read: (n) => worker.runner(n)?.leader?.replica.seq },
    {
      name: 'jiaozi_shard_commands_total',
      help: 'Commands applied since the log began',
      read: (n) => worker.runner(n)?.leader?.replica.ledger.state.commandsApplied,
    },
    {
      name: 'jiaozi_shard_open_sagas',
      help: 'Recharges and redemptions under way',
      read: (n) => worker.runner(n)?.leader?.replica.ledger.state.openSagas.size,
    },
    {
      name: 'jiaozi_shard_wallets_fen',
      help: 'Sum of wallet balances in fen',
      read: (n) => worker.runner(n)?.leader?.replica.ledger.state.books.wallets,
    },
  ]
  for (const { name, help, read } of gauges) {
    new Gauge({
      name,
      help,
      labelNames: ['shard'],
      registers: [registry],
      collect() {
        this.reset()
        for (let shard = 0; shard < shardCount; shard++) {
          const value = worker.runner(shard)?.leading ? read(shard) : undefined
          if (value !== undefined) this.set({ shard: String(shard) }, value)
        }
      },
    })
  }
  return registry
}
