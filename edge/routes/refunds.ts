import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { type Refusal, refusalOf } from '../../actors/ledger/refusals.ts'
import { subUserRoles, visibleWallet } from './caller.ts'
import { idIn, requestOf } from './commandDesk.ts'
import { Failure } from './failure.ts'
import {
  amountField,
  asOfBody,
  asOfSchema,
  commandIdField,
  positionSchema,
  statusUrlField,
  timeField,
  walletIdField,
  yuanText,
} from './fields.ts'
import { followedAnswer, placeBody, rememberedOutcome } from './followedPayment.ts'
import type { JournalRefund } from './journal.ts'
import { operation } from './operation.ts'
import { orderNoField, orderNoIn } from './orderNo.ts'
import { paymentStatusPath } from './paymentAnswer.ts'
import { requestDigest } from './requestDigest.ts'
import { outwardCode } from './sagas.ts'
import { byBody, byField } from './signingUser.ts'

const path = '/v1/merchants/{wallet_id}/orders/{order_no}/refunds'
const params = z.object({ wallet_id: walletIdField, order_no: orderNoField })

const refund = z
  .object({
    refund_id: commandIdField,
    wallet_id: walletIdField,
    order_no: orderNoField,
    amount: z.string().openapi({ example: '12.50' }),
    status: z.enum(['completed', 'pending', 'refused']),
    executed_at: timeField.optional(),
    position: positionSchema.optional(),
    code: z.string().optional().openapi({ description: 'Why it came back: PAYEE_CLOSED, …' }),
    reason: z.string().optional().openapi({ description: 'Its name in the closed list' }),
    by: byField,
    status_url: statusUrlField,
  })
  .openapi('Refund')

/** What was asked for, as every answer repeats it. */
type Asked = { refund_id: string; wallet_id: string; order_no: string; amount: string }

const fieldOf: Partial<Record<Refusal, string>> = {
  'id-reused': 'refund_id',
  'id-malformed': 'refund_id',
  'id-early': 'refund_id',
  'id-expired': 'refund_id',
  'id-seen': 'refund_id',
  'amount-invalid': 'amount',
  'refund-exceeds-payment': 'amount',
  'funds-insufficient': 'amount',
  'merchant-user-limit': 'amount',
  'order-unknown': 'order_no',
  'order-not-paid': 'order_no',
  'refund-period-over': 'order_no',
  'wallet-frozen': 'wallet_id',
  'wallet-closed': 'wallet_id',
}

export const refundOrder = operation({
  name: 'refundOrder',
  method: 'post',
  path,
  tag: 'orders',
  summary: 'Refund an order, in whole or in part',
  description:
    'From the merchant’s wallet to the wallet that paid; all refunds together never exceed what was paid. The same refund_id never pays twice. A payer’s wallet that is closed takes nothing: the money stays with the merchant, and the refund is refused with PAYEE_CLOSED. 202 when the outcome is not known in time.',
  callers: ['wallet', 'institution', ...subUserRoles],
  params,
  body: z.strictObject({ refund_id: commandIdField, amount: amountField }).openapi('RefundOrderRequest'),
  messages: { request: 'RefundOrderRequest', answer: 'Refund' },
  answers: {
    200: { description: 'The payer has the money', schema: refund },
    202: { description: 'Not known yet', schema: refund },
  },
  async run({ caller, origin, params: { wallet_id, order_no }, body }, services) {
    const { gateway } = services
    const id = idIn(body.refund_id, 'refund_id')
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const { amount } = body
    const wallet = result.number
    const digest = requestDigest('orderRefund', { wallet, order_no, amount })
    const fields = { wallet, amount, orderNo: orderNoIn(order_no) }
    // A refund belongs to the merchant's wallet, whoever signed for it.
    const request = requestOf({ op: 'orderRefund', caller, actor: wallet, origin, id, digest, fields })
    const outcome = await gateway.payByCommand(wallet, id, request)
    const refund_id = commandIdText(id)
    const asked = { refund_id, wallet_id, order_no, amount: yuanText(amount) }
    const told = { asked, fieldOf, instance: paymentStatusPath(wallet_id, refund_id) }
    return followedAnswer(told, await rememberedOutcome(services, wallet, id, digest, outcome))
  },
})

const list = z
  .object({
    wallet_id: walletIdField,
    order_no: orderNoField,
    refunds: z.array(refund.omit({ status_url: true })),
    followed: asOfSchema.openapi({ description: "How far the journal has followed the merchant's shard" }),
  })
  .openapi('RefundList')

function listedBody(
  asked: Asked,
  { code, complete, executed, user, userVersion }: JournalRefund,
): Record<string, unknown> {
  const refusal = refusalOf(code)
  const status = refusal !== 'accepted' ? 'refused' : complete ? 'completed' : 'pending'
  const why = refusal === 'accepted' ? {} : { code: outwardCode(refusal), reason: refusal }
  return { ...asked, status, ...placeBody(executed), ...byBody({ user, userVersion }), ...why }
}

export const listRefunds = operation({
  name: 'listRefunds',
  method: 'get',
  path,
  tag: 'orders',
  summary: 'The refunds of an order, oldest first',
  description:
    'From the journal; `followed` says how far it has come. The freshest word about one stands at /v1/wallets/{wallet_id}/payments/{refund_id}.',
  callers: ['wallet', 'institution', 'operator', ...subUserRoles],
  params,
  messages: { answer: 'RefundList' },
  answers: { 200: { description: 'Those that left the merchant', schema: list } },
  async run({ caller, params: { wallet_id, order_no } }, { gateway, journal }) {
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const found = await journal.refunds(result.number, order_no)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { refunds, followed } = found.record
    const shown = refunds.map((one) => {
      const asked = { refund_id: commandIdText(one.id), wallet_id, order_no, amount: yuanText(one.amountFen) }
      return listedBody(asked, one)
    })
    return { status: 200, body: { wallet_id, order_no, refunds: shown, followed: asOfBody(followed) } }
  },
})

export const refundOperations = [refundOrder, listRefunds]
