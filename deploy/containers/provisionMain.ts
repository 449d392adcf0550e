import type { NatsConnection } from '@nats-io/nats-core'
import { z } from 'zod'
import { answerMirrorResets } from '../../actors/log/mirrorResets.ts'
import { connectNats } from '../../actors/log/natsConnection.ts'
import { createLogger, messageOf, runMain } from '../../actors/log/process.ts'
import { loadSettings } from '../../actors/log/settings.ts'
import { newShards, provisionWitness, readOwners, seedOwners, seedWitness, witnessRecords } from '../ownerRecords.ts'
import { provisionMirrors, provisionStreams } from '../streams.ts'
import { findLostLogs } from '../supervisor/lostLogs.ts'

const access = z.object({ url: z.string(), user: z.string(), password: z.string() })
const region = z.object({
  region: z.string(),
  shardCount: z.number().int(),
  logBytesMax: z.number().int(),
  nats: access,
})
const provisionSettings = z.object({ regions: z.array(region).min(1).max(2), witness: access.optional() })

const logger = createLogger('provision', 'info')

type Region = z.infer<typeof region> & { connection: NatsConnection }

const connect = (to: z.infer<typeof access>): Promise<NatsConnection> =>
  connectNats(to, { name: 'provision', inboxPrefix: `_INBOX.${to.user}` })

/** Two regions: each other's mirrors, and no log that begins anew unseen. */
async function provisionPair(pair: [Region, Region], witness: NatsConnection): Promise<void> {
  const { shardCount } = pair[0]
  await provisionWitness(witness)
  const records = await witnessRecords(witness, shardCount)
  for (const [own, other] of [pair, pair.toReversed() as [Region, Region]]) {
    const lost = await findLostLogs(own.region, own.connection, other.connection, records)
    if (lost.length > 0)
      throw new Error(`region ${own.region} has lost the logs of shards ${lost.map(({ shard }) => shard)}`)
    // Its workers, who answer its mirrors later, are not there yet.
    const onFault = (what: string, error: unknown): void => logger.warn({ error: messageOf(error) }, what)
    await answerMirrorResets(own.connection, { region: own.region, peer: other.region }, onFault)
    await provisionMirrors(own.connection, other.connection, { ...own, peer: other.region })
  }
}

/** The first records, once each log has its first frame. */
async function seedPair(pair: [Region, Region], witness: NatsConnection): Promise<void> {
  const { shardCount } = pair[0]
  const copies = pair.map(({ connection, region: letter }) => readOwners(connection, letter, shardCount))
  const { fresh, lost } = newShards(await witnessRecords(witness, shardCount), ...(await Promise.all(copies)))
  if (lost.length > 0) throw new Error(`the witness has lost the records of shards ${lost}`)
  await seedWitness(witness, fresh)
  const records = await witnessRecords(witness, shardCount)
  for (const { connection, region: letter } of pair) await seedOwners(connection, letter, records)
}

/**
 * Makes the streams of regions whose message servers run, before genesis; with the word `owners`, the first records of
 * who owns what, after it. It runs to its end.
 */
runMain('provision', async () => {
  const settings = loadSettings(provisionSettings)
  const regions: Region[] = []
  for (const one of settings.regions) regions.push({ ...one, connection: await connect(one.nats) })
  const witness = settings.witness === undefined ? undefined : await connect(settings.witness)
  const pair = regions as [Region, Region]
  if (process.argv[2] === 'owners') {
    if (witness !== undefined) await seedPair(pair, witness)
  } else {
    for (const { connection, ...plan } of regions) {
      const peer = regions.find((other) => other.region !== plan.region)?.region
      await provisionStreams(connection, peer === undefined ? plan : { ...plan, peer })
    }
    if (witness !== undefined) await provisionPair(pair, witness)
  }
  for (const { connection } of regions) await connection.drain()
  await witness?.drain()
})
