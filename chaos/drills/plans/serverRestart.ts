import type { Drill } from '../drill.ts'
import { assertInSync, failBack, homes, pairOf, shardsOf, takeOver, untilDetected } from './ownership.ts'

/** kill -9 of a region's message server alone: its workers live on and must not stand in the way. */
export const serverRestart: Drill = {
  name: 'server-restart',
  title: 'kill -9 of a region’s nats-server alone; its workers live, an operator lets the other region take over',
  claim:
    'The workers of a region whose log is dead do not block the takeover, and nothing that anyone was told is lost.',
  regions: 2,
  dangerous: true,
  afterWordMsMax: 5_000,
  async run(field) {
    await assertInSync(field)
    const { struck, other } = pairOf()
    const before = homes(field)
    field.timeline.beginEpisode()
    const release = await field.strike(
      `kill -9 of the nats-server of region ${struck}`,
      () => field.site.hold(`server/${struck}`),
      () => field.site.release(`server/${struck}`),
    )
    await untilDetected(field, 15_000)
    await takeOver(field, shardsOf(field, struck), other)
    await field.served(60_000)
    await field.sleep(field.quick ? 4_000 : 10_000)
    await release()
    await failBack(field, before)
  },
}
