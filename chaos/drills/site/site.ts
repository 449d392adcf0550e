import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HoldTarget, holdControl } from '../../../deploy/holdControl.ts'
import type { InstallationFacts } from '../../../deploy/runningRegion.ts'
import { linkControl } from '../../../deploy/toxiproxyClient.ts'
import { isAlive } from '../../processState.ts'
import { RegionSite } from './regionSite.ts'

const linkName = 'leaf'
const directions = ['upstream', 'downstream'] as const
const holdTriesMax = 4
const holdPauseMs = 1_000

/** An installation on this machine: one region, or two with their witness and the link between them. */
export class Site {
  readonly dataDir: string
  readonly regions: readonly RegionSite[]

  constructor(dataDir: string) {
    this.dataDir = resolve(dataDir)
    const pair = pairFacts(this.dataDir)
    const folders = pair === undefined ? [this.dataDir] : Object.values(pair.regions)
    this.regions = folders.map((dir) => new RegionSite(dir))
  }

  region(letter: string): RegionSite {
    const found = this.regions.find((region) => region.letter === letter)
    if (found === undefined) throw new Error(`there is no region ${letter} on ${this.dataDir}`)
    return found
  }

  get shardCount(): number {
    return this.regions[0]!.facts().shardCount
  }

  #pair(): InstallationFacts {
    const pair = pairFacts(this.dataDir)
    if (pair === undefined) throw new Error(`${this.dataDir} holds one region`)
    return pair
  }

  /** kill -9 of a part, which stays down. */
  async hold(target: HoldTarget): Promise<void> {
    await this.#tell('hold', target)
  }

  /** Lets it start again, as it would have by itself. */
  async release(target: HoldTarget): Promise<void> {
    await this.#tell('release', target)
  }

  /** Both may be said twice, so that a supervisor that is busy is told again. */
  async #tell(verb: 'hold' | 'release', target: HoldTarget): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await holdControl(() => this.#pair().holds)[verb](target)
      } catch (error) {
        if (tries === holdTriesMax) throw error
        await sleep(holdPauseMs * (0.5 + Math.random()))
      }
    }
  }

  async cutLink(): Promise<void> {
    await linkControl(this.#pair().toxiproxyUrl).cut(linkName)
  }

  /** Connections stay open, and nothing comes through. */
  async blackholeLink(): Promise<void> {
    const link = linkControl(this.#pair().toxiproxyUrl)
    for (const direction of directions) {
      await link.addFault(linkName, `hole-${direction}`, direction, { type: 'timeout', attributes: { timeout: 0 } })
    }
  }

  async healLink(): Promise<void> {
    await linkControl(this.#pair().toxiproxyUrl).reset()
  }
}

function pairFacts(dataDir: string): InstallationFacts | undefined {
  const file = join(dataDir, 'run', 'installation.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as InstallationFacts) : undefined
}

/** Whether an installation runs there, whatever one that was killed left behind. */
export function runsOn(data: string): boolean {
  const dataDir = resolve(data)
  const folders = Object.values(pairFacts(dataDir)?.regions ?? { only: dataDir })
  return folders.every((dir) => {
    if (!existsSync(join(dir, 'run', 'region.json'))) return false
    return Object.values(new RegionSite(dir).facts().pids).some(isAlive)
  })
}
