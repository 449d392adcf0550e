import { batchRecordsMax } from '../../actors/ledger/batches.ts'
import { commandIdText, idClass, idClasses, parseCommandId } from '../../actors/ledger/ids.ts'
import { batchFlags, batchHeader, batchRecord } from '../../actors/ledger/records.ts'
import { badField, Failure } from '../routes/failure.ts'
import { sha256 } from '../wire/canonical.ts'

const H = batchHeader.at
const R = batchRecord.at
export const batchBytesMax = batchHeader.size + batchRecordsMax * batchRecord.size

/** An institution's batch, whatever form it came in. */
export type BatchRequest = {
  readonly id: Uint8Array
  readonly batchId: string
  readonly institution: number
  readonly atomic: boolean
  readonly count: number
  /** Header and records as the log has them, digest and token zero: what the digest is of. */
  readonly bytes: Uint8Array
  readonly digest: Uint8Array
}

/**
 * Reads a batch in the binary form: the log's own layout, with zeros for what the edge fills in. What a record says is
 * judged by the ledger, record by record; here it is only checked that the whole is a batch of the caller's.
 * @throws Failure that names the field that is wrong
 */
export function readBatch(body: Uint8Array, institution: number): BatchRequest {
  const bytes = body.byteOffset % 8 === 0 ? body : Uint8Array.from(body)
  const count = (bytes.length - batchHeader.size) / batchRecord.size
  if (!Number.isInteger(count) || count < 1) {
    throw badField(
      'records',
      `must be a header of ${batchHeader.size} bytes and at least one record of ${batchRecord.size}`,
    )
  }
  if (count > batchRecordsMax) throw badField('records', `must be at most ${batchRecordsMax}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  checkHeader(bytes, view, institution)
  for (let i = 0; i < count; i++) {
    const at = batchHeader.size + i * batchRecord.size
    if (view.getUint32(at + R.index, true) !== i) throw badField(`records[${i}].index`, `must be ${i}`)
  }
  const id = Uint8Array.from(bytes.subarray(H.id, H.id + 16))
  const atomic = view.getUint32(H.flags, true) === batchFlags.atomic
  return { id, batchId: commandIdText(id), institution, atomic, count, bytes, digest: sha256(bytes) }
}

function checkHeader(bytes: Uint8Array, view: DataView, institution: number): void {
  // The class says nothing of the variant: an id must be one in its text too, as it stands in lines and in answers.
  const isId = idClass(bytes, H.id) === idClasses.uuid && parseCommandId(commandIdText(bytes, H.id)) !== undefined
  if (!isId) throw badField('batch_id', 'must be a UUIDv7')
  if (view.getUint32(H.institution, true) !== institution) {
    throw new Failure('not-allowed', { fields: [{ field: 'institution', message: 'must be the one that signed' }] })
  }
  if (view.getUint32(H.flags, true) > batchFlags.atomic) throw badField('flags', 'must be 0, or 1 for atomic')
  const requestedMs = view.getFloat64(H.requestedMs, true)
  if (!Number.isSafeInteger(requestedMs) || requestedMs < 0) throw badField('requested_at', 'must be Unix milliseconds')
  const filled = view.getUint32(H.digestHigh, true) + view.getUint32(H.digestLow, true) + view.getFloat64(H.token, true)
  if (filled !== 0) throw badField('digest', 'digest and token must be zero: the edge fills them in')
}
