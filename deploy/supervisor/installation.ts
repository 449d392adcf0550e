import { promisePort } from '../freePort.ts'
import { LoneRegion } from './loneRegion.ts'
import type { StartOptions } from './options.ts'
import { TwoRegions } from './twoRegions.ts'

/** Everything that one supervisor runs. */
export type Installation = {
  readonly caFile: string
  /** Everything that was started got ready. */
  readonly whole: boolean
  start(): Promise<void>
  /** Ends everything in the reverse order: intake first, logs last. */
  stop(): Promise<void>
  /** Ends everything now. */
  kill(): void
}

export type Told = {
  /** Something is ready. */
  progress: (line: string) => void
  /** Something is wrong, and everything goes on. */
  trouble: (line: string) => void
  /** Something is wrong, and nothing can go on. */
  hopeless: (reason: string) => void
}

export function installationOf(options: StartOptions, told: Told): Installation {
  // Whoever chose the edges' ports may have done so as we choose the others, from the same stretch.
  for (const port of [options.port, options.secondPort]) promisePort(port)
  return options.regions === 2 ? new TwoRegions(options, told) : new LoneRegion(options, told)
}
