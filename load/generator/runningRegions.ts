import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { processStart } from '../../deploy/supervisor/dataFolder.ts'
import type { Profile } from '../profiles/profiles.ts'
import type { RegionFacts } from '../region.ts'
import { UsageError } from './loadOptions.ts'

/** Regions that a load goes to: one, or both of an installation. */
export type RunningRegions = readonly [RegionFacts, ...RegionFacts[]]

/**
 * What runs on a data folder, which holds one region, or the folders of two.
 * @returns undefined when nothing runs there
 * @throws UsageError that says what to name or to start when it is not what the profile is for
 */
export function runningRegions(
  data: string,
  { name, betweenRegions }: Pick<Profile, 'name' | 'betweenRegions'>,
): RunningRegions | undefined {
  const lone = factsIn(data)
  if (lone !== undefined) {
    if (!betweenRegions) return [lone]
    const both = lone.installation?.regions[lone.region]
    throw new UsageError(
      both === undefined
        ? `one region runs on ${data}, and ${name} needs two: npm start -- --regions 2 --data ANOTHER`
        : `${data} is one region of two, and ${name} needs both: name their folder, --data ${dirname(both)}`,
    )
  }
  const [a, b] = [factsIn(join(data, 'a')), factsIn(join(data, 'b'))]
  if (a === undefined && b === undefined) return undefined
  if (!betweenRegions) throw new UsageError(`${data} holds two regions: name one of them, --data ${join(data, 'a')}`)
  if (a !== undefined && b !== undefined) return [a, b]
  throw new UsageError(`region ${a === undefined ? 'a' : 'b'} of ${data} does not run, and ${name} needs both`)
}

/** Undefined when no region runs there, whatever one that was killed left behind. */
function factsIn(dataDir: string): RegionFacts | undefined {
  const file = join(dataDir, 'run/region.json')
  if (!existsSync(file)) return undefined
  const facts = JSON.parse(readFileSync(file, 'utf8')) as RegionFacts
  return Object.values(facts.pids).some((pid) => processStart(pid) !== undefined) ? facts : undefined
}
