import { z } from 'zod'
import { connectNats } from '../../actors/log/natsConnection.ts'
import { runMain } from '../../actors/log/process.ts'
import { loadSettings } from '../../actors/log/settings.ts'
import { provisionStreams } from '../streams.ts'

const provisionSettings = z.object({
  region: z.string(),
  shardCount: z.number().int(),
  logBytesMax: z.number().int(),
  nats: z.object({ url: z.string(), user: z.string(), password: z.string() }),
})

/** Makes the streams of a region whose message server runs. It runs to its end before genesis. */
runMain('provision', async () => {
  const { nats, ...plan } = loadSettings(provisionSettings)
  const connection = await connectNats(nats, { name: 'provision', inboxPrefix: `_INBOX.${nats.user}` })
  await provisionStreams(connection, plan)
  await connection.drain()
})
