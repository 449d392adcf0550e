import { z } from '@hono/zod-openapi'
import { commandIdText, idClass, idClasses } from '../../actors/ledger/ids.ts'
import { commandOps } from '../../actors/ledger/records.ts'
import type { Caller } from './caller.ts'
import { visibleWallet } from './caller.ts'
import { commandIdOf, idIn, runCommandEverywhere } from './commandDesk.ts'
import { badField, Failure } from './failure.ts'
import { asOfBody, asOfSchema, commandIdField, countField, requestIdField, timeField, timeText } from './fields.ts'
import type { JournalProposal } from './journal.ts'
import { operation, type Services } from './operation.ts'
import { cursorText, orderCursorIn } from './orderCursor.ts'
import type { Origin } from './origin.ts'
import { timeIn } from './paymentRequest.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'
import { askedShard } from './riskPolicies.ts'
import { changeNames, changeOf, changeShape, shownChange } from './ruleChanges.ts'
import { walletText } from './walletText.ts'

const path = '/v1/proposals'
const pageDefault = 50
const pageMax = 500
const lifeMsDefault = 7 * 86_400_000
/** Shards' clocks differ a little: what expires in a moment might be done in one shard and refused in another. */
const expiryMarginMs = 60_000

const opened = z
  .object({ proposal_id: commandIdField, status: z.literal('open'), expires_at: timeField })
  .openapi('ProposalOpened')

export const openProposal = operation({
  name: 'openProposal',
  example: {
    change: 'refund_period',
    days: 21,
    effective_at: '2026-12-01T00:00:00Z',
    reason: 'parcels take longer in the holidays',
    request_id: '019aa3b4-5c00-7000-8000-000000000001',
  },
  method: 'post',
  path,
  tag: 'proposals',
  summary: 'Propose a change of rules, operators or the blacklist, which another operator has to agree to',
  description:
    'The change is looked at when it is proposed, and made when somebody else agrees. `change` says which of the other members belong to it: they are those of the request that would make it directly.',
  callers: ['operator'],
  body: z
    .strictObject({
      change: z.enum(changeNames).openapi({ description: 'What is proposed' }),
      reason: reasonField,
      expires_at: timeField
        .optional()
        .openapi({ description: 'Until when somebody may agree: at most 30 days ahead, 7 when left out' }),
      ...changeShape,
      request_id: requestIdField,
    })
    .openapi('OpenProposalRequest'),
  messages: { request: 'OpenProposalRequest', answer: 'ProposalOpened' },
  answers: { 201: { description: 'Every shard has it', schema: opened } },
  async run({ caller, origin, body, idempotencyKey }, services) {
    const { change: name, reason, expires_at, request_id, ...said } = body
    const id = commandIdOf(idempotencyKey, request_id)
    if (idClass(id, 0) !== idClasses.uuid) throw badField('request_id', 'must be a UUIDv7')
    const { text, ...why } = reasonOf(caller, reason)
    const { op, change } = changeOf(name, said)
    if (op === commandOps.standingPut) await visibleWallet(services.gateway, caller, said.wallet_id!)
    // Without a date it is the id's own time that counts, so that every try asks for the same.
    const expiresMs = expires_at === undefined ? idTimeMs(id) + lifeMsDefault : timeIn(expires_at, 'expires_at')
    const fields = { changeOp: op, change, expiresMs }
    const hex = Buffer.from(change).toString('hex')
    await runCommandEverywhere(services.gateway, {
      op: 'proposalOpen',
      caller,
      origin,
      id,
      digest: requestDigest('proposalOpen', { op, change: hex, expiresMs, ...why }),
      fields,
      ...(text && { text }),
      instance: path,
      fieldOf: { 'rule-invalid': 'change', 'expiry-invalid': 'expires_at' },
    })
    return {
      status: 201,
      body: { proposal_id: commandIdText(id), status: 'open', expires_at: timeText(expiresMs) },
    }
  },
})

function idTimeMs(id: Uint8Array): number {
  return Buffer.from(id.buffer, id.byteOffset, 16).readUIntBE(0, 6)
}

const proposal = z
  .object({
    proposal_id: commandIdField,
    change: z.string().openapi({ example: 'risk_rule' }),
    status: z.enum(['open', 'done', 'given-up', 'expired']),
    reason: z.string(),
    proposed_by: z.string().openapi({ example: 'operator:1' }),
    opened_at: timeField,
    expires_at: timeField,
    decided_by: z.string().optional().openapi({ example: 'operator:2' }),
    decided_at: timeField.optional(),
    details: z
      .array(z.object({ name: z.string(), value: z.string() }))
      .openapi({ description: 'What would be done, read from the command itself' }),
  })
  .openapi('Proposal')
const list = z
  .object({
    proposals: z.array(proposal),
    next_cursor: z.string().nullable(),
    followed: asOfSchema.openapi({ description: 'How far the journal has followed the first shard' }),
  })
  .openapi('ProposalList')

async function proposalBody(services: Services, one: JournalProposal) {
  const { change, details } = shownChange(one.op, one.change)
  const { decided } = one
  const expired = one.expiresMs <= services.nowMs()
  const status = decided === undefined ? (expired ? 'expired' : 'open') : decided.agreed ? 'done' : 'given-up'
  const shown = await Promise.all(
    details.map(async ({ name, value }) => {
      // Whether it is a person's or a merchant's only its shard knows.
      const text = name === 'wallet_id' ? await walletText(services, Number(value.slice(1))) : value
      return { name, value: text }
    }),
  )
  return {
    proposal_id: commandIdText(one.id),
    change,
    status,
    reason: one.content,
    proposed_by: `operator:${one.proposer}`,
    opened_at: timeText(one.openedMs),
    expires_at: timeText(one.expiresMs),
    ...(decided && { decided_by: `operator:${decided.decider}`, decided_at: timeText(decided.decidedMs) }),
    details: shown,
  }
}

export const listProposals = operation({
  name: 'listProposals',
  method: 'get',
  path,
  tag: 'proposals',
  summary: 'What was proposed, by whom, and what became of it, newest first',
  description: 'From the journal, which follows the log; `followed` says how far. 503 while the journal is away.',
  callers: ['operator'],
  query: z.strictObject({ limit: countField(pageMax).default(pageDefault), cursor: z.string().optional() }),
  messages: { answer: 'ProposalList' },
  answers: { 200: { description: 'One page', schema: list } },
  async run({ query }, services) {
    const found = await services.journal.proposals(orderCursorIn(query.cursor), query.limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { proposals, followed, more } = found.record
    const last = proposals.at(-1)
    const next_cursor = more && last ? cursorText(last) : null
    const shown = await Promise.all(proposals.map((one) => proposalBody(services, one)))
    return { status: 200, body: { proposals: shown, next_cursor, followed: asOfBody(followed) } }
  },
})

const decided = z
  .object({ proposal_id: commandIdField, status: z.enum(['done', 'given-up']) })
  .openapi('ProposalDecided')

type Decision = {
  caller: Caller
  origin: Origin
  id: Uint8Array
  proposal: Uint8Array
  agreed: boolean
  reason: string | undefined
}

async function decide(services: Services, { caller, origin, id, proposal: of, agreed, reason }: Decision) {
  const { gateway } = services
  const { text, ...why } = reasonOf(caller, reason)
  if (agreed) await refuseLastMoment(services, of)
  const fields = { proposal: of, agreed: agreed ? 1 : 0 }
  const asked = { proposal: commandIdText(of), agreed }
  await runCommandEverywhere(gateway, {
    op: 'proposalDecide',
    caller,
    origin,
    id,
    digest: requestDigest('proposalDecide', { ...asked, ...why }),
    fields,
    ...(text && { text }),
    instance: path,
    fieldOf: { 'proposal-unknown': 'proposal_id', 'proposal-ended': 'proposal_id', 'proposal-expired': 'proposal_id' },
  })
  return { proposal_id: commandIdText(of), status: agreed ? 'done' : 'given-up' }
}

/** @throws Failure when it expires so soon that not every shard might agree */
async function refuseLastMoment({ gateway, nowMs }: Services, id: Uint8Array): Promise<void> {
  const { result } = await gateway.queries.ask(askedShard, { type: 'proposals' as const }, 'owner')
  const open = result.find((one) => Buffer.compare(one.id, id) === 0)
  if (open !== undefined && open.expiresMs <= nowMs() + expiryMarginMs) {
    throw new Failure('proposal-expired', { fields: [{ field: 'proposal_id', message: 'expires within a minute' }] })
  }
}

function decideOperation(name: 'approveProposal' | 'rejectProposal', agreed: boolean) {
  const word = agreed ? 'approve' : 'reject'
  return operation({
    name,
    method: 'post',
    path: `${path}/{proposal_id}/${word}`,
    tag: 'proposals',
    summary: agreed ? 'Agree to what another operator proposed: it is done' : 'Give a proposal up',
    description: agreed
      ? 'Whoever proposed it cannot agree. The ledger judges it anew, in every shard.'
      : 'Any operator may, the one who proposed it as well.',
    callers: ['operator'],
    params: z.object({ proposal_id: commandIdField }),
    body: z.strictObject({ reason: reasonField, request_id: requestIdField }).openapi('DecideProposalRequest'),
    messages: { request: 'DecideProposalRequest', answer: 'ProposalDecided' },
    answers: { 200: { description: 'Every shard has heard it', schema: decided } },
    async run({ caller, origin, params, body, idempotencyKey }, services) {
      const id = commandIdOf(idempotencyKey, body.request_id)
      const of = idIn(params.proposal_id, 'proposal_id')
      const decision = { caller, origin, id, proposal: of, agreed, reason: body.reason }
      return { status: 200, body: await decide(services, decision) }
    },
  })
}

export const approveProposal = decideOperation('approveProposal', true)
export const rejectProposal = decideOperation('rejectProposal', false)
export const proposalOperations = [openProposal, listProposals, approveProposal, rejectProposal]
