import { batchHeader, batchRecord } from '../../actors/ledger/records.ts'
import type { Evidence } from '../../actors/log/evidence.ts'
import { digestWord } from '../gateway/frameBodies.ts'
import type { ShardPart } from '../gateway/submission.ts'
import type { BatchRequest } from './batchRequest.ts'

const headerWords = batchHeader.size >>> 3
const recordWords = batchRecord.size >>> 3
const payerWord = batchRecord.at.payer >>> 3
const payeeWord = batchRecord.at.payee >>> 3

/** What one shard carries out of a batch: the records whose payers live there. */
export type BatchPartRequest = ShardPart & {
  /** Place in the batch of each record of the part. */
  readonly indexes: Uint16Array
}

/**
 * The shard that takes in a batch's id, whatever its records are: every edge finds the same, by what an id has of chance
 * before its last two bytes, which the ledger reads as a place in the batch.
 */
function homeOf({ id, institution }: BatchRequest, shardCount: number): number {
  const chance = new DataView(id.buffer, id.byteOffset).getUint32(10)
  return ((chance ^ institution) >>> 0) % shardCount
}

/**
 * Takes a batch apart by the shards of its payers; each part keeps the batch's order. The home's part is the first, and
 * there even when it has no record.
 */
export function partsOf(
  batch: BatchRequest,
  evidence: Evidence,
  shardCount: number,
  shardOf: (number: number) => number | undefined,
): BatchPartRequest[] {
  const f64 = new Float64Array(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.length >>> 3)
  const places = Array.from({ length: shardCount }, (): number[] => [])
  // What is no wallet number lives nowhere: any shard can say so.
  for (let i = 0; i < batch.count; i++) places[shardOf(f64[headerWords + i * recordWords + payerWord]!) ?? 0]!.push(i)
  const home = homeOf(batch, shardCount)
  const shards = [...places.keys()].filter((shard) => shard !== home && places[shard]!.length > 0)
  return [home, ...shards].map((shard) => {
    const indexes = Uint16Array.from(places[shard]!)
    const encode = (token: number): Uint8Array => encodePart(batch, indexes, token)
    return { shard, indexes, submission: { count: indexes.length, encode, evidence } }
  })
}

function encodePart({ bytes, digest }: BatchRequest, indexes: Uint16Array, token: number): Uint8Array {
  const body = new Uint8Array(batchHeader.size + indexes.length * batchRecord.size)
  body.set(bytes.subarray(0, batchHeader.size))
  const view = new DataView(body.buffer)
  view.setUint32(batchHeader.at.digestHigh, digestWord(digest, 0), true)
  view.setUint32(batchHeader.at.digestLow, digestWord(digest, 4), true)
  view.setFloat64(batchHeader.at.token, token, true)
  for (const [n, index] of indexes.entries()) {
    const from = batchHeader.size + index * batchRecord.size
    body.set(bytes.subarray(from, from + batchRecord.size), batchHeader.size + n * batchRecord.size)
  }
  return body
}

/** Whether all payers and payees of a batch live in one shard, as an atomic one must. */
export function isLocal(batch: BatchRequest, shardOf: (number: number) => number | undefined): boolean {
  const f64 = new Float64Array(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.length >>> 3)
  const home = shardOf(f64[headerWords + payerWord]!)
  for (let i = 0; i < batch.count; i++) {
    const word = headerWords + i * recordWords
    if (shardOf(f64[word + payerWord]!) !== home || shardOf(f64[word + payeeWord]!) !== home) return false
  }
  return true
}
