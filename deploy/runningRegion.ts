import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { freePort } from './freePort.ts'
import { type HoldControl, holdControl } from './holdControl.ts'
import { type LinkControl, linkControl } from './toxiproxyClient.ts'

/** What a running region writes about itself into its data folder, for tools on the same machine. */
export type RegionFacts = {
  region: string
  /** The other region, when there are two. */
  peer?: string
  shardCount: number
  edgeUrl: string
  caFile: string
  operatorKeyFile: string
  institutionKeyFile: string
  bankUrl: string
  centralBankUrl: string
  databaseUrl: string
  /** Present when there are two regions: what they have between them. */
  installation?: InstallationFacts
  /** Processes by name, for those that kill them: worker-0, edge, nats-server and so on. */
  pids: Record<string, number>
}

export type InstallationFacts = {
  shardCount: number
  /** Data folders, by the region's letter. */
  regions: Record<string, string>
  /** API of the proxy on the link between the regions: see `toxiproxyClient.ts`. */
  toxiproxyUrl: string
  /** An operator's access to the server that decides who owns a shard. */
  witness: { url: string; monitorUrl: string; user: string; password: string }
  /** By it parts are held down: see `holdControl.ts`. */
  holds: { url: string; token: string }
  autoTakeoverMs: number
}

export type Region = {
  readonly dataDir: string
  /** Read anew at each call: a restarted process has another pid. */
  facts(): RegionFacts
  /** Ends the region if this program started it. */
  stop(): Promise<void>
}

const startTimeoutMs = 120_000
const stopTimeoutMs = 60_000
const supervisor = resolve(import.meta.dirname, 'supervisor/main.ts')
const lifeline = pathToFileURL(resolve(import.meta.dirname, 'bootstrap/lifeline.mjs')).href

const factsFile = (dataDir: string): string => join(dataDir, 'run', 'region.json')
const installationFile = (dataDir: string): string => join(dataDir, 'run', 'installation.json')

/** What is written once everything is ready: by one region, or by two together. */
const readyFiles = (dataDir: string): string[] => [factsFile(dataDir), installationFile(dataDir)]

/** Undefined when no region runs there, whatever one that was killed left behind. */
function readFacts(dataDir: string): RegionFacts | undefined {
  if (!existsSync(factsFile(dataDir))) return undefined
  const facts = JSON.parse(readFileSync(factsFile(dataDir), 'utf8')) as RegionFacts
  return Object.values(facts.pids).some(isAlive) ? facts : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Uses the region that runs on `dataDir`, or starts one of its own in a temporary folder. */
export async function useRegion(dataDir: string, startArgs: readonly string[] = []): Promise<Region> {
  const dir = resolve(dataDir)
  if (readFacts(dir) === undefined) return startRegion(startArgs)
  return { dataDir: dir, facts: () => factsOf(dir), stop: async () => undefined }
}

/** Starts a region in a temporary folder on a free port; `stop` ends it and removes the folder. */
export async function startRegion(startArgs: readonly string[] = []): Promise<StartedRegion> {
  const second = ['--second-port', String(await freePort())]
  const args = startArgs.includes('--second-port') ? startArgs : [...startArgs, ...second]
  const region = new StartedRegion(mkdtempSync(join(tmpdir(), 'jiaozi-region-')), await freePort(), args)
  try {
    await region.start()
  } catch (error) {
    await region.stop()
    throw error
  }
  return region
}

function factsOf(dataDir: string): RegionFacts {
  const facts = readFacts(dataDir)
  if (facts === undefined) throw new Error(`no region runs on ${dataDir} any more`)
  return facts
}

/** Two regions that this program started, in one folder. They end when this program does. */
export type StartedRegions = {
  readonly started: StartedRegion
  readonly dataDir: string
  /** Read anew at each call, like the facts of one region. */
  facts(letter: 'a' | 'b'): RegionFacts
  readonly link: LinkControl
  readonly holds: HoldControl
  stop(): Promise<void>
}

/** Starts two regions in a temporary folder on free ports, by `npm start -- --regions 2`. */
export async function startRegions(startArgs: readonly string[] = []): Promise<StartedRegions> {
  const started = await startRegion(['--regions', '2', ...startArgs])
  const { dataDir } = started
  const installation = (): InstallationFacts => started.installation()
  return {
    started,
    dataDir,
    facts: (letter) => factsOf(join(dataDir, letter)),
    link: linkControl(installation().toxiproxyUrl),
    holds: holdControl(() => installation().holds),
    stop: () => started.stop(),
  }
}

/** A region that this program started, by the same supervisor as `npm start`. It ends when this program does. */
export class StartedRegion implements Region {
  readonly dataDir: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #said = ''

  constructor(dataDir: string, port: number, args: readonly string[]) {
    this.dataDir = dataDir
    this.#args = [supervisor, '--data', dataDir, '--port', String(port), ...args]
  }

  /** Of region a, when there are two. */
  facts(): RegionFacts {
    return factsOf(existsSync(installationFile(this.dataDir)) ? join(this.dataDir, 'a') : this.dataDir)
  }

  /** @throws Error when there are no two regions that run. */
  installation(): InstallationFacts & Pick<RegionFacts, 'pids'> {
    return JSON.parse(readFileSync(installationFile(this.dataDir), 'utf8')) as ReturnType<typeof this.installation>
  }

  /** Starts the supervisor, also again after a kill, and waits until the region is ready. */
  async start(): Promise<void> {
    this.#said = ''
    // Nothing of an earlier start may be taken for this one's word.
    for (const file of readyFiles(this.dataDir)) rmSync(file, { force: true })
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--import', lifeline, ...this.#args],
      {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
        env: { ...process.env, JIAOZI_LAUNCHER_PID: String(process.pid) },
        detached: true,
      },
    )
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-2_000)
    })
    const deadlineMs = performance.now() + startTimeoutMs
    while (!readyFiles(this.dataDir).some((file) => existsSync(file))) {
      if (hasEnded(child) || performance.now() > deadlineMs) {
        throw new Error(`the region did not start: ${this.#said.trim().split('\n').at(-1) || 'it said nothing'}`)
      }
      await sleep(50)
    }
  }

  /** kill -9 of the supervisor alone: what it started lives on, as after a crash of it. */
  async killSupervisor(): Promise<void> {
    await this.end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM')
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  /** Ends the supervisor by a signal and keeps its data. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined || hasEnded(child)) return
    const exited = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    const overdue = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await exited
    clearTimeout(overdue)
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null
