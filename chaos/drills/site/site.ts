import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isAlive } from '../../processState.ts'
import { RegionSite } from './regionSite.ts'

const candidates = ['.', 'a', 'b']

/** An installation on this machine: one region, or two with their witness and the link between them. */
export class Site {
  readonly dataDir: string
  readonly regions: readonly RegionSite[]

  constructor(dataDir: string) {
    this.dataDir = resolve(dataDir)
    this.regions = candidates
      .map((name) => join(this.dataDir, name))
      .filter(isRunning)
      .map((dir) => new RegionSite(dir))
    if (this.regions.length === 0) throw new Error(`no region runs on ${dataDir}`)
  }

  region(letter: string): RegionSite {
    const found = this.regions.find((region) => region.letter === letter)
    if (found === undefined) throw new Error(`there is no region ${letter} on ${this.dataDir}`)
    return found
  }

  get shardCount(): number {
    return this.regions[0]!.facts().shardCount
  }
}

export const runsOn = (dataDir: string): boolean => candidates.some((name) => isRunning(join(resolve(dataDir), name)))

function isRunning(dir: string): boolean {
  if (!existsSync(join(dir, 'run', 'region.json'))) return false
  return Object.values(new RegionSite(dir).facts().pids).some(isAlive)
}
