import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { NotDemonstrated } from '../../processState.ts'
import type { Drill } from '../drill.ts'
import { assertInSync, failBack, homes, pairOf, shardsOf, takeOver, untilDetected } from './ownership.ts'

/**
 * The region's message server loses everything that it holds: logs, mirrors, snapshots, leases. What was there is moved
 * aside, so that a drill on an installation that people use destroys nothing.
 */
export const diskLoss: Drill = {
  name: 'disk-loss',
  title: 'a region and the disk with its logs are lost; it comes back with an empty one',
  claim:
    'Nothing that anyone was told is lost; the region begins its logs anew behind all they had, and stands by again.',
  regions: 2,
  dangerous: true,
  afterWordMsMax: 5_000,
  async run(field) {
    await assertInSync(field)
    const { struck, other } = pairOf()
    const before = homes(field)
    const shards = shardsOf(field, struck)
    const store = join(field.site.region(struck).dataDir, 'nats', 'jetstream')
    if (!existsSync(store)) throw new NotDemonstrated(`region ${struck} keeps its logs elsewhere`)
    field.timeline.beginEpisode()
    const release = await field.strike(
      `region ${struck} and the disk with its logs are lost`,
      async () => {
        await field.site.hold(`region/${struck}`)
        renameSync(store, `${store}.lost-${Date.now()}`)
      },
      () => field.site.release(`region/${struck}`),
    )
    await untilDetected(field, 15_000)
    await takeOver(field, shards, other)
    await field.served(60_000)
    await field.sleep(field.quick ? 4_000 : 15_000)
    await release()
    await failBack(field, before)
  },
}
