import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import type { Refusal } from '../../actors/ledger/refusals.ts'
import { type Caller, signerElsewhere } from './caller.ts'
import { commandIdOf, idIn, requestOf, runCommand, uuidIn } from './commandDesk.ts'
import { Failure } from './failure.ts'
import {
  amountField,
  commandIdField,
  positionSchema,
  requestIdField,
  statusUrlField,
  timeField,
  uuidField,
  walletIdField,
  yuanText,
} from './fields.ts'
import { followedAnswer, rememberedOutcome } from './followedPayment.ts'
import { holdBody, holdPath, holdSchema, noHold, visibleHold } from './holds.ts'
import { operation, type Services } from './operation.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'
import { walletText } from './walletText.ts'

const params = z.object({ wallet_id: walletIdField, hold_id: commandIdField })
const path = '/v1/wallets/{wallet_id}/holds/{hold_id}'

const capture = z
  .object({
    capture_id: uuidField,
    hold_id: commandIdField,
    wallet_id: walletIdField,
    amount: z.string().openapi({ example: '40.00' }),
    status: z.enum(['completed', 'pending']),
    executed_at: timeField.optional(),
    position: positionSchema.optional(),
    status_url: statusUrlField,
  })
  .openapi('Capture')

const fieldOf: Partial<Record<Refusal, string>> = {
  'id-reused': 'capture_id',
  'id-malformed': 'capture_id',
  'id-early': 'capture_id',
  'id-expired': 'capture_id',
  'amount-invalid': 'amount',
  'hold-exceeded': 'amount',
  'hold-unknown': 'hold_id',
  'hold-expired': 'hold_id',
  'hold-ended': 'hold_id',
  'wallet-frozen': 'wallet_id',
}

/** A hold that the caller may take from. Who pays it sees it, and may not. */
async function takeableHold(services: Services, caller: Caller, walletId: string, id: Uint8Array) {
  const { hold, isPayee } = await visibleHold(services, caller, walletId, id)
  if (!isPayee && caller.role !== 'operator') throw new Failure('not-allowed')
  return hold
}

export const captureHold = operation({
  name: 'captureHold',
  method: 'post',
  path: `${path}/captures`,
  tag: 'holds',
  summary: 'Take a part of what is held, for its payee',
  description:
    'Several parts may be taken, together never more than is held. Each is a payment of the payer’s wallet under its capture_id, which never pays twice. What the payee’s wallet cannot take goes back to the payer’s balance.',
  callers: ['wallet', 'institution'],
  params,
  body: z.strictObject({ capture_id: uuidField, amount: amountField }).openapi('CaptureHoldRequest'),
  messages: { request: 'CaptureHoldRequest', answer: 'Capture' },
  answers: {
    200: { description: 'The payee has the money', schema: capture },
    202: { description: 'Not known yet', schema: capture },
  },
  async run({ caller, origin, params: { wallet_id, hold_id }, body }, services) {
    const { gateway } = services
    const id = uuidIn(body.capture_id, 'capture_id')
    const holdId = idIn(hold_id, 'hold_id')
    const { walletNumber: wallet, payee } = await takeableHold(services, caller, wallet_id, holdId)
    const { amount } = body
    const digest = requestDigest('holdCapture', { wallet, hold: hold_id, amount })
    const fields = { wallet, payee, amount, hold: holdId, ...(await signerElsewhere(gateway, caller)) }
    // A capture is a payment of the payer's wallet, whoever signed for it.
    const request = requestOf({ op: 'holdCapture', caller, actor: wallet, origin, id, digest, fields })
    const outcome = await gateway.payByCommand(wallet, id, request)
    const asked = { capture_id: commandIdText(id), hold_id, wallet_id, amount: yuanText(amount) }
    const told = { asked, fieldOf, instance: holdPath(wallet_id, hold_id) }
    return followedAnswer(told, await rememberedOutcome(services, wallet, id, digest, outcome))
  },
})

export const voidHold = operation({
  name: 'voidHold',
  method: 'post',
  path: `${path}/void`,
  tag: 'holds',
  summary: 'Give up what is held and not taken',
  description: 'The rest is in the payer’s balance at once. To give it up twice changes nothing.',
  callers: ['wallet', 'institution', 'operator'],
  params,
  body: z.strictObject({ reason: reasonField, request_id: requestIdField }).openapi('VoidHoldRequest'),
  messages: { request: 'VoidHoldRequest', answer: 'Hold' },
  answers: { 200: { description: 'Nothing is held any more', schema: holdSchema } },
  async run({ caller, origin, params: { wallet_id, hold_id }, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { text, ...why } = reasonOf(caller, body.reason)
    const holdId = idIn(hold_id, 'hold_id')
    const { walletNumber: wallet, payee } = await takeableHold(services, caller, wallet_id, holdId)
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'holdVoid',
      caller,
      origin,
      id,
      digest: requestDigest('holdVoid', { wallet, hold: hold_id, ...why }),
      fields: { wallet, payee, hold: holdId, ...(await signerElsewhere(gateway, caller)) },
      ...(text && { text }),
      instance: holdPath(wallet_id, hold_id),
      fieldOf: {
        'id-quota-exceeded': 'request_id',
        'hold-unknown': 'hold_id',
        'hold-expired': 'hold_id',
        'hold-ended': 'hold_id',
      },
    })
    const { result } = await gateway.ask(wallet, { type: 'hold', wallet, id: holdId }, 'owner')
    if (result === null) throw noHold()
    return { status: 200, body: holdBody(wallet_id, await walletText(services, result.payee), result) }
  },
})

export const captureOperations = [captureHold, voidHold]
