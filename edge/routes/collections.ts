import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { type Refusal, refusalOf } from '../../actors/ledger/refusals.ts'
import { signerElsewhere } from './caller.ts'
import { idIn, requestOf, uuidIn } from './commandDesk.ts'
import { Failure } from './failure.ts'
import {
  amountField,
  asOfBody,
  asOfSchema,
  commandIdField,
  positionSchema,
  statusUrlField,
  timeField,
  uuidField,
  walletIdField,
  yuanText,
} from './fields.ts'
import { followedAnswer, placeBody, rememberedOutcome } from './followedPayment.ts'
import type { JournalPayment } from './journal.ts'
import { mandatePath, visibleMandate } from './mandates.ts'
import { operation } from './operation.ts'
import { requestDigest } from './requestDigest.ts'
import { outwardCode } from './sagas.ts'

const path = '/v1/wallets/{wallet_id}/mandates/{mandate_id}'
const params = z.object({ wallet_id: walletIdField, mandate_id: commandIdField })

const collection = z
  .object({
    collection_id: uuidField,
    mandate_id: commandIdField,
    wallet_id: walletIdField,
    amount: z.string().openapi({ example: '30.00' }),
    status: z.enum(['completed', 'pending']),
    executed_at: timeField.optional(),
    position: positionSchema.optional(),
    status_url: statusUrlField,
  })
  .openapi('Collection')

const fieldOf: Partial<Record<Refusal, string>> = {
  'id-reused': 'collection_id',
  'id-malformed': 'collection_id',
  'id-early': 'collection_id',
  'id-expired': 'collection_id',
  'amount-invalid': 'amount',
  'mandate-exceeded': 'amount',
  'funds-insufficient': 'amount',
  'single-limit-exceeded': 'amount',
  'day-limit-exceeded': 'amount',
  'year-limit-exceeded': 'amount',
  'mandate-unknown': 'mandate_id',
  'mandate-cancelled': 'mandate_id',
  'mandate-ended': 'mandate_id',
  'mandate-early': 'mandate_id',
  'mandate-scheduled': 'mandate_id',
  'wallet-frozen': 'wallet_id',
}

export const collectMandate = operation({
  name: 'collectMandate',
  method: 'post',
  path: `${path}/collections`,
  tag: 'mandates',
  summary: 'Collect by a mandate, as its payee',
  description:
    'A payment of the payer’s wallet under the collection_id, which never pays twice: within the mandate’s bounds, and judged like any payment of that wallet. What the payee’s wallet cannot take goes back and leaves the bounds free.',
  callers: ['wallet', 'institution'],
  params,
  body: z.strictObject({ collection_id: uuidField, amount: amountField }).openapi('CollectMandateRequest'),
  messages: { request: 'CollectMandateRequest', answer: 'Collection' },
  answers: {
    200: { description: 'The payee has the money', schema: collection },
    202: { description: 'Not known yet', schema: collection },
  },
  async run({ caller, origin, params: { wallet_id, mandate_id }, body }, services) {
    const { gateway } = services
    const id = uuidIn(body.collection_id, 'collection_id')
    const mandateId = idIn(mandate_id, 'mandate_id')
    const { mandate, isPayee } = await visibleMandate(services, caller, wallet_id, mandateId)
    if (!isPayee) throw new Failure('not-allowed')
    const { walletNumber: wallet, payee } = mandate
    const { amount } = body
    const digest = requestDigest('mandateCollect', { wallet, mandate: mandate_id, amount })
    const signer = await signerElsewhere(gateway, caller)
    const fields = { wallet, payee, amount, mandate: mandateId, ...signer }
    // A collection is a payment of the payer's wallet, whoever signed for it.
    const request = requestOf({ op: 'mandateCollect', caller, actor: wallet, origin, id, digest, fields })
    const outcome = await gateway.payByCommand(wallet, id, request)
    const asked = { collection_id: commandIdText(id), mandate_id, wallet_id, amount: yuanText(amount) }
    const told = { asked, fieldOf, instance: mandatePath(wallet_id, mandate_id) }
    return followedAnswer(told, await rememberedOutcome(services, wallet, id, digest, outcome))
  },
})

const payment = z
  .object({
    payment_id: commandIdField,
    amount: z.string().openapi({ example: '30.00' }),
    status: z.enum(['completed', 'pending', 'refused']),
    executed_at: timeField,
    position: positionSchema,
    code: z.string().optional().openapi({ description: 'Why it was refused: INSUFFICIENT_BALANCE, …' }),
    reason: z.string().optional().openapi({ description: 'Its name in the closed list' }),
  })
  .openapi('MandatePayment')

const list = z
  .object({
    wallet_id: walletIdField,
    mandate_id: commandIdField,
    payments: z.array(payment),
    followed: asOfSchema.openapi({ description: "How far the journal has followed the payer's shard" }),
  })
  .openapi('MandatePayments')

function paymentBody({ id, amountFen, code, complete, executed }: JournalPayment): Record<string, unknown> {
  const refusal = refusalOf(code)
  const status = refusal !== 'accepted' ? 'refused' : complete ? 'completed' : 'pending'
  const why = refusal === 'accepted' ? {} : { code: outwardCode(refusal), reason: refusal }
  return { payment_id: commandIdText(id), amount: yuanText(amountFen), status, ...placeBody(executed), ...why }
}

export const listMandatePayments = operation({
  name: 'listMandatePayments',
  method: 'get',
  path: `${path}/payments`,
  tag: 'mandates',
  summary: 'What was paid by a mandate, and what was tried, newest first',
  description: 'At most the newest 1,000, from the journal; `followed` says how far it has come.',
  callers: ['wallet', 'institution', 'operator'],
  params,
  messages: { answer: 'MandatePayments' },
  answers: { 200: { description: 'Collections and scheduled payments', schema: list } },
  async run({ caller, params: { wallet_id, mandate_id } }, services) {
    const id = idIn(mandate_id, 'mandate_id')
    const { mandate } = await visibleMandate(services, caller, wallet_id, id)
    const found = await services.journal.mandatePayments(mandate.walletNumber, id)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { payments, followed } = found.record
    return {
      status: 200,
      body: { wallet_id, mandate_id, payments: payments.map(paymentBody), followed: asOfBody(followed) },
    }
  },
})

export const collectionOperations = [collectMandate, listMandatePayments]
