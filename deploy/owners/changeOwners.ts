import type { OwnerRecord } from '../../actors/log/ownerRecord.ts'
import { type OwnerRecords, restoreWitness } from '../ownerRecords.ts'
import type { OwnersOptions } from './options.ts'
import type { ControlRequest, PairAccess } from './pairAccess.ts'

type Say = (line: string) => void

const ofRecord = (record: OwnerRecord | undefined): string =>
  record === undefined ? 'knows nothing' : `says region ${record.owner}, epoch ${record.epoch}, ${record.mode}`

/** Says of each shard what the witness and both regions say. */
export async function showOwners(pair: PairAccess, say: Say): Promise<boolean> {
  const decided = await pair.witnessRecords()
  if (decided === undefined) say('the witness does not answer')
  const believed = new Map<string, OwnerRecords>()
  for (const region of ['a', 'b']) {
    if (pair.regions.includes(region)) believed.set(region, await pair.recordsOf(region))
    else say(`the message server of region ${region} does not answer`)
  }
  for (let shard = 0; shard < pair.shardCount; shard++) {
    const words = [...believed].map(([region, records]) => `region ${region} ${ofRecord(records[shard])}`)
    if (decided !== undefined) words.unshift(`the witness ${ofRecord(decided[shard])}`)
    say(`shard ${shard}: ${words.join('; ')}`)
  }
  return decided !== undefined && believed.size === 2
}

/**
 * Makes a region the owner of shards. A move is asked of the owner, everything else of the region that takes over.
 * @returns whether all of them went there
 */
export async function changeOwners(pair: PairAccess, options: OwnersOptions, say: Say): Promise<boolean> {
  const { action, shard, region, operators } = options
  if (shard !== undefined && shard >= pair.shardCount) throw new Error(`there are ${pair.shardCount} shards`)
  const shards = shard === undefined ? Array.from({ length: pair.shardCount }, (_, each) => each) : [shard]
  const asked = action === 'move' ? (region === 'a' ? 'b' : 'a') : region
  const believed = await pair.recordsOf(pair.regions.includes(asked) ? asked : region)
  const request: ControlRequest =
    action === 'accept-loss' ? { type: action, operators } : { type: action as 'move' | 'takeover' }
  let done = true
  for (const each of shards) {
    if (believed[each]?.owner === region) {
      say(`shard ${each}: region ${region} owns it already`)
      continue
    }
    const answer = await pair.ask(asked, each, request).catch((error: Error) => ({ ok: false, reason: error.message }))
    say(`shard ${each}: ${answer.ok ? `region ${region} owns it now` : `refused: ${answer.reason}`}`)
    done &&= answer.ok
  }
  return done
}

/** Gives a witness that lost records what the regions believe: of each shard the newest epoch that anybody knows. */
export async function seedLostWitness(pair: PairAccess, operators: readonly string[], say: Say): Promise<boolean> {
  const decided = await pair.witnessRecords()
  if (pair.witness === undefined || decided === undefined) throw new Error('the witness does not answer')
  const missing = decided.flatMap((record, shard) => (record === undefined ? [shard] : []))
  if (missing.length === 0) {
    say('the witness knows every shard: there is nothing to give it')
    return true
  }
  if (pair.regions.length < 2) throw new Error('both regions must answer: one alone may have missed a takeover')
  const [ofA, ofB] = [await pair.recordsOf('a'), await pair.recordsOf('b')]
  for (const shard of missing) {
    say(`shard ${shard}: region a ${ofRecord(ofA[shard])}; region b ${ofRecord(ofB[shard])}`)
    const newest = [ofA[shard], ofB[shard]].toSorted((x, y) => (y?.epoch ?? -1) - (x?.epoch ?? -1))[0]
    if (newest === undefined) throw new Error(`shard ${shard}: nobody knows of it`)
    await restoreWitness(pair.witness, shard, newest)
    say(`shard ${shard}: the witness ${ofRecord(newest)} again, by the word of ${operators.join(' and ')}`)
  }
  return true
}
