import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { createKeyRing, hasKeyRing } from '../../actors/log/fileKeyRing.ts'
import { connectNats } from '../../actors/log/natsConnection.ts'
import { ensureCertificates } from '../certificates.ts'
import { renderNatsConfig } from '../natsConfig.ts'
import { ensureNatsServer, freePort, type NatsProcess, startNatsServer } from '../natsServer.ts'
import { type PostgresProcess, startPostgres } from '../postgres.ts'
import { provisionStreams } from '../streams.ts'
import { Child } from './child.ts'
import { DataFolderError, processStart, writeDurably } from './dataFolder.ts'
import type { StartOptions } from './options.ts'
import {
  childPlan,
  edgePlan,
  followerPlans,
  natsAccess,
  natsUsersOf,
  type ProcessPlan,
  type RegionPlan,
  sandboxPlans,
  statusNames,
  workerPlans,
} from './plan.ts'
import { beginRestored } from './restored.ts'
import { ensureIdentity, ensureSecrets, type Identity } from './secrets.ts'

const run = promisify(execFile)
const logBytesShare = 0.5
const genesisTimeoutMs = 30_000

export type Progress = (line: string) => void

type PidFile = Record<string, { pid: number; start: string }>

/** One region on this machine: everything that `npm start` runs, in the order in which each needs the others. */
export class RegionProcesses {
  readonly #o: StartOptions
  readonly #progress: Progress
  readonly #onHopeless: (reason: string) => void
  #children: Child[] = []
  #nats: NatsProcess | undefined
  #natsArgs: Parameters<typeof startNatsServer>[0] | undefined
  #postgres: PostgresProcess | undefined
  #postgresArgs: Parameters<typeof startPostgres>[0] | undefined
  #admin: NatsConnection | undefined
  #watch: NodeJS.Timeout | undefined
  #plan: RegionPlan | undefined
  #identities: { operator: Identity; institution: Identity } | undefined
  #caFile = ''
  #stopping = false

  constructor(options: StartOptions, progress: Progress, onHopeless: (reason: string) => void) {
    this.#o = options
    this.#progress = progress
    this.#onHopeless = onHopeless
  }

  get plan(): RegionPlan {
    return this.#plan!
  }

  get caFile(): string {
    return this.#caFile
  }

  async start(): Promise<void> {
    const { data, port, shards, region, workers } = this.#o
    await this.#endLeftovers()
    await assertPortFree(port)
    const keysDir = join(data, 'keys')
    if (!hasKeyRing(keysDir)) createKeyRing(keysDir, { shardCount: shards })
    const secrets = ensureSecrets(
      keysDir,
      natsUsersOf(workers).map((user) => user.user),
    )
    this.#identities = {
      operator: ensureIdentity(keysDir, 'operator'),
      institution: ensureIdentity(keysDir, 'institution'),
    }
    const { caFile, certFile, keyFile } = ensureCertificates(join(keysDir, 'tls'), Date.now())
    this.#caFile = caFile
    mkdirSync(join(data, 'sandbox'), { recursive: true, mode: 0o700 })
    const status = Object.fromEntries(
      await Promise.all(statusNames(workers).map(async (n) => [n, await freePort()] as const)),
    )
    const plan: RegionPlan = {
      options: this.#o,
      secrets,
      nats: {
        url: process.env.NATS_URL ?? '',
        monitorUrl: process.env.NATS_MONITOR_URL ?? '',
        withUsers: !process.env.NATS_URL,
      },
      databaseUrl: process.env.DATABASE_URL ?? '',
      certFile,
      keyFile,
      ports: { bank: await freePort(), centralBank: await freePort(), status },
      hosts: { bank: '127.0.0.1', centralBank: '127.0.0.1', listen: '127.0.0.1' },
    }
    this.#plan = plan
    // The server and the database need one another as little as the sandboxes do: all begin at once.
    const sandboxes = this.#startAll(sandboxPlans(plan))
    await Promise.all([this.#startNats(plan), this.#startPostgres(plan), sandboxes])
    this.#admin = await connectNats(natsAccess(plan, 'admin') as { url: string }, {
      name: 'supervisor',
      inboxPrefix: '_INBOX.admin',
    })
    const { bavail, bsize } = statfsSync(data)
    const logBytesMax = Math.floor((bavail * bsize * logBytesShare) / shards)
    await provisionStreams(this.#admin, { region, shardCount: shards, logBytesMax })
    await beginRestored(plan)
    await this.#writeGenesis(plan)
    this.#progress('logs')
    await this.#startAll([...workerPlans(plan), ...followerPlans(plan), edgePlan(plan)])
    this.#writePids()
    this.#watch = setInterval(() => this.#writePids(), 250)
    this.#writeFacts()
  }

  async #startNats(plan: RegionPlan): Promise<void> {
    if (process.env.NATS_URL) {
      if (!process.env.NATS_MONITOR_URL) throw new DataFolderError('NATS_URL needs NATS_MONITOR_URL beside it')
      return
    }
    const { data, region, workers } = this.#o
    await ensureNatsServer({ log: this.#progress })
    const [port, monitorPort] = [await freePort(), await freePort()]
    const dir = join(data, 'nats')
    const { bavail, bsize } = statfsSync(data)
    const config = renderNatsConfig({
      region,
      shardCount: this.#o.shards,
      host: '127.0.0.1',
      port,
      monitorPort,
      storeDir: dir,
      storeBytesMax: Math.floor(bavail * bsize * 0.9),
      users: natsUsersOf(workers, plan.secrets.nats),
    })
    this.#natsArgs = { dir, config, port, monitorPort }
    this.#nats = await startNatsServer(this.#natsArgs)
    plan.nats.url = this.#nats.url
    plan.nats.monitorUrl = this.#nats.monitorUrl
    this.#keepNats(this.#nats)
    this.#progress('nats-server')
  }

  /** A server that dies is started again on its own ports: its clients find it there. */
  #keepNats(server: NatsProcess): void {
    void server.exited.then(async () => {
      if (this.#stopping) return
      try {
        this.#nats = await startNatsServer(this.#natsArgs!)
        this.#keepNats(this.#nats)
      } catch (error) {
        this.#onHopeless(`nats-server cannot be started again: ${(error as Error).message}`)
      }
    })
  }

  async #startPostgres(plan: RegionPlan): Promise<void> {
    if (process.env.DATABASE_URL) return
    const dir = join(this.#o.data, 'postgres', 'pg')
    this.#postgresArgs = { dir, port: await freePort(), password: plan.secrets.postgres, database: 'jiaozi' }
    this.#postgres = await startPostgres(this.#postgresArgs)
    plan.databaseUrl = this.#postgres.url
    this.#keepPostgres()
    this.#progress('PostgreSQL')
  }

  #keepPostgres(): void {
    const timer = setInterval(() => {
      if (this.#stopping) clearInterval(timer)
      else if (this.#postgres !== undefined && processStart(this.#postgres.pid) === undefined) {
        clearInterval(timer)
        startPostgres(this.#postgresArgs!).then(
          (server) => {
            this.#postgres = server
            this.#keepPostgres()
          },
          // Payments need no Postgres: try again, and say nothing that would stop them.
          () => this.#keepPostgres(),
        )
      }
    }, 500)
  }

  async #writeGenesis(plan: RegionPlan): Promise<void> {
    const { operator, institution } = this.#identities!
    const settings = {
      region: this.#o.region,
      shardCount: this.#o.shards,
      keysDir: join(this.#o.data, 'keys'),
      nats: natsAccess(plan, 'admin'),
      operatorPublicKeyPem: operator.publicKeyPem,
      institutionPublicKeyPem: institution.publicKeyPem,
    }
    const genesis: ProcessPlan = { name: 'genesis', program: 'actors/host/genesisMain.ts', settings, readyUrl: '' }
    const { command, args, env } = childPlan(plan, genesis)
    try {
      await run(command, [...args], { env: { ...process.env, ...env }, timeout: genesisTimeoutMs })
    } catch (error) {
      throw new Error(`genesis: ${String((error as { stderr?: string }).stderr ?? error).trim()}`)
    }
  }

  async #startAll(plans: readonly ProcessPlan[]): Promise<void> {
    const children = plans.map((process) => {
      const worker = process.settings.workerId as string | undefined
      const base = childPlan(this.plan, process)
      const reaped = worker === undefined ? {} : { onReaped: () => this.#releaseLeases(worker) }
      return new Child({ ...base, ...reaped }, this.#onHopeless)
    })
    this.#children.push(...children)
    for (const child of children) child.start()
    await Promise.all(
      children.map(async (child) => {
        await child.ready()
        this.#progress(child.plan.name)
      }),
    )
  }

  /** A process that was reaped cannot lead any more: its shards are free at once, not when its leases grow stale. */
  async #releaseLeases(worker: string): Promise<void> {
    const kv = await new Kvm(jetstream(this.#admin!)).open(`lease_${this.#o.region}`)
    for (let shard = 0; shard < this.#o.shards; shard++) {
      const entry = await kv.get(`shard.${shard}`)
      if (entry?.operation === 'PUT' && entry.json<{ worker: string }>().worker === worker) {
        await kv.delete(`shard.${shard}`, { previousSeq: entry.revision })
      }
    }
  }

  #pids(): Record<string, number> {
    const pids: Record<string, number> = {}
    if (this.#nats) pids['nats-server'] = this.#nats.pid
    if (this.#postgres) pids.postgres = this.#postgres.pid
    for (const child of this.#children) if (child.pid !== undefined) pids[child.plan.name] = child.pid
    return pids
  }

  /** For the next start, should this one be killed: numbers with the kernel's start times. */
  #writePids(): void {
    const pids = this.#pids()
    const entries = Object.entries(pids).map(([name, pid]) => [name, { pid, start: processStart(pid) ?? '' }])
    const text = JSON.stringify(Object.fromEntries(entries))
    if (text === this.#pidsWritten) return
    writeDurably(join(this.#o.data, 'run', 'pids.json'), text)
    this.#pidsWritten = text
    if (existsSync(join(this.#o.data, 'run', 'region.json'))) this.#writeFacts()
  }

  #pidsWritten = ''

  #writeFacts(): void {
    const { ports, databaseUrl } = this.plan
    const facts = {
      region: this.#o.region,
      shardCount: this.#o.shards,
      edgeUrl: `https://127.0.0.1:${this.#o.port}`,
      caFile: this.#caFile,
      operatorKeyFile: this.#identities!.operator.keyFile,
      institutionKeyFile: this.#identities!.institution.keyFile,
      nats: natsAccess(this.plan, 'operator'),
      keysDir: join(this.#o.data, 'keys'),
      bankUrl: `http://127.0.0.1:${ports.bank}`,
      centralBankUrl: `http://127.0.0.1:${ports.centralBank}`,
      bankSecret: this.plan.secrets.bank,
      centralBankSecret: this.plan.secrets.centralBank,
      databaseUrl,
      pids: this.#pids(),
    }
    writeDurably(join(this.#o.data, 'run', 'region.json'), JSON.stringify(facts, null, 2))
  }

  /** Ends what a killed supervisor left behind. */
  async #endLeftovers(): Promise<void> {
    const file = join(this.#o.data, 'run', 'pids.json')
    rmSync(join(this.#o.data, 'run', 'region.json'), { force: true })
    if (!existsSync(file)) return
    const left = JSON.parse(readFileSync(file, 'utf8')) as PidFile
    const alive = Object.values(left).filter(({ pid, start }) => start !== '' && processStart(pid) === start)
    for (const { pid } of alive) process.kill(pid, 'SIGKILL')
    while (alive.some(({ pid, start }) => processStart(pid) === start))
      await new Promise((done) => setTimeout(done, 20))
    rmSync(file, { force: true })
  }

  /** Ends everything in the reverse order: intake first, logs last. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearInterval(this.#watch)
    rmSync(join(this.#o.data, 'run', 'region.json'), { force: true })
    const byName = (part: string): Child[] => this.#children.filter(({ plan }) => plan.name.startsWith(part))
    for (const group of ['edge', 'connector', 'projector', 'worker', 'archiver', 'sandbox']) {
      await Promise.all(byName(group).map((child) => child.stop()))
    }
    await this.#admin?.close()
    await Promise.all([this.#postgres?.stop(), this.#nats?.stop()])
    rmSync(join(this.#o.data, 'run', 'pids.json'), { force: true })
  }

  /** Ends everything now. */
  kill(): void {
    this.#stopping = true
    for (const child of this.#children) child.kill()
    this.#postgres?.kill()
    this.#nats?.kill()
  }
}

function assertPortFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', () => reject(new DataFolderError(`port ${port} is in use; choose another with --port`)))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
}
