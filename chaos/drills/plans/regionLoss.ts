import type { Drill, Field } from '../drill.ts'
import { assertInSync, failBack, homes, pairOf, shardsOf, takeOver, untilDetected, untilOwners } from './ownership.ts'

const detectedWithinMs = 15_000
const automaticWithinMs = 40_000
const servedWithinMs = 60_000

/** kill -9 of everything in a region, and it stays down until it is let go. */
async function lose(field: Field, decide: (shards: number[], other: string) => Promise<void>): Promise<void> {
  await assertInSync(field)
  const { struck, other } = pairOf()
  const before = homes(field)
  const shards = shardsOf(field, struck)
  field.timeline.beginEpisode()
  const release = await field.strike(
    `kill -9 of everything in region ${struck}`,
    () => field.site.hold(`region/${struck}`),
    () => field.site.release(`region/${struck}`),
  )
  await untilDetected(field, detectedWithinMs)
  await decide(shards, other)
  await field.served(servedWithinMs)
  await field.sleep(field.quick ? 5_000 : 20_000)
  await release()
  await failBack(field, before)
  await field.sleep(2_000)
}

export const regionLoss: Drill = {
  name: 'region-loss',
  title: 'kill -9 of everything in a region; an operator lets the other take over',
  claim: 'Nothing that anyone was told is lost, and clients are served again within five seconds of the word.',
  regions: 2,
  dangerous: true,
  afterWordMsMax: 5_000,
  run: (field) => lose(field, (shards, other) => takeOver(field, shards, other)),
}

export const regionLossAlone: Drill = {
  name: 'region-loss-auto',
  title: 'kill -9 of everything in a region; the other takes over by itself after its hold-down',
  claim: 'Nothing that anyone was told is lost, and clients are served again within twenty seconds without any word.',
  regions: 2,
  dangerous: true,
  recoveryMsMax: 20_000,
  run: (field) =>
    lose(field, async (shards, other) => {
      await untilOwners(field, shards, ({ owner }) => owner === other, automaticWithinMs, `taken over by ${other}`)
    }),
}
