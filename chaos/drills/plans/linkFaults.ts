import type { Drill, Field } from '../drill.ts'
import { finalAnswer, type Payment } from '../traffic/payment.ts'
import { allShards, assertInSync, homes, untilInSync } from './ownership.ts'

/** GitHub's of 2018-10-21: long enough for everybody to notice, too short for anybody to be promoted. */
const cutMs = 43_000
/** Still longer than the hold-down after which a region that is gone is replaced. */
const quickCutMs = 16_000
const soloServedMsMax = 5_000
const inSyncMsMax = 10_000

type LinkStroke = { name: string; strike: () => Promise<void>; heal: () => Promise<void> }

/** A link that fails and comes back: both regions go on alone, nobody is promoted, and they find together again. */
async function standAlone(field: Field, { name, strike, heal }: LinkStroke): Promise<void> {
  await assertInSync(field)
  const before = new Map(allShards(field).map((shard) => [shard, field.owner(shard)!.epoch]))
  const owners = homes(field)
  field.timeline.beginEpisode()
  const struckMs = field.timeline.nowMs()
  const healed = await field.strike(name, strike, heal)
  const lastsMs = field.quick ? quickCutMs : cutMs
  await field.served(lastsMs)
  await field.sleep(Math.max(0, lastsMs - (field.timeline.nowMs() - struckMs)))
  const alone = allShards(field).filter((shard) => field.owner(shard)?.mode === 'solo')
  field.effect(alone.length > 0, `shards ${alone.join(', ') || 'none'} committed alone when the link came back`)
  await healed()
  const healedMs = field.timeline.nowMs()
  const inSyncMs = await untilInSync(field)
  field.figure('back_in_sync_ms', inSyncMs)
  field.check(
    'the regions are in sync again in time',
    inSyncMs <= inSyncMsMax,
    `${inSyncMs} ms, at most ${inSyncMsMax} ms`,
  )
  await field.sleep(3_000)
  const promoted = allShards(field).filter((shard) => field.owner(shard)!.epoch !== before.get(shard))
  field.check('nobody was promoted', promoted.length === 0, `epochs of shards ${promoted.join(', ') || 'none'} changed`)
  await settledCrossings(field, owners, struckMs, healedMs)
}

/** Payments from one region's shards to the other's wait while the link is down, and are completed after it. */
async function settledCrossings(
  field: Field,
  owners: ReadonlyMap<number, string>,
  fromMs: number,
  untilMs: number,
): Promise<void> {
  const crossing = field.payments.filter(
    ({ sentAtMs, payerShard, payeeShard }) =>
      sentAtMs >= fromMs && sentAtMs < untilMs && owners.get(payerShard) !== owners.get(payeeShard),
  )
  const waited = crossing.filter((payment) => (finalAnswer(payment)?.atMs ?? Number.POSITIVE_INFINITY) >= untilMs)
  field.figure('crossing_payments', crossing.length)
  field.figure('crossing_waited', waited.length)
  const deadlineMs = field.timeline.nowMs() + 60_000
  const open = (): Payment[] => waited.filter((payment) => finalAnswer(payment) === undefined)
  while (open().length > 0 && field.timeline.nowMs() < deadlineMs) await field.sleep(100)
  field.figure('crossing_settled_ms', Math.round(field.timeline.nowMs() - untilMs))
  const left = open().length
  field.check(
    'payments across the link waited and then settled',
    left === 0,
    `${waited.length} waited, ${left} still do`,
  )
}

export const linkCut: Drill = {
  name: 'link-cut',
  title: 'the link between the regions is cut for 43 s (with --quick 16 s)',
  claim:
    'Nobody is promoted; each region serves its shards alone within five seconds; what crosses waits, then settles.',
  regions: 2,
  dangerous: true,
  recoveryMsMax: soloServedMsMax,
  run: (field) =>
    standAlone(field, {
      name: 'the link is cut',
      strike: () => field.site.cutLink(),
      heal: () => field.site.healLink(),
    }),
}

export const linkBlackhole: Drill = {
  name: 'link-blackhole',
  title: 'the link stays up and nothing comes through, in either direction',
  claim: 'As with a cut link: nobody is promoted, and each region serves its shards alone within five seconds.',
  regions: 2,
  dangerous: true,
  recoveryMsMax: soloServedMsMax,
  run: (field) =>
    standAlone(field, {
      name: 'the link is a black hole',
      strike: () => field.site.blackholeLink(),
      heal: () => field.site.healLink(),
    }),
}
