import { startRegion } from '../../deploy/runningRegion.ts'
import type { Drill } from './drill.ts'
import { runsOn, Site } from './site/site.ts'

/** What a drill is run on. */
export type Installation = {
  /** Started for the drill, so that nobody else uses it. */
  readonly own: boolean
  site(): Site
  close(): Promise<void>
}

const ownArgs = ['--shards', '4', '--workers', '2', '--snapshot-seconds', '10']

/** The installation that runs on `data`, or one in a temporary folder that ends with the drill. */
export async function installation(data: string, alwaysOwn: boolean, drills: readonly Drill[]): Promise<Installation> {
  if (!alwaysOwn && runsOn(data)) {
    return { own: false, site: () => new Site(data), close: async () => undefined }
  }
  const two = drills.some(({ regions }) => regions === 2)
  const started = await startRegion(two ? [...ownArgs, '--regions', '2'] : ownArgs)
  return { own: true, site: () => new Site(started.dataDir), close: () => started.stop() }
}
