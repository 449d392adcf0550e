import { layout, writeRecord } from '../../actors/ledger/layout.ts'
import { type Refusal, refusalOf } from '../../actors/ledger/refusals.ts'
import { problemOf } from '../problem.ts'
import type { BatchRequest } from './batchRequest.ts'

/** Beside 0 for completed and the codes of refusals. */
export const recordStates = { pending: 254, unknown: 255 } as const

/** Precedes the outcomes, a byte a record, of a reply in the binary form. */
export const batchReplyHeader = layout('batchReplyHeader', {
  id: ['bytes16', 'batch id'],
  count: ['u32', 'records'],
  completed: ['u32', 'records that were debited and credited'],
  refused: ['u32', 'records that were refused, or came back'],
  pending: ['u32', 'records whose outcome is not known yet: ask again under the same id'],
})

export type BatchReply = {
  readonly batchId: string
  readonly id: Uint8Array
  /** By record: 0 completed, 254 pending, 255 unknown, else the refusal's code. */
  readonly outcomes: Uint8Array
  readonly completed: number
  readonly refused: number
  readonly pending: number
}

export function replyOf({ batchId, id }: BatchRequest, outcomes: Uint8Array): BatchReply {
  let [completed, pending] = [0, 0]
  for (const outcome of outcomes) {
    if (outcome === 0) completed += 1
    else if (outcome >= recordStates.pending) pending += 1
  }
  return { batchId, id, outcomes, completed, pending, refused: outcomes.length - completed - pending }
}

/** Header and a byte a record. */
export function binaryReply({ id, outcomes, completed, refused, pending }: BatchReply): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(batchReplyHeader.size + outcomes.length)
  const header = { id, count: outcomes.length, completed, refused, pending }
  writeRecord(batchReplyHeader, new DataView(bytes.buffer), 0, header)
  bytes.set(outcomes, batchReplyHeader.size)
  return bytes
}

/** The same in JSON: records in a row that ended alike are told of once. */
export function jsonReply(reply: BatchReply): Record<string, unknown> {
  const { batchId, outcomes, completed, refused, pending } = reply
  const runs: Record<string, unknown>[] = []
  for (let from = 0; from < outcomes.length; ) {
    let to = from
    while (to + 1 < outcomes.length && outcomes[to + 1] === outcomes[from]) to += 1
    runs.push({ from, to, ...outcomeText(outcomes[from]!) })
    from = to + 1
  }
  const status = pending > 0 ? 'pending' : refused === 0 ? 'completed' : completed === 0 ? 'refused' : 'partly_refused'
  return { batch_id: batchId, status, count: outcomes.length, completed, refused, pending, outcomes: runs }
}

function outcomeText(outcome: number): Record<string, string> {
  if (outcome === 0) return { outcome: 'completed' }
  if (outcome === recordStates.pending) return { outcome: 'pending' }
  if (outcome === recordStates.unknown) return { outcome: 'unknown' }
  const reason = refusalOf(outcome) as Exclude<Refusal, 'accepted'>
  return { outcome: 'refused', code: problemOf(reason, 'en').code, reason }
}
