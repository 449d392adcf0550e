import { startRegion } from '../../deploy/runningRegion.ts'
import type { Drill } from './drill.ts'
import { runsOn, Site } from './site/site.ts'

/** What a drill is run on. */
export type Installation = {
  /** Started for the drill, so that nobody else uses it. */
  readonly own: boolean
  site(): Site
  /** Begins again with nothing, where it is the drill's own: what a failed drill leaves makes those behind it fail. */
  renew(): Promise<void>
  close(): Promise<void>
}

const ownArgs = ['--shards', '4', '--workers', '2', '--snapshot-seconds', '10']

/** The installation that runs on `data`, or one in a temporary folder that ends with the drill. */
export async function installation(data: string, alwaysOwn: boolean, drills: readonly Drill[]): Promise<Installation> {
  if (!alwaysOwn && runsOn(data)) {
    const nothing = async (): Promise<void> => undefined
    return { own: false, site: () => new Site(data), renew: nothing, close: nothing }
  }
  const two = drills.some(({ regions }) => regions === 2)
  const start = () => startRegion(two ? [...ownArgs, '--regions', '2'] : ownArgs)
  let started = await start()
  return {
    own: true,
    site: () => new Site(started.dataDir),
    renew: async () => {
      await started.stop()
      started = await start()
    },
    close: () => started.stop(),
  }
}
