import { readFileSync } from 'node:fs'
import { createBlobs } from '../actors/log/blobs.ts'
import { openKeyRing } from '../actors/log/fileKeyRing.ts'
import { newIncarnation } from '../actors/log/incarnation.ts'
import { openJetStreamLog } from '../actors/log/jetStreamLog.ts'
import type { KeyRing } from '../actors/log/keyRing.ts'
import { connectNats } from '../actors/log/natsConnection.ts'
import { NatsLink } from '../actors/log/natsLink.ts'
import { openOwnerDirectory } from '../actors/log/natsOwnerDirectory.ts'
import { loneOwner } from '../actors/log/ownerDirectory.ts'
import { caseTexts, userLabels } from '../actors/log/personalTexts.ts'
import { createLogger, drainOnSignal, messageOf, runMain } from '../actors/log/process.ts'
import { createSealer } from '../actors/log/sealing.ts'
import { type EdgeSettings, edgeSettings, loadSettings } from '../actors/log/settings.ts'
import { startStatusServer } from '../actors/log/statusServer.ts'
import { RateLimits } from './auth/rateLimits.ts'
import { siteOf } from './auth/site.ts'
import { VerifyPool } from './auth/verifyPool.ts'
import { openEndedSessions } from './console/natsEndedSessions.ts'
import { openConsole } from './console/openConsole.ts'
import type { Person } from './console/sessions.ts'
import { edgeMetrics } from './edgeMetrics.ts'
import { EventHub } from './events/eventHub.ts'
import { Gateway } from './gateway/gateway.ts'
import { hearAnswers, natsGatewayPorts } from './gateway/natsPorts.ts'
import { PayLinks } from './pay/payLinks.ts'
import type { Development } from './pay/walletPages.ts'
import { DrillReports } from './region/drillReports.ts'
import { LiveCounts } from './region/liveCounts.ts'
import { LiveStreams } from './region/liveStream.ts'
import { RegionWatch } from './region/regionWatch.ts'
import { accountVault } from './routes/accounts.ts'
import { createApp } from './routes/app.ts'
import { Authentication } from './routes/authentication.ts'
import { nameVault } from './routes/legalName.ts'
import { PaymentDesk, type VerifySignature } from './routes/paymentDesk.ts'
import { paymentListener } from './routes/paymentListener.ts'
import { SqlInspection } from './routes/sqlInspection.ts'
import { SqlJournal } from './routes/sqlJournal.ts'
import { SqlWebhooks } from './routes/sqlWebhooks.ts'
import { webhookSecretVault } from './routes/webhookSecretVault.ts'
import { serveHttps } from './server.ts'

runMain('edge', async () => {
  const settings = loadSettings<EdgeSettings>(edgeSettings)
  const { region, peer, shardCount, edgeId } = settings
  const logger = createLogger(`edge-${edgeId}`, settings.logLevel)
  const ring = openKeyRing(settings.keysDir)
  const inboxPrefix = `_INBOX.${settings.nats.user ?? `edge-${edgeId}`}`
  const connection = await connectNats(settings.nats, { name: `edge-${edgeId}`, inboxPrefix })
  const logs = await Promise.all(
    Array.from({ length: shardCount }, (_, shard) => openJetStreamLog(connection, region, shard)),
  )

  let gateway: Gateway | undefined
  const metrics = edgeMetrics(() => gateway)
  const onFault = (what: string, error: unknown): void => {
    metrics.fault(what)
    logger.warn({ error: messageOf(error) }, what)
  }
  const followed =
    peer === undefined ? undefined : await openOwnerDirectory(connection, { region, shardCount, onFault })
  const owners = followed ?? loneOwner(region)
  const ports = natsGatewayPorts(connection, logs, onFault)
  const sealerFor = (shard: number) => createSealer(ring, shard)
  gateway = new Gateway({ region, owners, edgeId, shardCount, incarnation: newIncarnation(), sealerFor, ports })
  hearAnswers(connection, edgeId, gateway, onFault)
  gateway.start()

  const pool = new VerifyPool({ threads: settings.verifyThreads, onFault })
  const verify: VerifySignature = ({ algorithm, key }, message, signature) =>
    pool.verify({ algorithm, key, message, signature })
  const { principals, queries } = gateway
  const endOfLog = async (shard: number) => (await queries.ask(shard, { type: 'principals' }, 'owner')).asOf
  const journal = new SqlJournal(settings.databaseUrl, shardCount, logger, endOfLog)
  const limits = new RateLimits(settings.rateLimits)
  const site = siteOf(settings.publicUrl ?? `https://localhost:${settings.port}`, settings.pageOrigins)
  const blobs = createBlobs(ring)
  const nowMs = () => Date.now()
  const { processes, console: consoleSettings } = settings
  const watch = new RegionWatch({ region, peer, shardCount, owners, processes, nowMs })
  const counts = new LiveCounts(nowMs)
  const live = new LiveStreams(counts, watch)
  const shardOf = gateway.shardOf.bind(gateway)
  const events = new EventHub({ journal, shardOf, nowMs, after: ports.after, onFault })
  const ended =
    consoleSettings === undefined ? undefined : await openEndedSessions(connection, { region, nowMs, onFault })
  const web = {
    services: {
      gateway,
      vault: accountVault(ring, blobs),
      names: nameVault(blobs),
      cases: caseTexts(blobs),
      labels: userLabels(blobs),
      journal,
      events,
      payments: new PaymentDesk(gateway, verify, journal, limits, site),
      site,
      payLinks: new PayLinks(ring),
      webhooks: new SqlWebhooks(journal, shardCount),
      webhookSecrets: webhookSecretVault(ring),
      loopbackCallbacks: settings.loopbackCallbacks,
      inspection: new SqlInspection(journal, shardCount),
      watch,
      drills: new DrillReports(settings.drillReportsDir),
      nowMs,
      after: (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs)),
    },
    development: developmentOf(settings, ring),
    authentication: new Authentication(gateway, verify, site),
    limits,
    proxies: new Set<string>(),
    onFault,
    live,
    onAnswered(operation: string, status: number, ms: number, reason: string) {
      metrics.answered(operation, status, ms)
      counts.answered(operation, status, ms, reason)
    },
    ...(consoleSettings &&
      ended && {
        console: openConsole({ settings: consoleSettings, ring, ended, principals, nowMs }),
      }),
    onLogin: ({ role, operator }: Person) => logger.info({ role, operator }, 'somebody has logged in to the console'),
  }
  const link = NatsLink.of(connection)
  const ready = () => {
    const ownersKnown = logs.every((_, shard) => owners.ownerOf(shard) !== undefined)
    return { ready: link.up && ownersKnown, detail: { edge: edgeId, nats: link.up, ownersKnown } }
  }
  const app = createApp(web, { ready })
  const server = await serveHttps(app.fetch as never, settings, paymentListener(web))
  const status = await startStatusServer(settings.statusPort, ready, metrics.registry)
  logger.info({ region, host: settings.host, port: settings.port, statusPort: status.port }, 'started')
  drainOnSignal(logger, async () => {
    // No new connection; what is under way ends first, since its callers wait for exactly that.
    live.close()
    events.close()
    await Promise.all([server.close(), gateway.drain()])
    await pool.close()
    await journal.close()
    await Promise.all(logs.map((log) => log.close()))
    followed?.close()
    ended?.close()
    await status.close()
    await connection.drain()
  })
})

function developmentOf({ developmentWallets: settings }: EdgeSettings, ring: KeyRing): Development | undefined {
  if (settings === undefined) return undefined
  return { institutionKeyPem: readFileSync(settings.institutionKeyFile, 'utf8'), bankUrl: settings.bankUrl, ring }
}
