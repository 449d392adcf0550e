import { statfsSync } from 'node:fs'
import { z } from 'zod'

const requestTimeoutMs = 2_000
/** The other half is for snapshots, leases, the archive and whatever else lives there. */
const logShare = 0.5

const storeFacts = z.object({
  config: z.object({ max_storage: z.number() }),
  reserved_storage: z.number().default(0),
})

/** Bytes that each log may take, of the disk under our own server. */
export function logBytesOnDisk(dataDir: string, shardCount: number): number {
  const { bavail, bsize } = statfsSync(dataDir)
  return Math.floor((bavail * bsize * logShare) / shardCount)
}

/**
 * Bytes that each log may take of what a server from outside has not promised to other streams yet.
 * @throws Error when the monitoring port does not say so.
 */
export async function logBytesAtServer(monitorUrl: string, shardCount: number): Promise<number> {
  const response = await fetch(new URL('/jsz', monitorUrl), { signal: AbortSignal.timeout(requestTimeoutMs) }).catch(
    () => undefined,
  )
  const found = storeFacts.safeParse(await response?.json().catch(() => undefined))
  if (!found.success) throw new Error(`NATS_MONITOR_URL: ${monitorUrl} does not say what JetStream may store`)
  const { config, reserved_storage } = found.data
  return Math.floor(((config.max_storage - reserved_storage) * logShare) / shardCount)
}
