import { freePort } from '../freePort.ts'
import { Child, type OnHopeless } from './child.ts'
import { passwordsAt, type Shared } from './installationKeys.ts'
import type { UnreadableLog } from './lostLogs.ts'
import type { StartOptions } from './options.ts'
import {
  childPlan,
  edgePlan,
  followerPlans,
  genesisPlan,
  natsAccess,
  type ProcessPlan,
  type RegionPair,
  type RegionPlan,
  rejoinPlan,
  statusNames,
  workerPlans,
} from './plan.ts'
import { RegionServers, type ServerSetup } from './regionServers.ts'
import { releaseLeases } from './releaseLeases.ts'
import { beginRestored } from './restored.ts'
import { RunFiles } from './runFiles.ts'
import { runToEnd } from './runToEnd.ts'
import { StartsUnderWay } from './startsUnderWay.ts'

const genesisTimeoutMs = 30_000
const watchEveryMs = 250
/** The other region makes a snapshot and a segment of its archive at least once a minute. */
const rejoinWaitMsMax = 180_000

export type RegionSetup = ServerSetup & {
  /** `data` and `port` are the region's own. */
  options: StartOptions
  shared: Shared
  pair?: RegionPair
  /** What the region tells beside its own: read each time. */
  more: { facts(): Record<string, unknown>; pids(): Record<string, number> }
}

/** Within this a worker leads what a fellow that died has led. */
const fellowTakesWithinMs = 2_000

export type Holdable = { hold(): Promise<void>; release(): Promise<void> }

/** One region on this machine: its servers and processes, in the order in which each needs the others. */
export class RegionProcesses {
  readonly #setup: RegionSetup
  readonly #plan: RegionPlan
  readonly servers: RegionServers
  readonly #files: RunFiles
  readonly #starts = new StartsUnderWay()
  readonly #children: Child[] = []
  #watch: NodeJS.Timeout | undefined
  #stopping = false
  #ready = false

  /** @param statusPorts by the names of `statusNames` */
  constructor(setup: RegionSetup, statusPorts: Record<string, number>) {
    this.#setup = setup
    this.#plan = planOf(setup, statusPorts)
    this.servers = new RegionServers(this.#plan, setup)
    this.#files = new RunFiles(setup.options.data, 'region.json', setup.trouble)
  }

  get region(): string {
    return this.#setup.options.region
  }

  /** Ends what a supervisor that was killed left behind, and begins to tell what runs. */
  async begin(): Promise<void> {
    await this.#files.endLeftovers()
    this.#watch = setInterval(() => this.#writeFiles(), watchEveryMs)
  }

  /** Writes the first frame of each log, or of those of `shards`. */
  async writeGenesis(shards?: readonly number[]): Promise<void> {
    await beginRestored(this.#plan)
    const { operator, institution, approver } = this.#setup.shared.identities
    const publicKeys = {
      operator: operator.publicKeyPem,
      institution: institution.publicKeyPem,
      approver: approver.publicKeyPem,
    }
    const genesis = childPlan(this.#plan, genesisPlan(this.#plan, publicKeys, shards))
    await this.#starts.track(runToEnd('genesis', genesis, genesisTimeoutMs))
    this.#setup.progress('logs')
  }

  /** Workers, followers and the edge, until each is ready. */
  async startProcesses(): Promise<void> {
    const plans = [...workerPlans(this.#plan), ...followerPlans(this.#plan), edgePlan(this.#plan)]
    await this.#starts.track(this.#startAll(plans))
    this.tell()
  }

  /** From now on the region says in its folder how it is reached. */
  tell(): void {
    this.#ready = true
    this.#writeFiles()
  }

  async #startAll(plans: readonly ProcessPlan[]): Promise<void> {
    if (this.#stopping) throw new Error('stopped before it was ready')
    const { options, progress } = this.#setup
    const children = plans.map((process) => {
      const onHopeless = this.#onHopelessOf(process)
      const worker = process.settings.workerId as string | undefined
      const base = childPlan(this.#plan, process)
      if (worker === undefined) return new Child(base, onHopeless)
      const onReaped = () => releaseLeases(this.servers.admin, options, worker)
      return new Child({ ...base, onReaped, restartAfterMs: () => this.#workerDownMs(base.name) }, onHopeless)
    })
    this.#children.push(...children)
    for (const child of children) child.start()
    await Promise.all(
      children.map(async (child) => {
        await child.ready()
        progress(child.plan.name)
      }),
    )
  }

  /** Payments need workers and the edge. What else ends again and again is started again and again: it stops nothing. */
  #onHopelessOf({ settings: { role } }: ProcessPlan): OnHopeless {
    const { onHopeless, trouble } = this.#setup
    if (role === 'worker' || role === 'edge') return onHopeless
    return (reason) => {
      if (!this.#ready) return onHopeless(reason)
      trouble(reason)
      return 'go on'
    }
  }

  /** A process that begins takes a processor for a second: not while a fellow takes the shards over that it left. */
  #workerDownMs(name: string): number {
    const fellows = this.#children.filter(({ plan }) => plan.name.startsWith('worker-') && plan.name !== name)
    return fellows.some(({ running }) => running) ? fellowTakesWithinMs : 0
  }

  /** kill -9 of everything, and it stays down. */
  async hold(): Promise<void> {
    await Promise.all([...this.#children.map((child) => child.hold()), this.servers.hold()])
    this.#writeFiles()
  }

  /**
   * Starts everything again on what it left.
   * @param prepare what the logs need before workers read them; when it fails the region is down again
   */
  async release(prepare: () => Promise<void>): Promise<void> {
    try {
      await this.servers.release()
      await prepare()
    } catch (error) {
      await this.servers.hold()
      throw error
    }
    for (const child of this.#children) child.release()
    if (this.#children.length === 0) await this.startProcesses()
    this.#writeFiles()
  }

  /** Takes from the other region what this one needs, where its own logs do not reach back far enough. */
  async rejoin(other: RegionProcesses, shards: readonly UnreadableLog[]): Promise<void> {
    const plan = childPlan(this.#plan, rejoinPlan(this.#plan, other.#plan, shards, rejoinWaitMsMax))
    await this.#starts.track(runToEnd('rejoin', plan, rejoinWaitMsMax + genesisTimeoutMs))
  }

  /** @throws Error that names what there is, when nothing has this name. */
  process(name: string): Holdable {
    const child = this.#children.find(({ plan }) => plan.name === name)
    if (child === undefined) {
      throw new Error(`region ${this.region} has no ${name}: ${this.#children.map(({ plan }) => plan.name).join(', ')}`)
    }
    return { hold: () => child.hold(), release: async () => child.release() }
  }

  #writeFiles(): void {
    const { more } = this.#setup
    const pids: Record<string, number> = { ...this.servers.pids(), ...more.pids() }
    for (const child of this.#children) if (child.pid !== undefined) pids[child.plan.name] = child.pid
    this.#files.writePids(pids)
    if (this.#ready) this.#files.writeFacts(this.#facts(pids))
  }

  #facts(pids: Record<string, number>): Record<string, unknown> {
    const { shared, more, options } = this.#setup
    const { databaseUrl, secrets } = this.#plan
    return {
      region: options.region,
      shardCount: options.shards,
      edgeUrl: `https://127.0.0.1:${options.port}`,
      caFile: shared.caFile,
      operatorKeyFile: shared.identities.operator.keyFile,
      institutionKeyFile: shared.identities.institution.keyFile,
      nats: natsAccess(this.#plan, 'operator'),
      keysDir: shared.keysDir,
      bankUrl: `http://127.0.0.1:${shared.farSide.bank}`,
      centralBankUrl: `http://127.0.0.1:${shared.farSide.centralBank}`,
      bankSecret: secrets.bank,
      centralBankSecret: secrets.centralBank,
      databaseUrl,
      ...more.facts(),
      pids,
    }
  }

  /** Ends processes in the reverse order: intake first. The servers stay. */
  async stopProcesses(): Promise<void> {
    this.#stopping = true
    this.#ready = false
    this.#files.forgetFacts()
    const byName = (part: string): Child[] => this.#children.filter(({ plan }) => plan.name.startsWith(part))
    for (const group of ['edge', 'connector', 'webhooks', 'projector', 'worker', 'archiver']) {
      await Promise.all(byName(group).map((child) => child.stop()))
    }
    await this.#starts.ended()
  }

  /** Ends the servers, after everything that needs them. */
  async stopServers(): Promise<void> {
    await this.servers.stop()
    clearInterval(this.#watch)
    this.#files.forgetPids()
  }

  /** Ends everything now. */
  kill(): void {
    this.#stopping = true
    for (const child of this.#children) child.kill()
    this.servers.kill()
  }
}

function planOf({ options, shared, pair }: RegionSetup, status: Record<string, number>): RegionPlan {
  const { secrets, certFile, keyFile, farSide, drillReportsDir } = shared
  return {
    options,
    secrets: pair === undefined ? secrets : { ...secrets, nats: passwordsAt(options.region, secrets) },
    nats: {
      url: process.env.NATS_URL ?? '',
      monitorUrl: process.env.NATS_MONITOR_URL ?? '',
      withUsers: !process.env.NATS_URL,
    },
    databaseUrl: process.env.DATABASE_URL ?? '',
    certFile,
    keyFile,
    drillReportsDir,
    ports: { ...farSide, status },
    hosts: { bank: '127.0.0.1', centralBank: '127.0.0.1', listen: '127.0.0.1' },
    loopbackCallbacks: process.env.JIAOZI_WEBHOOKS_ALLOW_LOOPBACK !== '0',
    callbackCaFile: shared.caFile,
    developmentWallets: {
      institutionKeyFile: shared.identities.institution.keyFile,
      bankUrl: `http://127.0.0.1:${farSide.bank}`,
    },
    ...(pair === undefined ? {} : { pair }),
  }
}

export async function freeStatusPorts(workers: number): Promise<Record<string, number>> {
  const ports = statusNames(workers).map(async (name) => [name, await freePort()] as const)
  return Object.fromEntries(await Promise.all(ports))
}
