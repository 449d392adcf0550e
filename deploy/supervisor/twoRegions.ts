import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../freePort.ts'
import { FarSide } from './farSide.ts'
import { HoldServer } from './holdServer.ts'
import type { Installation, Told } from './installation.ts'
import { passwordsAt, prepareShared, type Shared } from './installationKeys.ts'
import { Link } from './link.ts'
import type { StartOptions } from './options.ts'
import { PairLogs } from './pairLogs.ts'
import { assertPortFree } from './portCheck.ts'
import { freeStatusPorts, type Holdable, RegionProcesses } from './region.ts'
import { RunFiles } from './runFiles.ts'
import { allEnded, StartsUnderWay } from './startsUnderWay.ts'
import { Witness } from './witness.ts'

const watchEveryMs = 250

type Letter = 'a' | 'b'
type Pair<T> = Record<Letter, T>
const letters: readonly Letter[] = ['a', 'b']
const otherOf = (letter: Letter): Letter => (letter === 'a' ? 'b' : 'a')
type Ports = { nats: number; monitor: number }

/**
 * Regions `a` and `b` with everything that each has of its own, the witness between them, one link that a proxy can
 * cut, and one far side. Any part can be held down, as a drill needs it: see `HoldServer`.
 */
export class TwoRegions implements Installation {
  readonly #o: StartOptions
  readonly #told: Told
  readonly #files: RunFiles
  readonly #starts = new StartsUnderWay()
  #regions: Pair<RegionProcesses> | undefined
  #witness: Witness | undefined
  #link: Link | undefined
  #farSide: FarSide | undefined
  #logs: PairLogs | undefined
  #holds: HoldServer | undefined
  #watch: NodeJS.Timeout | undefined
  #stopping = false
  #ready = false
  #whole = true
  #caFile = ''

  constructor(options: StartOptions, told: Told) {
    this.#o = options
    this.#told = told
    this.#files = new RunFiles(options.data, 'installation.json', told.trouble)
  }

  get whole(): boolean {
    return this.#whole
  }

  get caFile(): string {
    return this.#caFile
  }

  start(): Promise<void> {
    return this.#starts.track(this.#start())
  }

  async #start(): Promise<void> {
    for (const name of ['NATS_URL', 'DATABASE_URL']) {
      if (process.env[name]) throw new Error(`${name} serves one region: two have servers of their own`)
    }
    const { data, port, secondPort, workers } = this.#o
    for (const letter of letters) {
      for (const folder of ['run', 'log']) mkdirSync(join(data, letter, folder), { recursive: true, mode: 0o700 })
    }
    const shared = await prepareShared(this.#o)
    this.#caFile = shared.caFile
    await this.#files.endLeftovers()
    await assertPortFree(port, '--port')
    await assertPortFree(secondPort, '--second-port')
    this.#witness = new Witness({
      dir: join(data, 'w'),
      workers,
      passwords: passwordsAt('w', shared.secrets),
      ports: { nats: await freePort(), monitor: await freePort() },
    })
    this.#link = new Link(join(data, 'run', 'toxiproxy'), shared.secrets.nats['leaf-b']!, this.#o.link, {
      leaf: await freePort(),
      proxy: await freePort(),
      api: await freePort(),
    })
    const regions = await this.#makeRegions(shared)
    this.#holds = new HoldServer((target) => this.#part(target), this.#told.trouble)
    await this.#holds.start()
    for (const letter of letters) await regions[letter].begin()
    if (this.#stopping) throw new Error('stopped before it was ready')
    this.#regions = regions
    this.#watch = setInterval(() => this.#writeFiles(), watchEveryMs)
    await this.#startServers(shared, regions, this.#witness, this.#link)
    this.#logs = new PairLogs(regions, this.#witness, this.#o.shards, this.#told.trouble)
    const down = await this.#logs.begin()
    for (const letter of down) await regions[letter].hold()
    const up = letters.filter((letter) => !down.includes(letter))
    await Promise.all(up.map((letter) => this.#startProcesses(regions[letter])))
    this.#whole &&= down.length === 0
    this.#ready = true
    this.#writeFiles()
  }

  /** A region that does not get ready may wait for an operator, and the other serves meanwhile: nothing is ended. */
  async #startProcesses(region: RegionProcesses): Promise<void> {
    try {
      await region.startProcesses()
    } catch (error) {
      if (this.#stopping) throw error
      this.#whole = false
      region.tell()
      this.#told.trouble(`region ${region.region}: ${(error as Error).message}`)
    }
  }

  async #makeRegions(shared: Shared): Promise<Pair<RegionProcesses>> {
    const ports = async (): Promise<Ports> => ({ nats: await freePort(), monitor: await freePort() })
    const portsOf: Pair<Ports> = { a: await ports(), b: await ports() }
    const region = async (letter: Letter): Promise<RegionProcesses> => {
      const peer = otherOf(letter)
      const pair = {
        peer,
        keysDir: shared.keysDir,
        witness: this.#witness!.address,
        witnessPasswords: passwordsAt('w', shared.secrets),
        peerProbeUrl: `http://127.0.0.1:${portsOf[peer].monitor}/healthz`,
      }
      const { data, port, secondPort } = this.#o
      const own = { data: join(data, letter), port: letter === 'a' ? port : secondPort, region: letter }
      const setup = {
        options: { ...this.#o, ...own },
        shared,
        pair,
        ports: portsOf[letter],
        end: this.#link!.ends[letter],
        progress: (line: string) => this.#told.progress(`${letter} ${line}`),
        trouble: (line: string) => this.#told.trouble(`region ${letter}: ${line}`),
        // What is hopeless in one region must not end the other.
        onHopeless: (reason: string) => {
          this.#told.trouble(`region ${letter}: ${reason}`)
          return 'go on' as const
        },
        more: { facts: () => this.#factsFor(letter), pids: () => ({}) },
      }
      return new RegionProcesses(setup, await freeStatusPorts(this.#o.workers))
    }
    return { a: await region('a'), b: await region('b') }
  }

  async #startServers(shared: Shared, regions: Pair<RegionProcesses>, witness: Witness, link: Link): Promise<void> {
    const hosts = { bank: '127.0.0.1', centralBank: '127.0.0.1', listen: '127.0.0.1' }
    const plan = { options: this.#o, secrets: shared.secrets, hosts, ports: shared.farSide }
    this.#farSide = new FarSide(plan, this.#told.progress, (reason) => {
      this.#told.trouble(reason)
      return 'go on'
    })
    const servers = letters.map((letter) => regions[letter].servers.start())
    await allEnded([...servers, this.#farSide.start(), witness.start(), link.start()])
    this.#told.progress('witness and link')
  }

  /** What can be held down: `region/a`, `server/a`, `witness`, `process/a/worker-0`. */
  #part(target: string): Holdable | undefined {
    const regions = this.#regions
    const [kind = '', letter = '', name = ''] = target.split('/')
    if (target === 'witness') return this.#witness
    if (regions === undefined || (letter !== 'a' && letter !== 'b')) return undefined
    const region = regions[letter]
    if (kind === 'server') {
      return { hold: () => region.servers.holdNats(), release: () => region.servers.releaseNats() }
    }
    if (kind === 'process') return region.process(name)
    if (kind !== 'region') return undefined
    return { hold: () => region.hold(), release: () => region.release(() => this.#logs!.mend(letter)) }
  }

  #factsFor(letter: Letter): Record<string, unknown> {
    const peer = otherOf(letter)
    return {
      peer,
      peerDataDir: join(this.#o.data, peer),
      installation: this.#facts(),
    }
  }

  /** What drills need of both regions together. */
  #facts(): Record<string, unknown> {
    const { data } = this.#o
    return {
      shardCount: this.#o.shards,
      regions: { a: join(data, 'a'), b: join(data, 'b') },
      toxiproxyUrl: this.#link!.apiUrl,
      witness: this.#witness!.operatorAccess,
      holds: this.#holds!.access,
      autoTakeoverMs: this.#o.autoTakeoverMs,
    }
  }

  #pids(): Record<string, number> {
    return { ...this.#witness?.pids(), ...this.#link?.pids(), ...this.#farSide?.pids() }
  }

  #writeFiles(): void {
    const pids = this.#pids()
    this.#files.writePids(pids)
    if (this.#ready) this.#files.writeFacts({ ...this.#facts(), pids })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#ready = false
    this.#files.forgetFacts()
    this.#holds?.stop()
    const regions = Object.values(this.#regions ?? {})
    await Promise.all(regions.map((region) => region.stopProcesses()))
    await this.#farSide?.stop()
    await this.#starts.ended()
    await Promise.all(regions.map((region) => region.stopServers()))
    await Promise.all([this.#witness?.stop(), this.#link?.stop()])
    clearInterval(this.#watch)
    this.#files.forgetPids()
  }

  kill(): void {
    this.#stopping = true
    for (const region of Object.values(this.#regions ?? {})) region.kill()
    this.#farSide?.kill()
    this.#witness?.kill()
    this.#link?.kill()
  }
}
