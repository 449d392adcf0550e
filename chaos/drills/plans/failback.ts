import type { Drill } from '../drill.ts'
import { assertInSync, homes, moveTo, pairOf, shardsOf, untilInSync } from './ownership.ts'

export const failback: Drill = {
  name: 'failback',
  title: 'a region is away for a while under load, comes back, catches up, and gets its shards again',
  claim: 'It catches up while the other serves; the move back refuses nobody and adds less than a second.',
  regions: 2,
  dangerous: true,
  afterWordMsMax: 1_000,
  async run(field) {
    await assertInSync(field)
    const { struck, other } = pairOf()
    const before = homes(field)
    const shards = shardsOf(field, struck)
    field.timeline.beginEpisode(false)
    await moveTo(field, shards, other)
    const awayMs = field.quick ? 10_000 : 60_000
    const release = await field.strike(
      `kill -9 of everything in region ${struck}, which leads nothing`,
      () => field.site.hold(`region/${struck}`),
      () => field.site.release(`region/${struck}`),
    )
    await field.sleep(awayMs)
    await release()
    field.figure('back_in_sync_ms', await untilInSync(field, 120_000))
    await field.sleep(2_000)
    field.timeline.beginEpisode()
    await moveTo(field, shards, struck)
    await field.served(10_000)
    await field.sleep(3_000)
    const away = [...before].filter(([shard, home]) => field.owner(shard)?.owner !== home)
    field.check('every shard is where it was', away.length === 0, `${away.length} are elsewhere`)
    const refused = field.payments.filter(({ answers }) => answers.some(({ outcome }) => outcome === 'refused')).length
    field.check('no client was refused', refused === 0, `${refused} refusals`)
  },
}
