import type { Context } from 'hono'
import { codeOf, refusalOf } from '../../actors/ledger/refusals.ts'
import { batchLinesBytesMax, batchOfLines } from '../batch/batchLines.ts'
import { type BatchPartRequest, isLocal, partsOf } from '../batch/batchParts.ts'
import { binaryReply, jsonReply, recordStates, replyOf } from '../batch/batchReply.ts'
import { type BatchRequest, batchBytesMax, readBatch } from '../batch/batchRequest.ts'
import { readBody } from '../content.ts'
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
  const bytes = await readBody(c.req.raw, form === 'lines' ? batchLinesBytesMax : batchBytesMax)
  const caller = await web.authentication.callerOf(signedMessage(c), bytes, web.services.nowMs())
  admit(web.limits.principal(caller.role, caller.number))
  if (caller.role !== 'institution') throw new Failure('not-allowed')
  const batch = readBatch(form === 'lines' ? batchOfLines(bytes, caller.number) : bytes, caller.number)
  const { gateway } = web.services
  const shardOf = (number: number): number | undefined => gateway.shardOf(number)
  if (batch.atomic && !isLocal(batch, shardOf)) throw new Failure('batch-not-local', { members: membersOf(batch) })
  const parts = partsOf(batch, evidenceOf(web, c, caller, batch), gateway.shardCount, shardOf)
  const { id, institution } = batch
  const ended = await Promise.all(
    parts.map(({ shard, submission }) => gateway.payBatch(shard, { institution, id }, submission)),
  )
  return outcomeOf(batch, parts, ended, c.req.header('accept')?.includes(batchOutcomesType) === true)
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

/** @throws Failure when nothing of the batch was executed, and nothing of it is remembered */
function outcomeOf(
  batch: BatchRequest,
  parts: readonly BatchPartRequest[],
  ended: readonly BatchOutcome[],
  binary: boolean,
): Outcome {
  const reused = ended.find((one) => one.kind === 'refused' && one.code === codeOf['id-reused'])
  const [first] = reused === undefined ? ended : [reused]
  const whole = reused !== undefined || ended.every(({ kind }) => kind === 'refused' || kind === 'not-sent')
  if (whole && first?.kind === 'refused') throw refused(batch, first.code)
  if (whole && first?.kind === 'not-sent') throw notSent(first.why)
  const outcomes = new Uint8Array(batch.count)
  for (const [n, { indexes }] of parts.entries()) {
    for (const [i, index] of indexes.entries()) outcomes[index] = stateOf(ended[n]!, i)
  }
  const reply = replyOf(batch, outcomes)
  const status = reply.pending > 0 ? 202 : 200
  const headers: Record<string, string> = reply.pending > 0 ? { 'retry-after': String(pendingRetryAfterS) } : {}
  if (!binary) return { status, body: jsonReply(reply), headers, problem: false }
  return { status, body: {}, headers, problem: false, bytes: { type: batchOutcomesType, content: binaryReply(reply) } }
}

function stateOf(outcome: BatchOutcome, position: number): number {
  switch (outcome.kind) {
    case 'final':
      return outcome.codes[position]!
    case 'pending':
      return outcome.codes[position] === 0 ? recordStates.pending : outcome.codes[position]!
    case 'refused':
      return outcome.code
    case 'unknown':
    case 'not-sent':
      // What was surely not done yet is done when the batch is sent again, as what is unknown is found out.
      return recordStates.unknown
  }
}

function refused(batch: BatchRequest, code: number): Failure {
  const refusal = refusalOf(code)
  const field = fieldOf[refusal]
  const fields = field === undefined ? {} : { fields: [{ field, message: refusal }] }
  return new Failure(asRefused(refusal), { ...fields, members: membersOf(batch) })
}
