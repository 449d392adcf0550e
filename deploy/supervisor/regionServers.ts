import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { NatsConnection } from '@nats-io/nats-core'
import { answerMirrorResets } from '../../actors/log/mirrorResets.ts'
import { connectNats } from '../../actors/log/natsConnection.ts'
import { messageOf } from '../../actors/log/process.ts'
import { freePort } from '../freePort.ts'
import { type LeafEnd, renderNatsConfig } from '../natsConfig.ts'
import { ensureNatsServer, type NatsProcess, startNatsServer } from '../natsServer.ts'
import { type PostgresProcess, startPostgres } from '../postgres.ts'
import { provisionStreams, type StreamPlan } from '../streams.ts'
import type { OnHopeless } from './child.ts'
import { backgroundNiceness } from './child.ts'
import { DataFolderError } from './dataFolder.ts'
import { KeptServer } from './keptServer.ts'
import { logBytesAtServer, logBytesOnDisk } from './logBytes.ts'
import { idOf, natsAccess, natsUsersOf, type RegionPlan } from './plan.ts'
import { allEnded, StartsUnderWay } from './startsUnderWay.ts'

/** Own logs and mirrors of two regions lie on one disk. */
const logsOfPair = 4

export type ServerSetup = {
  ports: { nats: number; monitor: number }
  end?: LeafEnd
  progress: (line: string) => void
  trouble: (line: string) => void
  onHopeless: OnHopeless
}

/** A region's message server and database, unless they are somebody else's, and the streams that the region needs. */
export class RegionServers {
  readonly #plan: RegionPlan
  readonly #setup: ServerSetup
  readonly #starts = new StartsUnderWay()
  #nats: KeptServer<NatsProcess> | undefined
  #postgres: KeptServer<PostgresProcess> | undefined
  #admin: NatsConnection | undefined
  #logBytesMax = 0

  constructor(plan: RegionPlan, setup: ServerSetup) {
    this.#plan = plan
    this.#setup = setup
  }

  /** The administrator's connection, which reconnects by itself. */
  get admin(): NatsConnection {
    return this.#admin!
  }

  /** The message server is down because somebody holds it down. */
  get held(): boolean {
    return this.#nats?.held === true
  }

  get streams(): StreamPlan {
    const { options, pair } = this.#plan
    const plan = { region: options.region, shardCount: options.shards, logBytesMax: this.#logBytesMax }
    return pair === undefined ? plan : { ...plan, peer: pair.peer }
  }

  /** Starts what is the region's own and writes where both are into the plan. */
  start(): Promise<void> {
    return this.#starts.track(allEnded([this.#startNats(), this.#startPostgres()]))
  }

  async provision(): Promise<void> {
    const { nats, options, pair } = this.#plan
    this.#admin ??= await this.#connect()
    const logs = pair === undefined ? options.shards : options.shards * logsOfPair
    if (this.#logBytesMax === 0) {
      this.#logBytesMax = nats.withUsers
        ? logBytesOnDisk(options.data, logs)
        : await logBytesAtServer(nats.monitorUrl, logs)
    }
    await provisionStreams(this.#admin, this.streams)
  }

  /**
   * The administrator's connection. It answers the region's mirrors as long as the supervisor lives: a region that
   * comes back needs them whole before it has a worker.
   */
  async #connect(): Promise<NatsConnection> {
    const { options, pair } = this.#plan
    const to = natsAccess(this.#plan, 'admin') as { url: string }
    const admin = await connectNats(to, { name: 'supervisor', inboxPrefix: '_INBOX.admin' })
    if (pair !== undefined) {
      await answerMirrorResets(admin, { region: options.region, peer: pair.peer }, (what, error) =>
        this.#setup.trouble(`${what}: ${messageOf(error)}`),
      )
    }
    return admin
  }

  async #startNats(): Promise<void> {
    const { options, nats, secrets, pair } = this.#plan
    const { progress, onHopeless, end } = this.#setup
    if (!nats.withUsers) {
      if (nats.monitorUrl === '') throw new DataFolderError('NATS_URL needs NATS_MONITOR_URL beside it')
      return
    }
    await ensureNatsServer({ log: progress })
    const { nats: port, monitor: monitorPort } = this.#setup.ports
    const dir = join(options.data, 'nats')
    const { bavail, bsize } = statfsSync(options.data)
    const config = renderNatsConfig({
      region: options.region,
      shardCount: options.shards,
      host: '127.0.0.1',
      port,
      monitorPort,
      storeDir: dir,
      storeBytesMax: Math.floor(bavail * bsize * 0.9),
      users: natsUsersOf(options.workers, secrets.nats, idOf(this.#plan)),
      ...(pair === undefined || end === undefined ? {} : { link: { peer: pair.peer, end } }),
    })
    const start = () => this.#starts.track(startNatsServer({ dir, config, port, monitorPort }))
    this.#nats = new KeptServer({ name: 'nats-server', start, onHopeless })
    const server = await this.#nats.start()
    nats.url = server.url
    nats.monitorUrl = server.monitorUrl
    progress('nats-server')
  }

  async #startPostgres(): Promise<void> {
    const { options, secrets, databaseUrl } = this.#plan
    if (databaseUrl !== '') return
    const dir = join(options.data, 'postgres', 'pg')
    const access = { dir, port: await freePort(), password: secrets.postgres, database: 'jiaozi' }
    const start = () => this.#starts.track(startPostgres({ ...access, niceness: backgroundNiceness }))
    // Payments need no Postgres: one that does not start again is tried again, and stops nothing.
    this.#postgres = new KeptServer({ name: 'PostgreSQL', start })
    this.#plan.databaseUrl = (await this.#postgres.start()).url
    this.#setup.progress('PostgreSQL')
  }

  async holdNats(): Promise<void> {
    await this.#nats?.hold()
  }

  async releaseNats(): Promise<void> {
    await this.#nats?.release()
  }

  async hold(): Promise<void> {
    await Promise.all([this.#nats?.hold(), this.#postgres?.hold()])
  }

  /** Returns as soon as the message server is there: the database may take its time. */
  async release(): Promise<void> {
    void this.#postgres?.release()
    await this.#nats?.release()
    // The connection may still be finding its way back, and what is asked on it meanwhile vanishes.
    await this.#admin?.close()
    this.#admin = undefined
    await this.provision()
  }

  pids(): Record<string, number> {
    const pids: Record<string, number> = {}
    if (this.#nats?.pid !== undefined) pids['nats-server'] = this.#nats.pid
    if (this.#postgres?.pid !== undefined) pids.postgres = this.#postgres.pid
    return pids
  }

  async stop(): Promise<void> {
    await this.#starts.ended()
    await this.#admin?.close()
    await Promise.all([this.#postgres?.stop(), this.#nats?.stop()])
  }

  kill(): void {
    this.#postgres?.kill()
    this.#nats?.kill()
  }
}
