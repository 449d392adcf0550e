import type { Context } from 'hono'
import { codeOf, refusalOf } from '../../actors/ledger/refusals.ts'
import { batchLinesBytesMax, batchOfLines } from '../batch/batchLines.ts'
import { type BatchPartRequest, isLocal, partsOf } from '../batch/batchParts.ts'
import { binaryReply, jsonReply, recordStates, replyOf } from '../batch/batchReply.ts'
import { type BatchRequest, batchBytesMax, readBatch } from '../batch/batchRequest.ts'
import { type RememberedBatch, rememberedBatch } from '../batch/rememberedBatch.ts'
import { answerTypeOf, namedTypeOf, readBody } from '../content.ts'
import type { BatchOutcome } from '../gateway/batchTracker.ts'
import type { Caller } from './caller.ts'
import { asRefused, notSent } from './commandDesk.ts'
import { Failure } from './failure.ts'
import type { Outcome } from './problemResponse.ts'
import { admit, originOf, signedMessage, type Web } from './web.ts'

export const batchType = 'application/vnd.jiaozi.batch'
export const batchOutcomesType = 'application/vnd.jiaozi.batch-outcomes'
export const linesType = 'application/x-ndjson'

const pendingRetryAfterS = 1
const journalRetryAfterS = 5
const fieldOf: Readonly<Record<string, string>> = {
  'id-reused': 'batch_id',
  'id-early': 'batch_id',
  'id-expired': 'batch_id',
  'timestamp-stale': 'requested_at',
  'timestamp-early': 'requested_at',
}

/**
 * POST /v1/payment-batches: up to 8,000 payments that an institution signs once. Each is judged by itself unless the
 * batch is atomic; the reply has an outcome a record. The same batch again gets the same outcomes.
 */
export async function submitBatch(web: Web, c: Context): Promise<Outcome> {
  const form = formOf(c)
  const binary = wantsBinary(c)
  const message = signedMessage(c)
  // Four megabytes are not taken from a stranger: who asks is known from the headers, the body's digest among them.
  const caller = await web.authentication.callerOf(message, 'to come', web.services.nowMs())
  if (caller.role !== 'institution') throw new Failure('not-allowed')
  admit(web.limits.principal(caller.role, caller.number))
  const bytes = await readBody(c.req.raw, form === 'lines' ? batchLinesBytesMax : batchBytesMax)
  web.authentication.checkBody(message, bytes)
  const batch = readBatch(form === 'lines' ? batchOfLines(bytes, caller.number) : bytes, caller.number)
  const { gateway } = web.services
  const shardOf = (number: number): number | undefined => gateway.shardOf(number)
  if (batch.atomic && !isLocal(batch, shardOf)) throw new Failure('batch-not-local', { members: membersOf(batch) })
  const parts = partsOf(batch, evidenceOf(web, c, caller, batch), gateway.shardCount, shardOf)
  const { id, institution } = batch
  const ended = await gateway.payBatch({ institution, id }, parts)
  return replied(batch, await outcomesOf(web, batch, parts, ended), binary)
}

/** @throws Failure when no answer could be given in a form that the client takes */
function wantsBinary(c: Context): boolean {
  const accept = c.req.header('accept')
  if (namedTypeOf(accept, [batchOutcomesType]) !== undefined) return true
  // There is no Protobuf message of a batch: whoever takes it beside JSON gets JSON.
  const others = accept?.split(',').filter((range) => !/protobuf/i.test(range))
  const takesJson = accept === undefined || accept.trim() === '' || (others !== undefined && others.length > 0)
  if (takesJson && answerTypeOf(others?.join(','), 'json') !== undefined) return false
  const fields = [{ field: 'Accept', message: `must take application/json or ${batchOutcomesType}` }]
  throw new Failure('not-acceptable', { fields })
}

/** @throws Failure when the body is of neither form */
function formOf(c: Context): 'binary' | 'lines' {
  const [type = ''] = (c.req.header('content-type') ?? '').toLowerCase().split(';')
  if (type.trim() === batchType) return 'binary'
  if (type.trim() === linesType) return 'lines'
  const fields = [{ field: 'Content-Type', message: `must be ${batchType} or ${linesType}` }]
  throw new Failure('media-type-unsupported', { fields })
}

function evidenceOf(web: Web, c: Context, caller: Caller, { digest }: BatchRequest) {
  return { digest, ...caller.signature, ...originOf(c, web.proxies, undefined, undefined) }
}

const membersOf = ({ batchId }: BatchRequest): Record<string, unknown> => ({ batch_id: batchId })

/**
 * By record: what became of it.
 * @throws Failure when nothing of the batch was executed, and nothing of it is remembered
 */
async function outcomesOf(
  web: Web,
  batch: BatchRequest,
  parts: readonly BatchPartRequest[],
  ended: readonly BatchOutcome[],
): Promise<Uint8Array> {
  const [home] = ended as [BatchOutcome]
  if (home.kind === 'not-sent') throw notSent(home.why)
  const expired = ended.some(isExpired)
  if (home.kind === 'refused' && !expired) throw refused(batch, home.code)
  const remembered = expired ? await rememberedBatch(web.services.journal, batch) : undefined
  if (remembered?.kind === 'other-body') throw refused(batch, codeOf['id-reused'])
  // Where the home takes the id no more the other shards were not asked: the journal alone can tell.
  if (home.kind === 'refused') return fromJournal(batch, remembered!)
  const outcomes = new Uint8Array(batch.count)
  for (const [n, { indexes }] of parts.entries()) {
    const outcome = ended[n]!
    for (const [i, index] of indexes.entries()) {
      outcomes[index] = isExpired(outcome) ? expiredState(remembered!, index) : stateOf(outcome, i)
    }
  }
  return outcomes
}

const isExpired = (outcome: BatchOutcome): boolean =>
  outcome.kind === 'refused' && outcome.code === codeOf['id-expired']

function fromJournal(batch: BatchRequest, remembered: RememberedBatch): Uint8Array {
  if (remembered.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: journalRetryAfterS })
  if (remembered.kind === 'none') throw refused(batch, codeOf['id-expired'])
  return Uint8Array.from({ length: batch.count }, (_, index) => expiredState(remembered, index))
}

/** Of a record whose shard may have executed the batch and forgotten it since. */
function expiredState(remembered: RememberedBatch, index: number): number {
  if (remembered.kind === 'away') return recordStates.unknown
  const known = remembered.kind === 'found' ? remembered.outcomes[index] : undefined
  return known ?? codeOf['id-expired']
}

/** Why a shard refuses its whole part for good: other reasons pass, and then the same batch is executed there. */
const lasting: ReadonlySet<number> = new Set([codeOf['id-reused'], codeOf['timestamp-stale']])

function stateOf(outcome: BatchOutcome, position: number): number {
  switch (outcome.kind) {
    case 'final':
      return outcome.codes[position]!
    case 'pending':
      return outcome.codes[position] === 0 ? recordStates.pending : outcome.codes[position]!
    case 'refused':
      return lasting.has(outcome.code) ? outcome.code : recordStates.unknown
    case 'unknown':
    case 'not-sent':
      // What was surely not done yet is done when the batch is sent again, as what is unknown is found out.
      return recordStates.unknown
  }
}

function replied(batch: BatchRequest, outcomes: Uint8Array, binary: boolean): Outcome {
  const reply = replyOf(batch, outcomes)
  const status = reply.pending > 0 ? 202 : 200
  const headers: Record<string, string> = reply.pending > 0 ? { 'retry-after': String(pendingRetryAfterS) } : {}
  const bytes = binary
    ? { type: batchOutcomesType, content: binaryReply(reply) }
    : { type: 'application/json', content: JSON.stringify(jsonReply(reply)) }
  return { status, body: {}, headers, problem: false, bytes }
}

function refused(batch: BatchRequest, code: number): Failure {
  const refusal = refusalOf(code)
  const field = fieldOf[refusal]
  const fields = field === undefined ? {} : { fields: [{ field, message: refusal }] }
  return new Failure(asRefused(refusal), { ...fields, members: membersOf(batch) })
}
