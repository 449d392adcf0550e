import type { Drill } from '../drill.ts'
import { assertInSync, homes, moveTo, pairOf, shardsOf } from './ownership.ts'

export const plannedMove: Drill = {
  name: 'planned-move',
  title: 'every shard of a region moves to the other and back, with its owner’s help',
  claim: 'No client that asks again is refused anything, and none waits a second longer than otherwise.',
  regions: 2,
  dangerous: false,
  afterWordMsMax: 1_000,
  async run(field) {
    await assertInSync(field)
    const { struck, other } = pairOf()
    const shards = [...homes(field)].filter(([, home]) => home === struck).map(([shard]) => shard)
    for (const region of [other, struck]) {
      field.timeline.beginEpisode()
      const beganMs = field.timeline.nowMs()
      await moveTo(field, shards, region)
      field.figure(`moved_to_${region}_ms`, Math.round(field.timeline.nowMs() - beganMs))
      await field.served(10_000)
      await field.sleep(field.quick ? 3_000 : 8_000)
    }
    field.check('every shard is where it was', shards.length === shardsOf(field, struck).length, `shards ${shards}`)
    const refused = field.payments.filter(({ answers }) => answers.some(({ outcome }) => outcome === 'refused')).length
    field.check('no client was refused', refused === 0, `${refused} refusals`)
  },
}
