import { join } from 'node:path'
import { type NatsUser, regionNumber } from '../natsPermissions.ts'
import type { ChildPlan } from './child.ts'
import { consoleSettingsOf, issuerPlans } from './consolePlan.ts'
import { writeDurably } from './dataFolder.ts'
import { fakeClock } from './fakeClock.ts'
import type { StartOptions } from './options.ts'
import type { Secrets } from './secrets.ts'

/** Where everything of a region is: the same whether loopback processes or containers. */
export type RegionPlan = {
  options: StartOptions
  secrets: Secrets
  nats: { url: string; monitorUrl: string; withUsers: boolean }
  databaseUrl: string
  certFile: string
  keyFile: string
  /** `issuer`: where people log in to the console in development; absent where a real issuer is told of, or none. */
  ports: { bank: number; centralBank: number; issuer?: number; status: Record<string, number> }
  /** Whether merchants on this machine are called back, and without TLS. */
  loopbackCallbacks: boolean
  /** Certificate authority of merchants that are believed beside the system's. */
  callbackCaFile?: string
  /** Present where people may make wallets with play money on a page. */
  developmentWallets?: { institutionKeyFile: string; bankUrl: string }
  /** Where drills leave their reports, for the edge to show. */
  drillReportsDir?: string
  /** Host names by which processes reach one another. */
  hosts: { bank: string; centralBank: string; listen: string }
  /** Present when there are two regions: what they share, and how this one knows the other. */
  pair?: RegionPair
}

export type RegionPair = {
  peer: string
  keysDir: string
  witness: { url: string; monitorUrl: string }
  /** Passwords at the witness, by user. */
  witnessPasswords: Record<string, string>
  peerProbeUrl: string
}

/** As much of a plan as the far side's processes need. */
export type FarSidePlan = Pick<RegionPlan, 'options' | 'secrets' | 'hosts'> & {
  ports: Pick<RegionPlan['ports'], 'bank' | 'centralBank' | 'issuer'>
}

/** One process to run: its program and the settings it reads. */
export type ProcessPlan = {
  name: string
  program: string
  settings: Record<string, unknown>
  readyUrl: string
  inBackground?: boolean
}

/**
 * For Node; Deno's V8 has no such switch. Frames are buffers outside of V8's heap. Unless told to count them with the
 * rest, it collects everything after each 64 MB of them, ten times a second under load: a third of a worker's time.
 */
export const memoryFlags = ['--external-memory-accounted-in-global-limit', '--external-memory-max-growing-factor=2']

/**
 * A shard's columns are a gigabyte of zeros of which little is ever touched. Once glibc has freed such memory it keeps
 * it for the next, and fills that with zeros byte by byte: a worker that had run a shard before stood still for two
 * seconds when it took one again. Whatever is as large as this comes from the system, and goes back to it.
 */
export const memoryVariables = { MALLOC_MMAP_THRESHOLD_: String(1024 * 1024) }

const root = join(import.meta.dirname, '../..')
/** A process begins with half the processor time when it need not compile its modules anew: a killed one is back sooner. */
const compiledDir = join(root, 'node_modules/.cache/compiled')

/** Id of a region's one edge, and of its one connector. */
export const idOf = ({ options, pair }: Pick<RegionPlan, 'options' | 'pair'>): string =>
  pair === undefined ? '1' : regionNumber(options.region)

/** Users of the region's NATS server. Names say role and process, since inboxes lie under them. */
export function natsUsersOf(workers: number, passwords: Record<string, string> = {}, id = '1'): NatsUser[] {
  const user = (role: NatsUser['role'], name: string, id?: string): NatsUser => {
    const entry: NatsUser = { role, user: name, password: passwords[name] ?? '' }
    return id === undefined ? entry : { ...entry, id }
  }
  return [
    user('admin', 'admin'),
    user('archiver', 'archiver'),
    user('operator', 'operator'),
    user('edge', `edge-${id}`, id),
    user('projector', 'projector'),
    user('connector', `connector-${id}`, id),
    user('webhooks', 'webhooks'),
    ...Array.from({ length: workers }, (_, n) => user('worker', `worker-${n}`)),
  ]
}

/** Users of the witness, by region and process. */
export function witnessUsersOf(workers: number, passwords: Record<string, string> = {}): NatsUser[] {
  const user = (role: NatsUser['role'], name: string): NatsUser => ({
    role,
    user: name,
    password: passwords[name] ?? '',
  })
  const workersOf = (region: string) =>
    Array.from({ length: workers }, (_, n) => user('worker', witnessUser(region, n)))
  return [user('admin', 'admin'), user('operator', 'operator'), ...workersOf('a'), ...workersOf('b')]
}

const witnessUser = (region: string, worker: number): string => `worker-${region}-${worker}`

export function statusNames(workers: number): string[] {
  return [
    'edge',
    'projector',
    'archiver',
    'connector',
    'webhooks',
    ...Array.from({ length: workers }, (_, n) => `worker-${n}`),
  ]
}

/** How a process logs in to NATS; a server given from outside is used as its URL says. */
export function natsAccess(plan: RegionPlan, user: string): Record<string, string> {
  const { url, monitorUrl, withUsers } = plan.nats
  return withUsers ? { url, monitorUrl, user, password: plan.secrets.nats[user]! } : { url, monitorUrl }
}

function inRegion(plan: RegionPlan, name: string, user: string): Record<string, unknown> {
  return {
    region: plan.options.region,
    shardCount: plan.options.shards,
    statusPort: plan.ports.status[name]!,
    keysDir: keysDirOf(plan),
    nats: natsAccess(plan, user),
    ...(plan.pair === undefined ? {} : { peer: plan.pair.peer }),
  }
}

const keysDirOf = (plan: RegionPlan): string => plan.pair?.keysDir ?? join(plan.options.data, 'keys')

const archiveDirOf = (plan: RegionPlan): string => join(plan.options.data, 'archive')

/** Makes the logs go on behind what was restored. It runs to its end before genesis, on a restored folder only. */
export function restoredPlan(plan: RegionPlan): ProcessPlan {
  const settings = {
    region: plan.options.region,
    keysDir: keysDirOf(plan),
    dataDir: plan.options.data,
    archiveDir: archiveDirOf(plan),
    nats: natsAccess(plan, 'admin'),
  }
  return { name: 'restored', program: 'actors/followers/restoredMain.ts', settings, readyUrl: '' }
}

/** Gives a region what its logs lack, from the other region. It runs to its end before the region's processes begin. */
export function rejoinPlan(
  plan: RegionPlan,
  other: RegionPlan,
  shards: readonly { shard: number; lost: number; record: unknown }[],
  waitMsMax: number,
): ProcessPlan {
  const place = (of: RegionPlan) => ({
    region: of.options.region,
    archiveDir: archiveDirOf(of),
    nats: natsAccess(of, 'admin'),
  })
  const settings = { keysDir: keysDirOf(plan), own: place(plan), other: place(other), shards, waitMsMax }
  return { name: 'rejoin', program: 'actors/followers/rejoinMain.ts', settings, readyUrl: '' }
}

/** Writes the first record of each log, or of those of `shards`. It runs to its end before the others begin. */
export function genesisPlan(
  plan: RegionPlan,
  publicKeys: { operator: string; institution: string; approver?: string },
  shards?: readonly number[],
): ProcessPlan {
  const settings = {
    ...(shards === undefined ? {} : { shards }),
    region: plan.options.region,
    shardCount: plan.options.shards,
    keysDir: keysDirOf(plan),
    nats: natsAccess(plan, 'admin'),
    // Where development wallets are served one person does everything; elsewhere rules take two, once there are two.
    secondPerson: plan.developmentWallets === undefined,
    operatorPublicKeyPem: publicKeys.operator,
    institutionPublicKeyPem: publicKeys.institution,
    ...(publicKeys.approver === undefined ? {} : { approverPublicKeyPem: publicKeys.approver }),
  }
  return { name: 'genesis', program: 'actors/host/genesisMain.ts', settings, readyUrl: '' }
}

export function workerPlans(plan: RegionPlan): ProcessPlan[] {
  const { shards, workers, snapshotSeconds } = plan.options
  return Array.from({ length: workers }, (_, n) => {
    const name = `worker-${n}`
    const all = Array.from({ length: shards }, (_, shard) => shard)
    // Of two neighbours each region owns one: a worker has both, so that each worker owns as many.
    const place = (shard: number): number => (plan.pair === undefined ? shard : Math.floor(shard / 2))
    const preferredShards = all.filter((shard) => place(shard) % workers === n)
    const settings = {
      role: 'worker',
      ...inRegion(plan, name, name),
      workerId: String(n),
      preferredShards,
      snapshotEveryMs: snapshotSeconds * 1_000,
      ...decisionsOf(plan, n),
    }
    return { name, program: 'actors/host/main.ts', settings, readyUrl: readyUrl(plan, name) }
  })
}

/** How a worker takes part in deciding which region owns a shard. */
function decisionsOf({ options, pair }: RegionPlan, worker: number): Record<string, unknown> {
  if (pair === undefined) return {}
  const user = witnessUser(options.region, worker)
  return {
    witness: { ...pair.witness, user, password: pair.witnessPasswords[user]! },
    peerProbeUrl: pair.peerProbeUrl,
    autoTakeoverMs: options.autoTakeoverMs,
  }
}

export function followerPlans(plan: RegionPlan): ProcessPlan[] {
  const { hosts, ports, secrets } = plan
  const bankUrl = `http://${hosts.bank}:${ports.bank}`
  const centralBankUrl = `http://${hosts.centralBank}:${ports.centralBank}`
  const far = { bankUrl, centralBankUrl, bankSecret: secrets.bank, centralBankSecret: secrets.centralBank }
  const projector = {
    role: 'projector',
    ...inRegion(plan, 'projector', 'projector'),
    databaseUrl: plan.databaseUrl,
    stateDir: join(plan.options.data, 'projector'),
    snapshotEveryMs: plan.options.snapshotSeconds * 1_000,
    archiveDir: archiveDirOf(plan),
  }
  const archiver = {
    role: 'archiver',
    ...inRegion(plan, 'archiver', 'archiver'),
    databaseUrl: plan.databaseUrl,
    archiveDir: archiveDirOf(plan),
    projectorDir: join(plan.options.data, 'projector'),
    // A region that lost its logs waits for the other's archive.
    ...(plan.pair === undefined ? {} : { segmentAgeMsMax: Math.min(60_000, plan.options.snapshotSeconds * 1_000) }),
  }
  const connectorId = idOf(plan)
  const user = `connector-${connectorId}`
  const connector = { role: 'connector', ...inRegion(plan, 'connector', user), connectorId, ...far }
  const webhooks = {
    role: 'webhooks',
    ...inRegion(plan, 'webhooks', 'webhooks'),
    databaseUrl: plan.databaseUrl,
    loopbackCallbacks: plan.loopbackCallbacks,
    ...(plan.callbackCaFile === undefined ? {} : { caFile: plan.callbackCaFile }),
  }
  const ready = (name: string): string => readyUrl(plan, name)
  return [
    {
      name: 'projector',
      program: 'actors/followers/main.ts',
      settings: projector,
      readyUrl: ready('projector'),
      inBackground: true,
    },
    {
      name: 'archiver',
      program: 'actors/followers/archiverMain.ts',
      settings: archiver,
      readyUrl: ready('archiver'),
      inBackground: true,
    },
    {
      name: 'connector',
      program: 'actors/connectors/main.ts',
      settings: connector,
      readyUrl: ready('connector'),
    },
    {
      name: 'webhooks',
      program: 'actors/followers/webhooks/webhooksMain.ts',
      settings: webhooks,
      readyUrl: ready('webhooks'),
      inBackground: true,
    },
  ]
}

export function edgePlan(plan: RegionPlan): ProcessPlan {
  const { options, certFile, keyFile, databaseUrl, hosts } = plan
  const edgeId = idOf(plan)
  const base = inRegion(plan, 'edge', `edge-${edgeId}`)
  const address = { host: hosts.listen, port: options.port, certFile, keyFile }
  const { drillReportsDir } = plan
  const drills = drillReportsDir === undefined ? {} : { drillReportsDir }
  const own = { edgeId, ...address, databaseUrl, ...drills, ...developmentOf(plan) }
  const settings = { role: 'edge', ...base, ...own, ...consolePart(plan) }
  return { name: 'edge', program: 'edge/main.ts', settings, readyUrl: readyUrl(plan, 'edge') }
}

function developmentOf({ loopbackCallbacks, developmentWallets }: RegionPlan): Record<string, unknown> {
  return { loopbackCallbacks, ...(developmentWallets === undefined ? {} : { developmentWallets }) }
}

/** Who may log in to the console, and which processes it can ask how they are: those on the same machine. */
function consolePart({ options, ports, hosts }: RegionPlan): Record<string, unknown> {
  const console = consoleSettingsOf(options.port, ports.issuer)
  const names = hosts.listen === '127.0.0.1' ? Object.keys(ports.status) : []
  const processes = names.map((name) => ({ name, statusUrl: `http://127.0.0.1:${ports.status[name]}` }))
  return { processes, ...(console === undefined ? {} : { console }) }
}

/** The far side: processes that know nothing of the region but the secrets they share with it. */
export function sandboxPlans(plan: FarSidePlan): ProcessPlan[] {
  const { hosts, ports, secrets, options } = plan
  const file = (name: string): string => join(options.data, 'sandbox', `${name}.sqlite`)
  const centralBank = {
    role: 'sandbox-central-bank',
    host: hosts.listen,
    port: ports.centralBank,
    dataFile: file('central-bank'),
    secret: secrets.centralBank,
    bankSecret: secrets.bankAtCentralBank,
  }
  const bank = {
    role: 'sandbox-bank',
    host: hosts.listen,
    port: ports.bank,
    dataFile: file('bank'),
    secret: secrets.bank,
    centralBankUrl: `http://${hosts.centralBank}:${ports.centralBank}`,
    centralBankSecret: secrets.bankAtCentralBank,
  }
  const folder = 'actors/connectors/sandbox'
  return [
    {
      name: 'sandbox-central-bank',
      program: `${folder}/centralBankMain.ts`,
      settings: centralBank,
      readyUrl: `http://${hosts.centralBank}:${ports.centralBank}/readyz`,
    },
    {
      name: 'sandbox-bank',
      program: `${folder}/bankMain.ts`,
      settings: bank,
      readyUrl: `http://${hosts.bank}:${ports.bank}/readyz`,
    },
    ...issuerPlans(ports.issuer),
  ]
}

const readyUrl = (plan: RegionPlan, name: string): string => `http://127.0.0.1:${plan.ports.status[name]}/readyz`

/** @returns the file, for `JIAOZI_SETTINGS` */
export function writeSettings(
  plan: Pick<RegionPlan, 'options'>,
  name: string,
  settings: Record<string, unknown>,
): string {
  const file = join(plan.options.data, 'run', `${name}.json`)
  writeDurably(file, JSON.stringify(settings, null, 2))
  return file
}

/** How a program of this project, named by its path in it, is started on a runtime. */
export function programOn(runtime: StartOptions['runtime'], program: string): { command: string; args: string[] } {
  const file = join(root, program)
  if (runtime === 'deno') return { command: join(root, 'node_modules/.bin/deno'), args: ['run', '-A', '--quiet', file] }
  return { command: process.execPath, args: ['--disable-warning=ExperimentalWarning', ...memoryFlags, file] }
}

/** Writes a process's settings and says how to run it. */
export function childPlan(
  plan: Pick<RegionPlan, 'options'>,
  { name, program, settings, readyUrl: ready, inBackground = false }: ProcessPlan,
): ChildPlan {
  const { data, runtime } = plan.options
  const { command, args } = programOn(runtime, program)
  const settingsFile = writeSettings(plan, name, settings)
  return {
    name,
    command,
    args,
    env: {
      JIAOZI_SETTINGS: settingsFile,
      NODE_COMPILE_CACHE: compiledDir,
      ...memoryVariables,
      ...fakeClock(plan.options, name),
    },
    readyUrl: ready,
    inBackground,
    logFile: join(data, 'log', `${name}.log`),
  }
}
