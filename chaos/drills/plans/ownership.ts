import { NotDemonstrated, until } from '../../processState.ts'
import type { Field } from '../drill.ts'
import { NotRecovered } from '../served.ts'
import { Refused } from '../site/control.ts'
import type { OwnerSeen } from '../watch/ownerWatch.ts'

const pollMs = 20
const inSyncWithinMs = 60_000
const movedWithinMs = 30_000
const askedAgainForMs = 10_000
const askAgainMs = 100
const knownWithinMs = 15_000

export const allShards = ({ site }: Field): number[] => Array.from({ length: site.shardCount }, (_, shard) => shard)

export const shardsOf = (field: Field, region: string): number[] =>
  allShards(field).filter((shard) => field.owner(shard)?.owner === region)

/** The region that is struck, and the one that stands by for it. */
export const pairOf = (): { struck: 'a' | 'b'; other: 'a' | 'b' } => ({ struck: 'a', other: 'b' })

/** Waits until the records of these shards are as asked for. @returns how long it took, in milliseconds */
export async function untilOwners(
  field: Field,
  shards: readonly number[],
  holds: (record: OwnerSeen) => boolean,
  withinMs: number,
  what: string,
): Promise<number> {
  const beganMs = field.timeline.nowMs()
  const missing = (): number[] =>
    shards.filter((shard) => {
      const record = field.owner(shard)
      return record === undefined || !holds(record)
    })
  while (missing().length > 0) {
    if (field.timeline.nowMs() - beganMs > withinMs) {
      throw new NotRecovered(`shard ${missing().join(', ')} was not ${what} within ${withinMs / 1_000} s`)
    }
    await field.sleep(pollMs)
  }
  return Math.round(field.timeline.nowMs() - beganMs)
}

/** Waits until each shard is vouched for by the other region again. @returns how long it took, in milliseconds */
export const untilInSync = (field: Field, withinMs = inSyncWithinMs): Promise<number> =>
  untilOwners(field, allShards(field), ({ mode }) => mode === 'sync', withinMs, 'back in sync')

/** A drill tells nothing when what it strikes does not stand as it should. */
export async function assertInSync(field: Field): Promise<void> {
  try {
    await untilInSync(field, 15_000)
  } catch {
    throw new NotDemonstrated('the regions were not in sync before the drill')
  }
}

/** An operator's word: these shards are to go over to a region, and their owner hands them over. */
export async function moveTo(field: Field, shards: readonly number[], region: string): Promise<void> {
  if (shards.length === 0) return
  field.timeline.word(`operator: shards ${shards.join(', ')} are to move to region ${region}`)
  await Promise.all(shards.map((shard) => field.control(field.owner(shard)!.owner).ask(shard, { type: 'move' })))
  await untilOwners(field, shards, ({ owner }) => owner === region, movedWithinMs, `moved to region ${region}`)
}

/** An operator's word: a region is to take these shards over from one that is gone. */
export async function takeOver(field: Field, shards: readonly number[], region: string): Promise<void> {
  field.timeline.word(`operator: region ${region} is to take over shards ${shards.join(', ')}`)
  await Promise.all(shards.map((shard) => takeOverOne(field, shard, region)))
  await untilOwners(field, shards, ({ owner }) => owner === region, movedWithinMs, `taken over by region ${region}`)
}

/** An owner that has just stopped going on alone is not known yet to have: an operator asks again. */
async function takeOverOne(field: Field, shard: number, region: string): Promise<void> {
  const deadlineMs = field.timeline.nowMs() + askedAgainForMs
  for (;;) {
    try {
      await field.control(region).ask(shard, { type: 'takeover' })
      return
    } catch (error) {
      const again = error instanceof Refused && error.reason === 'owner-commits-alone'
      if (!again || field.timeline.nowMs() > deadlineMs) throw error
    }
    await field.sleep(askAgainMs)
  }
}

/** Every shard back where it was, by planned moves, so that the next drill finds what this one found. */
export async function failBack(field: Field, before: ReadonlyMap<number, string>): Promise<void> {
  field.timeline.beginEpisode(false)
  field.figure('back_in_sync_ms', await untilInSync(field))
  for (const region of new Set(before.values())) {
    const away = [...before].filter(([shard, home]) => home === region && field.owner(shard)?.owner !== region)
    await moveTo(
      field,
      away.map(([shard]) => shard),
      region,
    )
  }
  await untilInSync(field)
}

/** Who owns what, once every record is known. @throws NotDemonstrated when that takes too long */
export async function homesOf(field: Field): Promise<Map<number, string>> {
  await until(
    knownWithinMs,
    () => allShards(field).every((shard) => field.owner(shard) !== undefined),
    'owners are not known',
  )
  return homes(field)
}

export const homes = (field: Field): Map<number, string> =>
  new Map(allShards(field).map((shard) => [shard, field.owner(shard)!.owner]))

/** Waits for our own alerts, up to a bound: whoever decides, decides because of them. */
export async function untilDetected(field: Field, withinMs: number): Promise<void> {
  const beganMs = field.timeline.nowMs()
  while (!field.timeline.episodes.at(-1)!.moments.has('detected')) {
    if (field.timeline.nowMs() - beganMs > withinMs) throw new NotDemonstrated('no alert of ours told of the fault')
    await field.sleep(pollMs)
  }
}
