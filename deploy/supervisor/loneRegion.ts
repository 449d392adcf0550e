import { freePort } from '../freePort.ts'
import { FarSide } from './farSide.ts'
import type { Installation, Told } from './installation.ts'
import { prepareShared, type Shared } from './installationKeys.ts'
import type { StartOptions } from './options.ts'
import { assertPortFree } from './portCheck.ts'
import { freeStatusPorts, RegionProcesses } from './region.ts'
import { allEnded, StartsUnderWay } from './startsUnderWay.ts'

/** One region with its far side, in one folder. */
export class LoneRegion implements Installation {
  readonly #o: StartOptions
  readonly #told: Told
  readonly #starts = new StartsUnderWay()
  #region: RegionProcesses | undefined
  #farSide: FarSide | undefined
  readonly whole = true
  #stopping = false
  #ready = false
  #caFile = ''

  constructor(options: StartOptions, told: Told) {
    this.#o = options
    this.#told = told
  }

  get caFile(): string {
    return this.#caFile
  }

  start(): Promise<void> {
    return this.#starts.track(this.#start())
  }

  async #start(): Promise<void> {
    const shared = await prepareShared(this.#o)
    this.#caFile = shared.caFile
    const region = await this.#regionOf(shared)
    await region.begin()
    await assertPortFree(this.#o.port, '--port')
    if (this.#stopping) throw new Error('stopped before it was ready')
    this.#region = region
    const hosts = { bank: '127.0.0.1', centralBank: '127.0.0.1', listen: '127.0.0.1' }
    const plan = { options: this.#o, secrets: shared.secrets, hosts, ports: shared.farSide }
    this.#farSide = new FarSide(plan, this.#told.progress, (reason) => this.#withoutFarSide(reason))
    // The server and the database need one another as little as the sandboxes do: all begin at once.
    await allEnded([region.servers.start(), this.#farSide.start()])
    await region.servers.provision()
    await region.writeGenesis()
    await region.startProcesses()
    this.#ready = true
  }

  async #regionOf(shared: Shared): Promise<RegionProcesses> {
    const setup = {
      options: this.#o,
      shared,
      ports: { nats: await freePort(), monitor: await freePort() },
      progress: this.#told.progress,
      trouble: this.#told.trouble,
      onHopeless: (reason: string) => this.#giveUp(reason),
      more: { facts: () => ({}), pids: () => this.#farSide?.pids() ?? {} },
    }
    return new RegionProcesses(setup, await freeStatusPorts(this.#o.workers))
  }

  #giveUp(reason: string): 'give up' {
    this.#told.hopeless(reason)
    return 'give up'
  }

  /** Money comes and goes through the far side; payments go on without it. */
  #withoutFarSide(reason: string): 'give up' | 'go on' {
    if (!this.#ready) return this.#giveUp(reason)
    this.#told.trouble(reason)
    return 'go on'
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#region?.stopProcesses()
    await this.#farSide?.stop()
    await this.#starts.ended()
    await this.#region?.stopServers()
  }

  kill(): void {
    this.#stopping = true
    this.#region?.kill()
    this.#farSide?.kill()
  }
}
