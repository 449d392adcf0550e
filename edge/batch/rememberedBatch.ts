import { batchHeader, batchRecord } from '../../actors/ledger/records.ts'
import type { Journal, JournalPayment } from '../routes/journal.ts'
import { recordStates } from './batchReply.ts'
import type { BatchRequest } from './batchRequest.ts'

/** What the journal says of a batch whose id the ledger takes no more. */
export type RememberedBatch =
  /** By record: its outcome, or undefined for one that was never executed and never will be. */
  | { readonly kind: 'found'; readonly outcomes: readonly (number | undefined)[] }
  | { readonly kind: 'other-body' }
  | { readonly kind: 'none' }
  | { readonly kind: 'away' }

/**
 * Finds a batch by the ids of its records, each of which the journal keeps as a payment of its payer's. Another
 * institution's batch may have the same id: its payments have other payers.
 */
export async function rememberedBatch(journal: Journal, batch: BatchRequest): Promise<RememberedBatch> {
  const found = await journal.paymentsOfBatch(batch.id)
  if (found.kind === 'away') return { kind: 'away' }
  if (found.kind === 'none') return { kind: 'none' }
  const outcomes: (number | undefined)[] = Array(batch.count).fill(undefined)
  let own = 0
  for (const payment of found.record) {
    const index = indexIn(payment.id)
    if (index >= batch.count || payment.payer !== payerAt(batch, index)) continue
    if (!isOf(batch, payment)) return { kind: 'other-body' }
    outcomes[index] = payment.complete ? payment.code : recordStates.pending
    own += 1
  }
  return own === 0 ? { kind: 'none' } : { kind: 'found', outcomes }
}

const indexIn = (id: Uint8Array): number => (id[14]! << 8) | id[15]!

function payerAt({ bytes }: BatchRequest, index: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return view.getFloat64(batchHeader.size + index * batchRecord.size + batchRecord.at.payer, true)
}

function isOf({ digest }: BatchRequest, payment: JournalPayment): boolean {
  return Buffer.compare(payment.digest, digest.subarray(0, payment.digest.length)) === 0
}
