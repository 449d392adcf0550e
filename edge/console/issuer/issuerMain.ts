import { serve } from '@hono/node-server'
import { z } from 'zod'
import { createLogger, drainOnSignal, runMain } from '../../../actors/log/process.ts'
import { loadSettings } from '../../../actors/log/settings.ts'
import { createIssuer } from './issuer.ts'

const issuerSettings = z.object({
  role: z.literal('development-issuer'),
  port: z.int().min(1).max(65535),
  clientId: z.string(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

/** Loopback, whatever the settings say: who may log in here is anybody. */
const host = '127.0.0.1'

runMain('development-issuer', async () => {
  const { port, clientId, logLevel } = loadSettings(issuerSettings)
  const logger = createLogger('development-issuer', logLevel)
  const app = await createIssuer({ issuer: `http://${host}:${port}`, clientId, nowMs: () => Date.now() })
  const server = serve({ fetch: app.fetch, hostname: host, port })
  await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject))
  logger.info({ port }, 'started')
  drainOnSignal(logger, () => new Promise((resolve) => server.close(() => resolve())))
})
