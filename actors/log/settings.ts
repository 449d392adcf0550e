import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** How one process reaches its NATS server: the user decides what it may do there. */
const natsSettings = z.object({
  url: z.string(),
  monitorUrl: z.string(),
  user: z.string().optional(),
  password: z.string().optional(),
})

/** Address of the region's PostgreSQL. For an empty one its client would take another from the environment. */
const databaseUrl = z.string().min(1)

const processSettings = z.object({
  region: z.string().regex(/^[a-z]$/),
  /** The other region; absent in an installation with one. */
  peer: z
    .string()
    .regex(/^[a-z]$/)
    .optional(),
  shardCount: z.number().int().min(1).max(64),
  /** Loopback port of this process's own /healthz, /readyz and /metrics. */
  statusPort: z.number().int().min(1).max(65535),
  /** Folder with the root key and the key ring. */
  keysDir: z.string(),
  nats: natsSettings,
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export const workerSettings = processSettings.extend({
  role: z.literal('worker'),
  workerId: z.string(),
  /** Shards this worker takes at once; it takes any other only when its lease has lain free. */
  preferredShards: z.array(z.number().int().min(0)),
  snapshotEveryMs: z.number().int().min(1000).default(60_000),
  /** Where the two regions' records of ownership are decided; present when `peer` is. */
  witness: natsSettings.optional(),
  /** The health of the other region's server, asked past the link between the regions; present when `peer` is. */
  peerProbeUrl: z.string().optional(),
  /** How long the other region must be silent before this one takes over by itself; 0: never without an operator. */
  autoTakeoverMs: z.number().int().min(0).default(10_000),
})

/** A session of the console lasts no longer, whatever its settings say: for so long is remembered that one has ended. */
export const sessionLifeMsMax = 7 * 86_400_000

/** How people log in to the operator console, and who they then are. */
export const consoleSettings = z.object({
  /** Under which the console is reached, the first by default: https://console.example. */
  origins: z.array(z.string().regex(/^https:\/\/[^/]+$/, 'must be https://host, without a path')).min(1),
  issuer: z.url(),
  clientId: z.string(),
  /** Absent for a public client, which PKCE alone protects. */
  clientSecret: z.string().optional(),
  scope: z.string().default('openid profile'),
  /** The claim of the ID token that says viewer, operator or approver. */
  roleClaim: z.string().default('jiaozi_role'),
  /** The claim that says as which operator of the ledger a person acts. */
  operatorClaim: z.string().default('jiaozi_operator'),
  idleMs: z.int().min(60_000).default(900_000),
  absoluteMs: z.int().min(60_000).max(sessionLifeMsMax).default(28_800_000),
})

export const edgeSettings = processSettings.extend({
  role: z.literal('edge'),
  /** A number, since transit records carry it. */
  edgeId: z.string().regex(/^[1-9]\d{0,8}$/),
  host: z.string().default('127.0.0.1'),
  port: z.number().int().min(1).max(65535),
  /** Where people reach this edge; pages, QR codes and passkeys name it. By default localhost at `port`. */
  publicUrl: z.url({ protocol: /^https$/ }).optional(),
  /** Origins of pages elsewhere under the same host that may ask for passkeys. */
  pageOrigins: z.array(z.string()).default([]),
  certFile: z.string(),
  keyFile: z.string(),
  databaseUrl,
  verifyThreads: z.number().int().min(1).max(16).default(1),
  /** Merchants on this machine may be called back, and without TLS: for development. */
  loopbackCallbacks: z.boolean().default(false),
  /** Lets people make wallets with play money on a page. Never where money is real: it acts as the institution. */
  developmentWallets: z.object({ institutionKeyFile: z.string(), bankUrl: z.string() }).optional(),
  /** Wide, so that a bench from one address runs; an edge that faces the world has its own. */
  rateLimits: z
    .object({
      addressPerSecondMax: z.number().int().min(1).default(20_000),
      walletPerSecondMax: z.number().int().min(1).default(2_000),
      principalPerSecondMax: z.number().int().min(1).default(20_000),
      lookupsPerMinuteMax: z.number().int().min(1).default(60),
    })
    .prefault({}),
  /** Without it there is no operator console. */
  console: consoleSettings.optional(),
  /** Processes of the region that can be asked from here how they are. */
  processes: z.array(z.object({ name: z.string(), statusUrl: z.url() })).default([]),
  /** Folder with reports of drills that operators may read. */
  drillReportsDir: z.string().optional(),
})

export const projectorSettings = processSettings.extend({
  role: z.literal('projector'),
  databaseUrl,
  /** Folder for the projector's own snapshots. */
  stateDir: z.string(),
  snapshotEveryMs: z.number().int().min(1000).default(60_000),
  /** Where the archiver keeps what the logs do not hold any more; without one the logs must go back to their beginning. */
  archiveDir: z.string().optional(),
})

export const archiverSettings = processSettings.extend({
  role: z.literal('archiver'),
  /** A log is trimmed only below where this database stands; without one, nobody projects and nobody is waited for. */
  databaseUrl: databaseUrl.optional(),
  archiveDir: z.string(),
  segmentBytesMax: z
    .number()
    .int()
    .min(64 * 1024)
    .default(16 * 1024 * 1024),
  /** A frame is in the archive after this long, also when few come. */
  segmentAgeMsMax: z.number().int().min(100).default(60_000),
  /** A log keeps at least this much of what is archived, for readers that begin in the past. */
  logBytesKept: z
    .number()
    .int()
    .min(0)
    .default(256 * 1024 * 1024),
  trimEveryMs: z.number().int().min(100).default(10_000),
  /** Where the projector keeps its snapshots; without it the archive forgets nothing that a projector might read again. */
  projectorDir: z.string().optional(),
  /** Beyond it the archive forgets its oldest segments, all of them behind two snapshots. Absent: it forgets nothing. */
  archiveBytesMax: z.number().int().min(1).optional(),
})

export const webhooksSettings = processSettings.extend({
  role: z.literal('webhooks'),
  databaseUrl,
  /** Merchants on this machine may be called back, and without TLS: for development. */
  loopbackCallbacks: z.boolean().default(false),
  /** Certificate authorities that are believed beside the system's, in PEM: for development. */
  caFile: z.string().optional(),
  /** Merchants that are called at the same time, and how often one is called at most at the same time. */
  callsMax: z.number().int().min(1).max(4_096).default(512),
  callsPerMerchantMax: z.number().int().min(1).max(256).default(32),
})

export const connectorSettings = processSettings.extend({
  role: z.literal('connector'),
  connectorId: z.string().regex(/^[1-9]\d{0,8}$/),
  bankUrl: z.string(),
  centralBankUrl: z.string(),
  /** Shared secrets that sign requests to and answers from the far side (HMAC-SHA256, hex). */
  bankSecret: z.string(),
  centralBankSecret: z.string(),
})

/** The sandboxes stand outside the region: they know no shard, no NATS and no key ring of ours. */
export const sandboxBankSettings = z.object({
  role: z.literal('sandbox-bank'),
  port: z.number().int().min(1).max(65535),
  dataFile: z.string(),
  secret: z.string(),
  centralBankUrl: z.string(),
  centralBankSecret: z.string(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export const sandboxCentralBankSettings = z.object({
  role: z.literal('sandbox-central-bank'),
  port: z.number().int().min(1).max(65535),
  dataFile: z.string(),
  secret: z.string(),
  /** Secret the bank signs its reserve transfers with. */
  bankSecret: z.string(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export type WorkerSettings = z.infer<typeof workerSettings>
export type ConsoleSettings = z.infer<typeof consoleSettings>
export type EdgeSettings = z.infer<typeof edgeSettings>
export type ProjectorSettings = z.infer<typeof projectorSettings>
export type ArchiverSettings = z.infer<typeof archiverSettings>
export type WebhooksSettings = z.infer<typeof webhooksSettings>
export type ConnectorSettings = z.infer<typeof connectorSettings>

/**
 * Reads the settings file that the environment names.
 * @throws Error that names the file and each field that is wrong.
 */
export function loadSettings<T>(schema: z.ZodType<T>, file = process.env.JIAOZI_SETTINGS): T {
  if (!file) throw new Error('JIAOZI_SETTINGS must name the settings file of this process')
  const parsed = schema.safeParse(read(file))
  if (!parsed.success) throw new Error(`settings file ${file} is not usable:\n${z.prettifyError(parsed.error)}`)
  return parsed.data
}

function read(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    // What a parser says quotes the text, and this text holds secrets.
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message
    throw new Error(`settings file ${file} is not usable: ${why}`)
  }
}
