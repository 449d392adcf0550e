import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import type { NatsConnection } from '@nats-io/nats-core'
import { openKeyRing } from '../../log/fileKeyRing.ts'
import { connectNats } from '../../log/natsConnection.ts'
import { type NatsOwnerDirectory, openOwnerDirectory } from '../../log/natsOwnerDirectory.ts'
import { loneOwner } from '../../log/ownerDirectory.ts'
import { createLogger, drainOnSignal, messageOf, runMain } from '../../log/process.ts'
import { loadSettings, type WebhooksSettings, webhooksSettings } from '../../log/settings.ts'
import { startStatusServer } from '../../log/statusServer.ts'
import { openDatabase, RenewedPool } from '../database.ts'
import { CallbackCaller } from './callbackRequest.ts'
import { Deliverer } from './deliverer.ts'
import { PeerDeliveries } from './peerDeliveries.ts'
import { webhookMetrics } from './webhookMetrics.ts'
import { WebhookStore } from './webhookStore.ts'

const connections = 3

/** Tells merchants what happened to their orders, of those shards that its region owns. */
runMain('webhooks', async () => {
  const settings = loadSettings<WebhooksSettings>(webhooksSettings)
  const { region, peer, shardCount, loopbackCallbacks, callsMax, callsPerMerchantMax } = settings
  const logger = createLogger('webhooks', settings.logLevel)
  const pool = new RenewedPool(() => openDatabase(settings.databaseUrl, 'webhooks', connections))
  const link =
    peer === undefined
      ? undefined
      : await ownersOf(settings, (what, error) => {
          logger.warn({ error: messageOf(error) }, what)
        })
  const owners = link?.owners ?? loneOwner(region)
  const caller = new CallbackCaller({
    loopback: loopbackCallbacks,
    callsPerHostMax: callsMax,
    ...(settings.caFile === undefined ? {} : { authorities: authoritiesWith(settings.caFile) }),
  })
  const metrics = webhookMetrics(() => deliverer)
  const all = Array.from({ length: shardCount }, (_, shard) => shard)
  const deliverer = new Deliverer({
    store: new WebhookStore(pool),
    caller,
    ring: openKeyRing(settings.keysDir),
    logger,
    shards: () => all.filter((shard) => owners.ownerOf(shard)?.region === region),
    loopback: loopbackCallbacks,
    callsMax,
    callsPerMerchantMax,
    nowMs: () => Date.now(),
    random: () => Math.random(),
    onEnded: metrics.onEnded,
  })
  const peerDeliveries = new PeerDeliveries(pool, owners, region, shardCount, logger)
  deliverer.start()
  if (link !== undefined && peer !== undefined) peerDeliveries.start(link.connection, peer)
  const readiness = () => {
    const { trouble, calls, broken } = deliverer
    return { ready: trouble === '', detail: { trouble, calls, broken } }
  }
  const status = await startStatusServer(settings.statusPort, readiness, metrics.registry)
  logger.info({ region, statusPort: status.port }, 'started')
  drainOnSignal(logger, async () => {
    await Promise.all([deliverer.stop(), peerDeliveries.stop()])
    caller.close()
    link?.owners.close()
    await link?.connection.drain()
    await pool.end()
    await status.close()
  })
})

/** Only where there are two regions is there anything to hear: who owns which shard, and what the other has told. */
async function ownersOf(
  { region, shardCount, nats }: WebhooksSettings,
  onFault: (what: string, error: unknown) => void,
): Promise<{ connection: NatsConnection; owners: NatsOwnerDirectory }> {
  const connection = await connectNats(nats, { name: 'webhooks', inboxPrefix: `_INBOX.${nats.user ?? 'webhooks'}` })
  return { connection, owners: await openOwnerDirectory(connection, { region, shardCount, onFault }) }
}

/** What is given here takes the place of what the runtime believes: it is given along. */
function authoritiesWith(caFile: string): string[] {
  // Deno has no list of its own to give.
  const believed = tls.getCACertificates?.() ?? tls.rootCertificates
  return [...believed, readFileSync(caFile, 'utf8')]
}
