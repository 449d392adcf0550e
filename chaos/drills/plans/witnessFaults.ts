import type { Drill } from '../drill.ts'
import { finalAnswer } from '../traffic/payment.ts'
import { allShards, assertInSync, failBack, homes, pairOf, untilInSync } from './ownership.ts'

/** After this long an owner knows that it may not commit any more. */
const closedAfterMs = 6_000

export const witnessLoss: Drill = {
  name: 'witness-loss',
  title: 'kill -9 of the witness while both regions are in sync',
  claim: 'In sync nobody needs the witness: no client notices that it is gone.',
  regions: 2,
  dangerous: true,
  recoveryMsMax: 2_000,
  async run(field) {
    await assertInSync(field)
    const epochs = new Map(allShards(field).map((shard) => [shard, field.owner(shard)!.epoch]))
    field.timeline.beginEpisode()
    const release = await field.strike(
      'kill -9 of the witness',
      () => field.site.hold('witness'),
      () => field.site.release('witness'),
    )
    await field.sleep(field.quick ? 10_000 : 30_000)
    await field.served(10_000)
    await release()
    await field.sleep(5_000)
    const changed = allShards(field).filter((shard) => field.owner(shard)!.epoch !== epochs.get(shard))
    field.check('no owner changed', changed.length === 0, `epochs of shards ${changed.join(', ') || 'none'} changed`)
  },
}

export const peerAndWitnessLoss: Drill = {
  name: 'peer-and-witness-loss',
  title: 'kill -9 of a region and of the witness: the region that is left can ask nobody',
  claim: 'It refuses to commit, says so, and loses nothing; with the witness back it serves again.',
  regions: 2,
  dangerous: true,
  async run(field) {
    await assertInSync(field)
    const { struck: lost, other: left } = pairOf()
    const before = homes(field)
    const mine = new Set([...before].filter(([, home]) => home === left).map(([shard]) => shard))
    field.timeline.beginEpisode()
    const releaseWitness = await field.strike(
      'kill -9 of the witness',
      () => field.site.hold('witness'),
      () => field.site.release('witness'),
    )
    const releaseRegion = await field.strike(
      `kill -9 of everything in region ${lost}`,
      () => field.site.hold(`region/${lost}`),
      () => field.site.release(`region/${lost}`),
    )
    await field.sleep(closedAfterMs)
    const closedMs = field.timeline.nowMs()
    await field.sleep(field.quick ? 6_000 : 15_000)
    const told = field.payments.filter(
      (payment) => payment.sentAtMs >= closedMs && finalAnswer(payment)?.outcome === 'completed',
    )
    const waiting = field.payments.filter((payment) => {
      const answer = finalAnswer(payment)
      return mine.has(payment.payerShard) && (answer === undefined || answer.atMs > closedMs)
    })
    field.effect(waiting.length > 0, `${waiting.length} payments were asked of region ${left} and not answered`)
    field.check('nobody was told that anything is done', told.length === 0, `${told.length} were told so`)
    field.timeline.beginEpisode()
    field.timeline.word('operator: the witness is started again')
    await releaseWitness()
    await field.served(60_000, mine)
    await releaseRegion()
    await untilInSync(field)
    await failBack(field, before)
  },
}
