import { z } from '@hono/zod-openapi'
import { refusalOf } from '../../actors/ledger/refusals.ts'
import { htmlType, paperHeaders } from '../paper/paperPage.ts'
import { receiptPage } from '../paper/receiptPage.ts'
import { languageOf } from '../problem.ts'
import { walletNumberIn } from './caller.ts'
import { paymentIdIn } from './commandDesk.ts'
import { Failure } from './failure.ts'
import { commandIdField, positionSchema, timeField, timeText, walletIdField, yuanText } from './fields.ts'
import { operation } from './operation.ts'
import { partyOf } from './parties.ts'
import { maySeePayment } from './payments.ts'

const party = z
  .object({
    wallet_id: walletIdField,
    name: z.string().optional().openapi({ description: "A merchant's name, or a person's masked one" }),
  })
  .openapi('PaymentParty')

const receipt = z
  .object({
    payment_id: commandIdField,
    status: z.literal('completed'),
    payer: party,
    payee: party,
    amount: z.string().openapi({ example: '100.50' }),
    currency: z.literal('CNY-DC'),
    order_no: z.string().optional(),
    executed_at: timeField,
    position: positionSchema,
  })
  .openapi('Receipt')

const noReceipt = (message: string): Failure => new Failure('not-found', { fields: [{ field: 'payment_id', message }] })

export const showReceipt = operation({
  name: 'showReceipt',
  method: 'get',
  path: '/v1/wallets/{wallet_id}/payments/{payment_id}/receipt',
  tag: 'payments',
  summary: 'The receipt of a payment, for its payer and its payee',
  description:
    'The path names the payer. With Accept: text/html a page to print, in Chinese or English by Accept-Language. From the journal, once the payment is complete.',
  callers: ['wallet', 'institution', 'operator', 'accountant'],
  media: [htmlType],
  params: z.object({ wallet_id: walletIdField, payment_id: commandIdField }),
  messages: { answer: 'Receipt' },
  answers: { 200: { description: 'The payment is complete', schema: receipt } },
  async run({ caller, params, media, header }, services) {
    const id = paymentIdIn(params.payment_id, 'payment_id')
    const payer = walletNumberIn(params.wallet_id, 'wallet_id')
    const found = await services.journal.payment(payer, id)
    if (found.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const unknown = noReceipt('no payment with this id is known to you')
    if (found.kind === 'none' || !(await maySeePayment(services, caller, found.record))) throw unknown
    const { payee, amountFen, executed, code, complete } = found.record
    const language = languageOf(header('accept-language'))
    const [from, to] = [await partyOf(services, payer, language), await partyOf(services, payee, language)]
    if (from.wallet_id !== params.wallet_id) throw unknown
    if (refusalOf(code) !== 'accepted') throw noReceipt('this payment was refused: it has no receipt')
    if (!complete) throw noReceipt('this payment is not complete yet')
    const orderNo = await services.journal.orderOfPayment(payer, payee, id)
    const amount = yuanText(amountFen)
    const { shard, seq, index, timeMs } = executed
    const position = { shard, seq, index }
    if (media === htmlType) {
      const shown = { paymentId: params.payment_id, payer: from, payee: to, amount, orderNo, paidMs: timeMs, position }
      const content = receiptPage(language, shown)
      return { status: 200, body: {}, headers: paperHeaders, bytes: { type: `${htmlType}; charset=utf-8`, content } }
    }
    const order = orderNo === undefined ? {} : { order_no: orderNo }
    const body = {
      payment_id: params.payment_id,
      status: 'completed',
      payer: from,
      payee: to,
      amount,
      currency: 'CNY-DC',
    }
    return { status: 200, body: { ...body, ...order, executed_at: timeText(timeMs), position } }
  },
})

export const receiptOperations = [showReceipt]
