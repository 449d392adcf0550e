import { z } from '@hono/zod-openapi'
import { standingReasons, standings } from '../../actors/ledger/standings.ts'
import { visibleWallet } from './caller.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { Failure, positionOf } from './failure.ts'
import { positionSchema, requestIdField, timeField, timeText, walletIdField } from './fields.ts'
import { operation } from './operation.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'
import { causeField, nameOf, standingField } from './riskFields.ts'

const path = '/v1/wallets/{wallet_id}/standing'
const params = z.object({ wallet_id: walletIdField })
const changesMax = 100

const taken = z.object({ wallet_id: walletIdField, standing: standingField }).openapi('StandingTaken')

export const putStanding = operation({
  name: 'putStanding',
  method: 'put',
  path,
  tag: 'risk',
  summary: 'Suspend a payee, put it on the blacklist, or let it be paid again',
  description:
    'Payments to it are refused, or come back when they were under way; it has no more orders, and may go on refunding. To suspend is urgent and needs one operator; anything else needs a second one where that is required.',
  callers: ['operator'],
  params,
  body: z
    .strictObject({ standing: standingField, cause: causeField, reason: reasonField, request_id: requestIdField })
    .openapi('PutStandingRequest'),
  messages: { request: 'PutStandingRequest', answer: 'StandingTaken' },
  answers: { 200: { description: 'It is so now', schema: taken } },
  async run({ caller, origin, params: { wallet_id }, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { text, ...why } = reasonOf(caller, body.reason)
    const wallet = (await visibleWallet(gateway, caller, wallet_id)).result.number
    const fields = { wallet, standing: standings[body.standing], reason: standingReasons[body.cause] }
    const { reason: cause, ...asked } = fields
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'standingPut',
      caller,
      origin,
      id,
      digest: requestDigest('standingPut', { ...asked, cause, ...why }),
      fields,
      ...(text && { text }),
      instance: `/v1/wallets/${wallet_id}/standing`,
    })
    return { status: 200, body: { wallet_id, standing: body.standing } }
  },
})

const change = z
  .object({
    standing: standingField,
    cause: causeField,
    by: z.string().openapi({ description: 'Who said so, or agreed', example: 'operator:1' }),
    changed_at: timeField,
    position: positionSchema,
  })
  .openapi('StandingChange')
const list = z
  .object({ wallet_id: walletIdField, standing: standingField, changes: z.array(change) })
  .openapi('StandingList')

export const showStanding = operation({
  name: 'showStanding',
  method: 'get',
  path,
  tag: 'risk',
  summary: 'Whether a wallet may be paid, and what was said about that before, newest first',
  description: 'How it stands is read from the shard; what was said before from the journal. 503 while that is away.',
  callers: ['operator'],
  params,
  messages: { answer: 'StandingList' },
  answers: { 200: { description: 'As it stands', schema: list } },
  async run({ caller, params: { wallet_id } }, { gateway, journal }) {
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const found = await journal.standings(result.number, changesMax)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const changes = found.record.map((one) => ({
      standing: nameOf(standings, one.standing),
      cause: nameOf(standingReasons, one.reason),
      by: `operator:${one.principal}`,
      changed_at: timeText(one.executed.timeMs),
      position: positionOf(one.executed),
    }))
    return { status: 200, body: { wallet_id, standing: nameOf(standings, result.standing), changes } }
  },
})

export const standingOperations = [putStanding, showStanding]
