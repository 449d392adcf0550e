import { execFile } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { NatsConnection } from '@nats-io/nats-core'
import { createKeyRing, hasKeyRing } from '../../actors/log/fileKeyRing.ts'
import { connectNats } from '../../actors/log/natsConnection.ts'
import { ensureCertificates } from '../certificates.ts'
import { renderNatsConfig } from '../natsConfig.ts'
import { ensureNatsServer, freePort, type NatsProcess, startNatsServer } from '../natsServer.ts'
import { type PostgresProcess, startPostgres } from '../postgres.ts'
import { provisionStreams } from '../streams.ts'
import { Child } from './child.ts'
import { DataFolderError, processStart } from './dataFolder.ts'
import { logBytesAtServer, logBytesOnDisk } from './logBytes.ts'
import type { StartOptions } from './options.ts'
import {
  childPlan,
  edgePlan,
  followerPlans,
  genesisPlan,
  natsAccess,
  natsUsersOf,
  type ProcessPlan,
  type RegionPlan,
  sandboxPlans,
  statusNames,
  workerPlans,
} from './plan.ts'
import { assertPortFree } from './portCheck.ts'
import { releaseLeases } from './releaseLeases.ts'
import { beginRestored } from './restored.ts'
import { RunFiles } from './runFiles.ts'
import { ensureIdentity, ensureSecrets, type Identity } from './secrets.ts'

const run = promisify(execFile)
const genesisTimeoutMs = 30_000

export type Progress = (line: string) => void

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
  readonly #files: RunFiles
  /** What is being started now: it must have ended one way or the other before everything can be stopped. */
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(options: StartOptions, progress: Progress, onHopeless: (reason: string) => void) {
    this.#o = options
    this.#files = new RunFiles(options.data)
    this.#progress = progress
    this.#onHopeless = onHopeless
  }

  get caFile(): string {
    return this.#caFile
  }

  start(): Promise<void> {
    return this.#tracked(this.#start())
  }

  #tracked<T>(starting: Promise<T>): Promise<T> {
    const settled: Promise<unknown> = Promise.allSettled([starting]).then(() => this.#underWay.delete(settled))
    this.#underWay.add(settled)
    return starting
  }

  async #start(): Promise<void> {
    const { data, port, shards, region, workers } = this.#o
    await this.#files.endLeftovers()
    await assertPortFree(port)
    this.#watch = setInterval(() => this.#writeFiles(), 250)
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
    await allEnded([this.#startNats(plan), this.#startPostgres(plan), sandboxes])
    this.#admin = await connectNats(natsAccess(plan, 'admin') as { url: string }, {
      name: 'supervisor',
      inboxPrefix: '_INBOX.admin',
    })
    const logBytesMax = plan.nats.withUsers
      ? logBytesOnDisk(data, shards)
      : await logBytesAtServer(plan.nats.monitorUrl, shards)
    await provisionStreams(this.#admin, { region, shardCount: shards, logBytesMax })
    await beginRestored(plan)
    await this.#writeGenesis(plan)
    this.#progress('logs')
    await this.#startAll([...workerPlans(plan), ...followerPlans(plan), edgePlan(plan)])
    this.#ready = true
    this.#writeFiles()
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
        this.#nats = await this.#tracked(startNatsServer(this.#natsArgs!))
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
        this.#tracked(startPostgres(this.#postgresArgs!)).then(
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
    const publicKeys = { operator: operator.publicKeyPem, institution: institution.publicKeyPem }
    const genesis = genesisPlan(plan, publicKeys)
    const { command, args, env } = childPlan(plan, genesis)
    try {
      await run(command, [...args], { env: { ...process.env, ...env }, timeout: genesisTimeoutMs })
    } catch (error) {
      throw new Error(`genesis: ${String((error as { stderr?: string }).stderr ?? error).trim()}`)
    }
  }

  async #startAll(plans: readonly ProcessPlan[]): Promise<void> {
    if (this.#stopping) throw new Error('stopped before it was ready')
    const children = plans.map((process) => {
      const worker = process.settings.workerId as string | undefined
      const base = childPlan(this.#plan!, process)
      const reaped = worker === undefined ? {} : { onReaped: () => releaseLeases(this.#admin!, this.#o, worker) }
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

  #pids(): Record<string, number> {
    const pids: Record<string, number> = {}
    if (this.#nats) pids['nats-server'] = this.#nats.pid
    if (this.#postgres) pids.postgres = this.#postgres.pid
    for (const child of this.#children) if (child.pid !== undefined) pids[child.plan.name] = child.pid
    return pids
  }

  #ready = false

  #writeFiles(): void {
    const pids = this.#pids()
    this.#files.writePids(pids)
    if (this.#ready) this.#files.writeFacts(this.#facts(pids))
  }

  #facts(pids: Record<string, number>): Record<string, unknown> {
    const { ports, databaseUrl, secrets } = this.#plan!
    return {
      region: this.#o.region,
      shardCount: this.#o.shards,
      edgeUrl: `https://127.0.0.1:${this.#o.port}`,
      caFile: this.#caFile,
      operatorKeyFile: this.#identities!.operator.keyFile,
      institutionKeyFile: this.#identities!.institution.keyFile,
      nats: natsAccess(this.#plan!, 'operator'),
      keysDir: join(this.#o.data, 'keys'),
      bankUrl: `http://127.0.0.1:${ports.bank}`,
      centralBankUrl: `http://127.0.0.1:${ports.centralBank}`,
      bankSecret: secrets.bank,
      centralBankSecret: secrets.centralBank,
      databaseUrl,
      pids,
    }
  }

  /** Ends everything in the reverse order: intake first, logs last. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#ready = false
    this.#files.forgetFacts()
    const byName = (part: string): Child[] => this.#children.filter(({ plan }) => plan.name.startsWith(part))
    for (const group of ['edge', 'connector', 'projector', 'worker', 'archiver', 'sandbox']) {
      await Promise.all(byName(group).map((child) => child.stop()))
    }
    await Promise.all(this.#underWay)
    await this.#admin?.close()
    await Promise.all([this.#postgres?.stop(), this.#nats?.stop()])
    clearInterval(this.#watch)
    this.#files.forgetPids()
  }

  /** Ends everything now. */
  kill(): void {
    this.#stopping = true
    for (const child of this.#children) child.kill()
    this.#postgres?.kill()
    this.#nats?.kill()
  }
}

/** Fails like the first that failed, but only once each has ended: what still starts could not be stopped. */
async function allEnded(parts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(parts)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
