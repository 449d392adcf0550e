import { existsSync } from 'node:fs'
import { startRegion } from '../../deploy/runningRegion.ts'
import type { Drill } from './drill.ts'
import { runsOn, Site } from './site/site.ts'

/** What a drill is run on. */
export type Installation = {
  /** Started for the drill, so that nobody else uses it. */
  readonly own: boolean
  site(): Site
  /**
   * Makes it fit for a drill, where it is the drills' own: begins again with nothing if the last one failed, since what
   * that leaves makes those behind it fail, or if clocks are to be set.
   */
  prepare(drill: Drill, failed: boolean): Promise<void>
  close(): Promise<void>
}

const ownArgs = ['--shards', '4', '--workers', '2', '--snapshot-seconds', '10']

/** Where Debian and Fedora put it, for programs with threads. */
const clockLibraries = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib64/faketime/libfaketimeMT.so.1',
]

/** Without the library the drill says itself that it shows nothing. */
function clockArgs(): string[] {
  const library = clockLibraries.find((file) => existsSync(file))
  return library === undefined ? [] : ['--fake-clock', library]
}

/** The installation that runs on `data`, or one in a temporary folder that ends with the drill. */
export async function installation(data: string, alwaysOwn: boolean, drills: readonly Drill[]): Promise<Installation> {
  if (!alwaysOwn && runsOn(data)) {
    const nothing = async (): Promise<void> => undefined
    return { own: false, site: () => new Site(data), prepare: nothing, close: nothing }
  }
  const two = drills.some(({ regions }) => regions === 2)
  const start = (more: readonly string[] = []) => startRegion([...ownArgs, ...(two ? ['--regions', '2'] : []), ...more])
  let started = await start()
  return {
    own: true,
    site: () => new Site(started.dataDir),
    prepare: async ({ setsClocks }, failed) => {
      if (!failed && !setsClocks) return
      const more = setsClocks ? clockArgs() : []
      await started.stop()
      started = await start(more)
    },
    close: () => started.stop(),
  }
}
