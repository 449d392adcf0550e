import type { Drill, Field } from '../drill.ts'
import type { RegionSite } from '../site/regionSite.ts'
import { assertInSync, untilInSync } from './ownership.ts'

const hour = 3_600
const day = 24 * hour

type Jump = { readonly region: string; readonly name: string; readonly aheadSeconds: number; readonly words: string }

/**
 * Forward and back, by more than any window of time that the rules know. What the log's server says of the time is the
 * time: that its clock jumps is tried in the simulation, where it can.
 */
const jumps = [
  { region: 'a', name: 'edge', aheadSeconds: hour, words: 'an hour ahead' },
  { region: 'b', name: 'edge', aheadSeconds: -2 * hour, words: 'two hours behind' },
  { region: 'a', name: 'worker-0', aheadSeconds: 40 * day, words: 'forty days ahead' },
  { region: 'b', name: 'worker-1', aheadSeconds: -day, words: 'a day behind' },
] as const satisfies readonly Jump[]

/** The wall clocks of edges and workers jump while they work, one after the other, and stay wrong until the end. */
export const clockJump: Drill = {
  name: 'clock-jump',
  title: 'the wall clocks of edges and workers jump by hours and days, and stay wrong',
  claim: 'Log time alone decides: no client notices, nothing is refused for a time that only one process believes.',
  regions: 2,
  setsClocks: true,
  dangerous: true,
  recoveryMsMax: 2_000,
  async run(field) {
    for (const { region, name } of jumps) field.site.region(region).assertClockCanBeSet(name)
    await assertInSync(field)
    const heals: (() => Promise<void>)[] = []
    for (const jump of jumps) heals.push(await jumped(field, jump))
    await field.sleep(field.quick ? 5_000 : 30_000)
    for (const heal of heals) await heal()
    await untilInSync(field)
  },
}

async function jumped(field: Field, { region, name, aheadSeconds, words }: Jump): Promise<() => Promise<void>> {
  const site: RegionSite = field.site.region(region)
  field.timeline.beginEpisode()
  const heal = await field.strike(
    `the clock of ${name} in region ${region} is ${words}`,
    () => site.setClock(name, aheadSeconds),
    () => site.setClock(name, 0),
  )
  await field.sleep(3_000)
  return heal
}
