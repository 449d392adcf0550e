import { decodeJson, encodeJson } from '../../log/jsonBytes.ts'
import { type OwnerRecord, ownerKey, parseOwnerRecord } from '../../log/ownerRecord.ts'
import type { CasOutcome } from './ownership.ts'

/** The witness's bucket, as far as workers use it. A rejection means that nothing is known about what became of it. */
export interface WitnessStore {
  get(key: string): Promise<{ readonly revision: number; readonly value: Uint8Array } | undefined>
  /** The new revision, or undefined when the key's revision is another. */
  update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>
}

/** @throws Error when the witness did not answer, has no record of the shard or holds what is none. */
export async function readRecord(
  witness: WitnessStore,
  shard: number,
): Promise<{ record: OwnerRecord; revision: number }> {
  const entry = await witness.get(ownerKey(shard))
  if (entry === undefined) throw new Error(`the witness has no record of shard ${shard}: two operators must seed it`)
  return { record: parseOwnerRecord(decodeJson(entry.value)), revision: entry.revision }
}

/** @param onUnknown told why no answer came */
export async function changeRecord(
  witness: WitnessStore,
  shard: number,
  { record, revision }: { record: OwnerRecord; revision: number },
  onUnknown: (error: unknown) => void,
): Promise<CasOutcome> {
  try {
    const changed = await witness.update(ownerKey(shard), encodeJson(record), revision)
    return changed === undefined ? { kind: 'raced' } : { kind: 'done', revision: changed }
  } catch (error) {
    onUnknown(error)
    return { kind: 'unknown' }
  }
}
