import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { LaneEnds } from '../../actors/log/laneEnds.ts'
import { type LossStatement, type OperatorWord, signLoss } from '../../actors/log/operatorWord.ts'
import type { OwnerRecord } from '../../actors/log/ownerRecord.ts'
import { type OwnerRecords, restoreWitness } from '../ownerRecords.ts'
import { laneDifferences, sayDifference } from './laneDifferences.ts'
import type { OwnersOptions } from './options.ts'
import type { ControlRequest, PairAccess } from './pairAccess.ts'

type Say = (line: string) => void
/** What a change needs of the two regions. */
export type ChangedPair = Pick<PairAccess, 'shardCount' | 'regions' | 'recordsOf' | 'lanesOf' | 'ask'>

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
export async function changeOwners(pair: ChangedPair, options: OwnersOptions, say: Say): Promise<boolean> {
  const { action, region } = options
  const shards = shardsOf(pair, options)
  const asked = action === 'move' ? (region === 'a' ? 'b' : 'a') : region
  const believed = await pair.recordsOf(pair.regions.includes(asked) ? asked : region)
  const words = wordsOf(options)
  const toGo = shards.filter((each) => believed[each]?.owner !== region)
  const differing = action === 'accept-loss' ? await sayDifferences(pair, region, toGo, say) : new Set<number>()
  let done = true
  for (const each of shards) {
    if (!toGo.includes(each)) {
      say(`shard ${each}: region ${region} owns it already`)
      continue
    }
    if (differing.has(each) && !options.despiteDifferences) {
      say(`shard ${each}: refused: it and another shard would disagree, see above (--despite-differences goes on)`)
      done = false
      continue
    }
    const request: ControlRequest =
      action === 'accept-loss'
        ? { type: action, words: words({ shard: each, epoch: believed[each]?.epoch ?? 0, region }) }
        : { type: action as 'move' | 'takeover' }
    const answer = await pair.ask(asked, each, request).catch((error: Error) => ({ ok: false, reason: error.message }))
    say(`shard ${each}: ${answer.ok ? `region ${region} owns it now` : `refused: ${answer.reason}`}`)
    done &&= answer.ok
  }
  return done
}

/**
 * Compares what the shards that are to go on without their tail, and all others, have of what they owe one another, as
 * the region that goes on has it.
 * @returns the shards among them of which something differs, or is not known
 */
async function sayDifferences(
  pair: ChangedPair,
  region: string,
  given: readonly number[],
  say: Say,
): Promise<Set<number>> {
  const ends = new Map<number, LaneEnds[]>()
  const differing = new Set<number>()
  if (given.length === 0) return differing
  for (let shard = 0; shard < pair.shardCount; shard++) {
    const lanes = await pair.lanesOf(region, shard)
    if (lanes !== undefined) ends.set(shard, lanes)
    else {
      say(`shard ${shard}: region ${region} cannot say what it and others owe each other`)
      for (const each of given) differing.add(each)
    }
  }
  for (const difference of laneDifferences(ends, new Set(given))) {
    say(sayDifference(difference))
    for (const each of [difference.from, difference.to]) if (given.includes(each)) differing.add(each)
  }
  return differing
}

function shardsOf(pair: Pick<PairAccess, 'shardCount'>, { shard }: OwnersOptions): number[] {
  if (shard !== undefined && shard >= pair.shardCount) throw new Error(`there are ${pair.shardCount} shards`)
  return shard === undefined ? Array.from({ length: pair.shardCount }, (_, each) => each) : [shard]
}

/** Says what the operators of this call say of a case, signed here or elsewhere. */
function wordsOf({ signers, wordFiles }: OwnersOptions): (statement: LossStatement) => OperatorWord[] {
  const keys = signers.map(({ operator, keyFile }) => ({
    operator,
    key: createPrivateKey(readFileSync(keyFile, 'utf8')),
  }))
  const elsewhere = wordFiles.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as SaidElsewhere)
  return (statement) => [
    ...keys.map(({ operator, key }) => signLoss(statement, operator, key)),
    ...elsewhere.filter(({ shard, epoch }) => shard === statement.shard && epoch === statement.epoch),
  ]
}

type SaidElsewhere = (LossStatement & OperatorWord)[]

/** Prints what an operator says of shards in the epochs that they have now, for whoever gives both words. */
export async function printWord(pair: PairAccess, options: OwnersOptions, say: Say): Promise<boolean> {
  const { region } = options
  const believed = await pair.recordsOf(region)
  const words = wordsOf(options)
  const said: SaidElsewhere = shardsOf(pair, options).flatMap((shard) => {
    const record = believed[shard]
    if (record === undefined || record.owner === region) return []
    const statement = { shard, epoch: record.epoch, region }
    return words(statement).map((word) => ({ ...statement, ...word }))
  })
  say(JSON.stringify(said, null, 2))
  return said.length > 0
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
