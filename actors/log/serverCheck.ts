import { z } from 'zod'

/** Older servers lose records after damage to a file, or know nothing of `sync_interval`. */
export const serverVersionMin = '2.14.7'

const requestTimeoutMs = 2_000

const varz = z.object({
  version: z.string(),
  max_payload: z.number(),
  max_pending: z.number(),
  jetstream: z.object({
    config: z
      .object({ sync_always: z.boolean().optional(), domain: z.string().optional(), store_dir: z.string().optional() })
      .optional(),
  }),
})

export type ServerFacts = {
  readonly version: string
  readonly maxPayloadBytes: number
  readonly maxPendingBytes: number
  readonly domain: string | undefined
}

/** The server must not hold money: too old, or it acknowledges before the disk has the bytes. */
export class ServerUnfit extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ServerUnfit'
  }
}

/**
 * Reads the server's own word on what it is and refuses one that could lose an acknowledged frame.
 * @param monitorUrl base URL of its monitoring port
 * @throws ServerUnfit; Error when the monitoring port does not answer.
 */
export async function checkServer(monitorUrl: string): Promise<ServerFacts> {
  const response = await request(new URL('/varz', monitorUrl))
  const parsed = varz.safeParse(await response.json())
  if (!parsed.success) throw new ServerUnfit(`NATS server at ${monitorUrl}: /varz is not that of a nats-server`)
  const { version, max_payload, max_pending, jetstream } = parsed.data
  if (!isAtLeast(version, serverVersionMin)) {
    throw new ServerUnfit(`NATS server at ${monitorUrl} is ${version}; ${serverVersionMin} or newer is needed`)
  }
  if (jetstream.config === undefined) throw new ServerUnfit(`NATS server at ${monitorUrl} runs without JetStream`)
  if (jetstream.config.sync_always !== true) {
    throw new ServerUnfit(
      `NATS server at ${monitorUrl} does not sync before it acknowledges: set sync_interval: always`,
    )
  }
  return {
    version,
    maxPayloadBytes: max_payload,
    maxPendingBytes: max_pending,
    domain: jetstream.config.domain,
  }
}

export type ServerHealth = { readonly healthy: true } | { readonly healthy: false; readonly reason: string }

/** Asks once. After a failed sync a server may only stop answering, so no answer is not healthy. */
export async function serverHealth(monitorUrl: string): Promise<ServerHealth> {
  try {
    const response = await fetch(new URL('/healthz', monitorUrl), { signal: AbortSignal.timeout(requestTimeoutMs) })
    const text = await response.text()
    return response.ok ? { healthy: true } : { healthy: false, reason: `NATS server: ${reasonIn(text)}` }
  } catch (error) {
    return { healthy: false, reason: `NATS server does not answer: ${(error as Error).message}` }
  }
}

export type HealthWatch = { current(): ServerHealth; stop(): void }

/** Asks again and again; until the first answer the server counts as not healthy. */
export function watchServerHealth(monitorUrl: string, everyMs = 1_000): HealthWatch {
  let health: ServerHealth = { healthy: false, reason: 'NATS server was not asked yet' }
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const ask = async () => {
    health = await serverHealth(monitorUrl)
    if (!stopped) timer = setTimeout(ask, everyMs)
  }
  void ask()
  return {
    current: () => health,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

async function request(url: URL): Promise<Response> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) })
    if (response.ok) return response
    throw new Error(`it answers ${response.status}`)
  } catch (error) {
    throw new Error(`the monitoring port of the NATS server, ${url.origin}, does not answer`, { cause: error })
  }
}

function reasonIn(text: string): string {
  try {
    const { status, error } = JSON.parse(text) as { status?: string; error?: string }
    return error ?? status ?? 'not healthy'
  } catch {
    return 'not healthy'
  }
}

/** Compares the numbers; a release candidate of the least version counts as older than it. */
export function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split('-')[0]!.split('.').map(Number)) as [number[], number[]]
  for (let i = 0; i < b.length; i++) {
    const [have, need] = [a[i] ?? Number.NaN, b[i]!]
    if (Number.isNaN(have)) return false
    if (have !== need) return have > need
  }
  return !version.includes('-')
}
