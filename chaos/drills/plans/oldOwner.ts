import { NotDemonstrated } from '../../processState.ts'
import type { Drill } from '../drill.ts'
import { assertInSync, failBack, homes, pairOf, shardsOf, takeOver } from './ownership.ts'

/** Shorter than the silence after which an owner asks whether it may go on alone. */
const tailMs = 1_500

/**
 * The owner goes on writing frames that the other region never gets, so that nobody is ever told about them, and is lost.
 * When it is back it must give up what lies behind the cut, and follow.
 */
export const oldOwnerReturns: Drill = {
  name: 'old-owner-returns',
  title: 'an owner that is cut off writes frames nobody is told about, is lost, replaced, and comes back with them',
  claim: 'A late frame of a dead epoch changes nothing anywhere; the old owner rolls back to the cut and follows.',
  regions: 2,
  dangerous: true,
  afterWordMsMax: 5_000,
  async run(field) {
    await assertInSync(field)
    const { struck, other } = pairOf()
    const before = homes(field)
    const shards = shardsOf(field, struck)
    field.timeline.beginEpisode(false)
    const heal = await field.strike(
      'the link is cut',
      () => field.site.cutLink(),
      () => field.site.healLink(),
    )
    await field.sleep(tailMs)
    field.timeline.beginEpisode()
    const release = await field.strike(
      `kill -9 of everything in region ${struck}`,
      () => field.site.hold(`region/${struck}`),
      () => field.site.release(`region/${struck}`),
    )
    await takeOver(field, shards, other)
    await field.served(60_000)
    await field.sleep(field.quick ? 3_000 : 10_000)
    await heal()
    await release()
    const late = await lateFrames(field, struck, shards)
    field.figure('late_frames', late)
    field.effect(late > 0, `the old owner’s logs held ${late} frames behind the cut`)
    await failBack(field, before)
  },
}

/** Frames in the old owner's own streams behind the place where its last epoch was cut. */
async function lateFrames(
  field: Parameters<Drill['run']>[0],
  region: string,
  shards: readonly number[],
): Promise<number> {
  let late = 0
  for (const shard of shards) {
    const segments = field.owner(shard)!.segments
    const closed = segments.findLast((segment) => segment.region === region && segment.last !== undefined)
    if (closed?.last === undefined) throw new NotDemonstrated(`shard ${shard} was not cut`)
    late += Math.max(0, (await field.site.region(region).lastSeq(shard)) - closed.last)
  }
  return late
}
