import type { NatsConnection, Subscription } from '@nats-io/nats-core'
import type { Logger } from 'pino'
import { openAccount, openBankToken } from '../log/accountSealing.ts'
import { type Blobs, createBlobs } from '../log/blobs.ts'
import type { Effect } from '../log/effects.ts'
import { openKeyRing } from '../log/fileKeyRing.ts'
import { newIncarnation } from '../log/incarnation.ts'
import { openJetStreamLog } from '../log/jetStreamLog.ts'
import type { KeyRing } from '../log/keyRing.ts'
import { connectNats } from '../log/natsConnection.ts'
import { NatsLink } from '../log/natsLink.ts'
import { openOwnerDirectory } from '../log/natsOwnerDirectory.ts'
import { loneOwner, type OwnerDirectory } from '../log/ownerDirectory.ts'
import { createLogger, drainOnSignal, messageOf, runMain } from '../log/process.ts'
import { createSealer } from '../log/sealing.ts'
import { type ConnectorSettings, connectorSettings, loadSettings } from '../log/settings.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { startStatusServer } from '../log/statusServer.ts'
import { effectsSubject } from '../log/subjects.ts'
import { createBankClient, regionBankCode } from './bank.ts'
import { createCentralBankClient } from './centralBank.ts'
import { connectorMetrics } from './connectorMetrics.ts'
import { SagaDriver } from './driver.ts'
import { readEffect } from './effectMessage.ts'
import type { Instructions } from './farQuestions.ts'
import { StepLane } from './stepLane.ts'

/** The connector: hears what committed sagas owe, asks bank and central bank, and tells the log what they did. */
runMain('connector', async () => {
  const settings = loadSettings<ConnectorSettings>(connectorSettings)
  const logger = createLogger(`connector-${settings.connectorId}`, settings.logLevel)
  const ring = openKeyRing(settings.keysDir)
  const connection = await connectNats(settings.nats, {
    name: `connector-${settings.connectorId}`,
    inboxPrefix: `_INBOX.${settings.nats.user ?? `connector-${settings.connectorId}`}`,
  })
  const logs = await Promise.all(
    shardsOf(settings).map((shard) => openJetStreamLog(connection, settings.region, shard)),
  )
  const { region, peer, shardCount } = settings
  const onFault = (what: string, error: unknown): void => logger.warn({ error: messageOf(error) }, what)
  const followed =
    peer === undefined ? undefined : await openOwnerDirectory(connection, { region, shardCount, onFault })
  const lanes = lanesOf(settings, ring, logs, followed ?? loneOwner(region), (error) => {
    logger.fatal({ error: messageOf(error) }, 'connector stops')
    process.exit(70)
  })
  const bank = createBankClient({
    baseUrl: settings.bankUrl,
    secret: settings.bankSecret,
    onDoubt: (_path, doubt) => metrics.onDoubt('bank', doubt),
  })
  const centralBank = createCentralBankClient({
    baseUrl: settings.centralBankUrl,
    secret: settings.centralBankSecret,
    onDoubt: (_path, doubt) => metrics.onDoubt('central-bank', doubt),
  })
  const blobs = createBlobs(ring)
  const driver = new SagaDriver({
    bank,
    centralBank,
    bankCode: regionBankCode,
    open: (effect) => instructionsOf(blobs, effect),
    reached: (step) => lanes[step.shard]!.add(step),
    nowMs: () => Date.now(),
    onEvent: (event) => {
      metrics.onEvent(event)
      if (event.kind === 'stuck')
        logger.error({ shard: event.shard, txId: event.txId, why: event.why }, 'saga is stuck')
    },
  })
  const metrics = connectorMetrics(() => driver, {
    bank: () => bank.available,
    'central-bank': () => centralBank.available,
  })

  const subscriptions = shardsOf(settings).map((shard) =>
    hearEffects(connection, settings.region, shard, driver, logger),
  )
  await connection.flush()
  const link = NatsLink.of(connection)
  const status = await startStatusServer(
    settings.statusPort,
    () => ({ ready: link.up, detail: { bank: bank.available, centralBank: centralBank.available } }),
    metrics.registry,
  )
  logger.info({ region: settings.region, statusPort: status.port }, 'started')
  drainOnSignal(logger, async () => {
    for (const subscription of subscriptions) subscription.unsubscribe()
    await driver.drain()
    await Promise.all(lanes.map((lane) => lane.flushed()))
    followed?.close()
    await status.close()
    await connection.drain()
  })
})

/** Level-triggered: an effect that is lost, or not understood by this release, is shown again. */
function hearEffects(
  connection: NatsConnection,
  region: string,
  shard: number,
  driver: SagaDriver,
  logger: Logger,
): Subscription {
  return connection.subscribe(effectsSubject(region, shard), {
    callback: (error, message) => {
      if (error !== null) {
        logger.fatal({ error: messageOf(error) }, 'effects cannot be heard')
        process.exit(70)
      }
      try {
        driver.onEffect(readEffect(message.data))
      } catch (unreadable) {
        logger.error({ error: messageOf(unreadable), shard }, 'effect not understood')
      }
    },
  })
}

function shardsOf({ shardCount }: ConnectorSettings): number[] {
  return Array.from({ length: shardCount }, (_, shard) => shard)
}

function lanesOf(
  { region, connectorId }: ConnectorSettings,
  ring: KeyRing,
  logs: readonly ShardLog[],
  owners: OwnerDirectory,
  onError: (error: unknown) => void,
): StepLane[] {
  const incarnation = newIncarnation()
  let counter = 0
  const ports = {
    nowMs: () => Date.now(),
    random: () => Math.random(),
    after: (delayMs: number, work: () => void) => void setTimeout(work, delayMs),
    append: (shard: number, subject: string, frame: Uint8Array, timeoutMs: number) =>
      logs[shard]!.append(subject, frame, { timeoutMs }),
    onError,
  }
  return logs.map((_, shard) => {
    const sealer = createSealer(ring, shard)
    const own = { region, owners, connectorId, shard }
    return new StepLane({ ...own, incarnation, nextCounter: () => ++counter, sealer, ports })
  })
}

function instructionsOf(blobs: Blobs, { walletNumber, txId, sealedAccount, sealedToken }: Effect): Instructions {
  return {
    accountNo: openAccount(blobs, walletNumber, sealedAccount),
    authToken: sealedToken.length === 0 ? '' : openBankToken(blobs, walletNumber, txId, sealedToken),
  }
}
