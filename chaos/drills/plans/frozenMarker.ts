import type { Drill } from '../drill.ts'
import { assertInSync, failBack, homes, pairOf, shardsOf, takeOver, untilInSync } from './ownership.ts'

/**
 * A process that vouches for a region is stopped in the middle of whatever it does; another takes its place, that region
 * takes over, and then the first one wakes and believes that nothing has happened.
 */
export const frozenMarker: Drill = {
  name: 'frozen-marker',
  title: 'SIGSTOP of a standby that vouches; its region takes over; SIGCONT',
  claim: 'A frozen process that wakes vouches for nothing beyond the cut, and nothing that anyone was told is lost.',
  regions: 2,
  dangerous: true,
  async run(field) {
    await assertInSync(field)
    const { struck, other } = pairOf()
    const before = homes(field)
    const standby = field.site.region(other)
    const frozen = standby.names('worker-')[0]!
    const shards = shardsOf(field, struck)
    field.timeline.beginEpisode()
    let thaw: () => void = () => undefined
    const wake = await field.strike(
      `SIGSTOP of ${frozen} in region ${other}`,
      async () => {
        thaw = await standby.freeze([frozen])
      },
      async () => thaw(),
    )
    // Another worker of that region must have its lease before anybody there may vouch again.
    await field.sleep(6_000)
    field.figure('vouched_for_again_ms', 6_000 + (await untilInSync(field, 30_000)))
    field.timeline.beginEpisode()
    await takeOver(field, shards, other)
    await field.sleep(1_000)
    await wake()
    await field.served(30_000)
    await field.sleep(field.quick ? 5_000 : 10_000)
    await failBack(field, before)
  },
}
