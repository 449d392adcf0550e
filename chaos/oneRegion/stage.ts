import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../deploy/freePort.ts'
import type { PostgresProcess, startPostgres } from '../../deploy/postgres.ts'
import { type RegionFacts, type StartedRegion, startRegion } from '../../deploy/runningRegion.ts'
import { isAlive, NotDemonstrated, stateOf, until } from '../processState.ts'
import { type Reconciliation, reconcileRegion } from '../reconciliation.ts'

const regionArgs = ['--shards', '4', '--workers', '2', '--snapshot-seconds', '5']
const backWithinMs = 30_000
const goneWithinMs = 5_000
const farTimeoutMs = 5_000

export type FarSide = 'bank' | 'central-bank'
export type FarFault = {
  operation: string
  mode: string
  delay_ms?: number
  count?: number
  probability?: number
  seed?: number
}

/** Loaded only where one is started: the package hangs itself on the end of every process that loads it. */
async function postgresOn(args: Parameters<typeof startPostgres>[0]): Promise<PostgresProcess> {
  const { startPostgres: start } = await import('../../deploy/postgres.ts')
  return start(args)
}

/** A real region with its Postgres apart, and everything that can be done to its processes. */
export class Stage {
  readonly region: StartedRegion
  readonly #postgresArgs: Parameters<typeof startPostgres>[0]
  readonly #dir: string
  #postgres: PostgresProcess

  private constructor(
    region: StartedRegion,
    postgres: PostgresProcess,
    postgresArgs: Parameters<typeof startPostgres>[0],
    dir: string,
  ) {
    this.region = region
    this.#postgres = postgres
    this.#postgresArgs = postgresArgs
    this.#dir = dir
  }

  static async open(): Promise<Stage> {
    const dir = mkdtempSync(join(tmpdir(), 'jiaozi-chaos-'))
    const args = { dir: join(dir, 'postgres', 'pg'), port: await freePort(), password: 'chaos', database: 'jiaozi' }
    let postgres: PostgresProcess | undefined
    try {
      postgres = await postgresOn(args)
      // The supervisor would bring its own Postgres back at once; this one is away for as long as a scenario says.
      process.env.DATABASE_URL = postgres.url
      return new Stage(await startRegion(regionArgs), postgres, args, dir)
    } catch (error) {
      await postgres?.stop()
      rmSync(dir, { recursive: true, force: true })
      throw error
    }
  }

  /** Ends everything. @returns names of processes that the region should have ended and did not */
  async close(): Promise<string[]> {
    const pids = this.#lastPids()
    await this.region.stop()
    const left = pids.filter(([, pid]) => isAlive(pid))
    for (const [, pid] of left) process.kill(pid, 'SIGKILL')
    await this.#postgres.stop()
    rmSync(this.#dir, { recursive: true, force: true })
    return left.map(([name]) => name)
  }

  #lastPids(): [string, number][] {
    try {
      return Object.entries(this.facts().pids)
    } catch {
      // The region has ended before it was told to.
      return []
    }
  }

  facts(): RegionFacts {
    return this.region.facts()
  }

  names(prefix: string): string[] {
    return Object.keys(this.facts().pids).filter((name) => name.startsWith(prefix))
  }

  #pidOf(name: string): number {
    const pid = this.facts().pids[name]
    if (pid === undefined) throw new NotDemonstrated(`the region has no process ${name}`)
    return pid
  }

  /** kill -9. @returns the pid that is gone */
  async kill(name: string): Promise<number> {
    const pid = this.#pidOf(name)
    if (!isAlive(pid)) throw new NotDemonstrated(`${name} was not running when it was to be killed`)
    process.kill(pid, 'SIGKILL')
    await until(goneWithinMs, () => !isAlive(pid), `${name} survived kill -9`)
    return pid
  }

  /** Waits until the supervisor has started it again. */
  async back(name: string, oldPid: number): Promise<void> {
    const isBack = (): boolean => {
      const pid = this.facts().pids[name]
      return pid !== undefined && pid !== oldPid && isAlive(pid)
    }
    await until(backWithinMs, isBack, `${name} was not started again`)
  }

  /** Stops a process in the middle of whatever it does, for a while. */
  async freeze(name: string, forMs: number): Promise<void> {
    const pid = this.#pidOf(name)
    process.kill(pid, 'SIGSTOP')
    try {
      await until(goneWithinMs, () => stateOf(pid) === 'T', `${name} did not stand still`)
      await sleep(forMs)
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGCONT')
    }
  }

  /** kill -9 of everything at once, as when the power goes, and a start on the same folder. */
  async powerCut(): Promise<void> {
    const pids = Object.values(this.facts().pids)
    await this.region.killSupervisor()
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    await until(goneWithinMs, () => !pids.some(isAlive), 'something survived the power cut')
    await this.region.start()
  }

  async stopPostgres(): Promise<void> {
    await this.#postgres.stop()
    if (isAlive(this.#postgres.pid)) throw new NotDemonstrated('Postgres did not stop')
  }

  async startPostgres(): Promise<void> {
    this.#postgres = await postgresOn(this.#postgresArgs)
  }

  async setFault(side: FarSide, fault: FarFault): Promise<void> {
    await this.#far(side, 'POST', fault)
  }

  /** Requests that a far side's faults have struck. */
  async struck(side: FarSide): Promise<number> {
    const { faults } = (await this.#far(side, 'GET')) as { faults: { struck: number }[] }
    return faults.reduce((sum, { struck }) => sum + struck, 0)
  }

  async clearFaults(): Promise<void> {
    for (const side of ['bank', 'central-bank'] as const) await this.#far(side, 'DELETE')
  }

  async #far(side: FarSide, method: string, body?: object): Promise<unknown> {
    const { bankUrl, centralBankUrl } = this.facts()
    const response = await fetch(`${side === 'bank' ? bankUrl : centralBankUrl}/faults`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(farTimeoutMs),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`the ${side} took no fault: ${response.status} ${text.slice(0, 200)}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  reconcile(): Promise<Reconciliation> {
    return reconcileRegion(this.region.dataDir)
  }
}
