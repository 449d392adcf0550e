import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import type { RegionFacts } from '../../../deploy/runningRegion.ts'
import { isAlive, NotDemonstrated, stateOf, until } from '../../processState.ts'
import { connectOperator } from './natsClient.ts'

export type NatsAccess = { url: string; monitorUrl: string; user?: string; password?: string }
export type SiteFacts = RegionFacts & { nats: NatsAccess }

const goneWithinMs = 5_000
const backWithinMs = 60_000
const clockSetWithinMs = 15_000
const clockOffMsMax = 3_000
const askedWithinMs = 1_000

/** One region as it lies on this machine: what it writes about itself, and its processes. */
export class RegionSite {
  readonly dataDir: string
  readonly letter: string

  constructor(dataDir: string) {
    this.dataDir = dataDir
    this.letter = this.facts().region
  }

  /** Read anew each time: a process that was started again has another number. @throws Error when no region runs */
  facts(): SiteFacts {
    const file = join(this.dataDir, 'run', 'region.json')
    if (!existsSync(file)) throw new Error(`no region runs on ${this.dataDir}`)
    return JSON.parse(readFileSync(file, 'utf8')) as SiteFacts
  }

  /** Where each process says how it is, by its name. */
  statusUrls(): Map<string, string> {
    const urls = new Map<string, string>()
    const folder = join(this.dataDir, 'run')
    for (const file of readdirSync(folder)) {
      if (!file.endsWith('.json') || file === 'region.json' || file === 'pids.json') continue
      const { statusPort } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { statusPort?: number }
      if (statusPort !== undefined) urls.set(file.slice(0, -'.json'.length), `http://127.0.0.1:${statusPort}`)
    }
    return urls
  }

  /** The last sequence of this region's own log of a shard. */
  async lastSeq(shard: number): Promise<number> {
    const connection = await connectOperator(this.facts().nats)
    try {
      const streams = await jetstreamManager(connection)
      const { state } = await streams.streams.info(`LOG_${this.letter}_${shard}`)
      return state.last_seq
    } finally {
      await connection.close()
    }
  }

  names(prefix: string): string[] {
    return Object.keys(this.facts().pids).filter((name) => name.startsWith(prefix))
  }

  /** @throws NotDemonstrated when there is no such process, so that nothing can be done to it */
  pidOf(name: string): number {
    const pid = this.facts().pids[name]
    if (pid === undefined || !isAlive(pid)) throw new NotDemonstrated(`region ${this.letter} runs no ${name}`)
    return pid
  }

  /** kill -9. @returns the pid that is gone */
  async kill(name: string): Promise<number> {
    const pid = this.pidOf(name)
    process.kill(pid, 'SIGKILL')
    await until(goneWithinMs, () => !isAlive(pid), `${name} of region ${this.letter} survived kill -9`)
    return pid
  }

  /** Waits until the supervisor has started it again. */
  async back(name: string, oldPid: number): Promise<void> {
    const isBack = (): boolean => {
      const pid = this.facts().pids[name]
      return pid !== undefined && pid !== oldPid && isAlive(pid)
    }
    await until(backWithinMs, isBack, `${name} of region ${this.letter} was not started again`)
  }

  /** Stops processes in the middle of whatever they do. @returns how to let them go on */
  async freeze(names: readonly string[]): Promise<() => void> {
    const pids = names.map((name) => this.pidOf(name))
    const thaw = (): void => {
      for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGCONT')
    }
    try {
      for (const pid of pids) process.kill(pid, 'SIGSTOP')
      await until(goneWithinMs, () => pids.every((pid) => stateOf(pid) === 'T'), `${names} did not stand still`)
    } catch (error) {
      thaw()
      throw error
    }
    return thaw
  }

  /**
   * Sets how far a process's wall clock is ahead of this machine's, and waits until what it says of the time shows it.
   * @throws NotDemonstrated when the process reads no clock that could be set, or does not follow
   */
  async setClock(name: string, aheadSeconds: number): Promise<void> {
    this.assertClockCanBeSet(name)
    const file = this.#clockFile(name)
    writeFileSync(`${file}.new`, `${aheadSeconds < 0 ? '' : '+'}${aheadSeconds}\n`)
    renameSync(`${file}.new`, file)
    const follows = async (): Promise<boolean> =>
      Math.abs((await this.#clockAheadMs(name)) - aheadSeconds * 1_000) < clockOffMsMax
    await until(clockSetWithinMs, follows, `the clock of ${name} in region ${this.letter} could not be set`)
  }

  /** @throws NotDemonstrated when the process reads no clock that could be set */
  assertClockCanBeSet(name: string): void {
    if (existsSync(this.#clockFile(name))) return
    throw new NotDemonstrated(
      `${name} of region ${this.letter} was begun without --fake-clock: it needs libfaketime (on Debian the package libfaketime)`,
    )
  }

  #clockFile(name: string): string {
    return join(this.dataDir, 'run', 'clocks', name)
  }

  /** As the process dates its answers, to the second. */
  async #clockAheadMs(name: string): Promise<number> {
    try {
      const answer = await fetch(`${this.statusUrls().get(name)}/healthz`, {
        signal: AbortSignal.timeout(askedWithinMs),
      })
      await answer.text()
      return Date.parse(answer.headers.get('date') ?? '') - Date.now()
    } catch {
      return Number.NaN
    }
  }
}
