import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { refusalOf } from '../../actors/ledger/refusals.ts'
import { visibleWallet, walletNumberIn } from './caller.ts'
import { paymentIdIn } from './commandDesk.ts'
import { Failure, positionOf } from './failure.ts'
import {
  amountField,
  commandIdField,
  countField,
  positionSchema,
  timeField,
  timeText,
  walletIdField,
  yuanText,
} from './fields.ts'
import type { Leg, PaymentFilter, PaymentTrail } from './inspection.ts'
import { operation, type Services } from './operation.ts'
import { orderNoField } from './orderNo.ts'
import { timeIn } from './paymentRequest.ts'
import { journalBody, journalPayment } from './payments.ts'
import { cursorField, timeCursorIn, timeCursorText } from './timeCursor.ts'
import { walletText } from './walletText.ts'

const pageDefault = 50
const pageMax = 200

const page = z
  .object({ payments: z.array(journalPayment), next_cursor: z.string().nullable() })
  .openapi('PaymentsFound')

export const searchPayments = operation({
  name: 'searchPayments',
  method: 'get',
  path: '/v1/payments',
  tag: 'payments',
  summary: 'Payments by id, wallet, order number, time, amount or outcome, newest first',
  description:
    'From the journal. Everything that is given must fit; without a wallet, id or order number the time decides.',
  callers: ['operator'],
  query: z.strictObject({
    payment_id: commandIdField.optional(),
    wallet_id: walletIdField.optional().openapi({ description: 'Payer or payee' }),
    order_no: orderNoField.optional(),
    from: timeField.optional(),
    to: timeField.optional(),
    amount_min: amountField.optional(),
    amount_max: amountField.optional(),
    outcome: z.enum(['accepted', 'refused']).optional(),
    limit: countField(pageMax).default(pageDefault),
    cursor: cursorField,
  }),
  messages: { answer: 'PaymentsFound' },
  answers: { 200: { description: 'One page', schema: page } },
  async run({ query }, services) {
    const { payment_id, wallet_id, order_no, amount_min, amount_max, outcome } = query
    const filter: PaymentFilter = {
      fromMs: query.from === undefined ? 0 : timeIn(query.from, 'from'),
      toMs: query.to === undefined ? Number.MAX_SAFE_INTEGER : timeIn(query.to, 'to'),
      ...(payment_id === undefined ? {} : { id: paymentIdIn(payment_id, 'payment_id') }),
      ...(wallet_id === undefined ? {} : { wallet: walletNumberIn(wallet_id, 'wallet_id') }),
      ...(order_no === undefined ? {} : { orderNo: order_no }),
      ...(amount_min === undefined ? {} : { amountMinFen: amount_min }),
      ...(amount_max === undefined ? {} : { amountMaxFen: amount_max }),
      ...(outcome === undefined ? {} : { refused: outcome === 'refused' }),
    }
    const found = await services.inspection.payments(filter, timeCursorIn(query.cursor), query.limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { payments, more } = found.record
    const bodies = await Promise.all(payments.map((one) => journalBody(services, one, commandIdText(one.id), true)))
    return { status: 200, body: { payments: bodies, next_cursor: timeCursorText(payments.at(-1)?.executed, more) } }
  },
})

const stepNames = ['requested', 'debited', 'refused', 'credited', 'returned', 'completed'] as const
const step = z
  .object({
    step: z.enum(stepNames),
    wallet_id: walletIdField.nullable(),
    amount: z.string().nullable().openapi({ description: 'Signed: minus left the wallet', example: '-100.50' }),
    time: timeField.nullable(),
    position: z.union([positionSchema, z.null()]).openapi({ description: 'Null for what is not a record of the log' }),
    reason: z.string().nullable().openapi({ description: 'Why it was refused or came back' }),
    transit: z.int().nullable().openapi({ description: 'Its number on the way to the other shard' }),
  })
  .openapi('PaymentStep')
const trail = z
  .object({
    payment: journalPayment,
    steps: z.array(step),
    order: z.object({ wallet_id: walletIdField, order_no: z.string(), refund: z.boolean() }).nullable(),
  })
  .openapi('PaymentTrail')

type Step = { step: (typeof stepNames)[number] } & Record<string, unknown>
const plain = { wallet_id: null, amount: null, time: null, position: null, reason: null, transit: null }

/** UUIDv7 carries the time at which it was made, in its first 48 bits; a dated id has none. */
function requestedAt(id: Uint8Array): string | null {
  if (id[6]! >>> 4 !== 7) return null
  return timeText(
    new DataView(id.buffer, id.byteOffset).getUint16(0) * 2 ** 32 + new DataView(id.buffer, id.byteOffset).getUint32(2),
  )
}

const signed = (fen: number): string => (fen < 0 ? `-${yuanText(-fen)}` : yuanText(fen))

function legStep(step: Step['step'], leg: Leg, wallet_id: string, more: object = {}): Step {
  const { executed, deltaFen } = leg
  const place = { time: timeText(executed.timeMs), position: positionOf(executed) }
  return { ...plain, step, wallet_id, amount: signed(deltaFen), ...place, ...more }
}

/** The saga of a payment as it went, from what both shards wrote down. */
function stepsOf({ payment, debit, credit, returned, lane }: PaymentTrail, payer: string, payee: string): Step[] {
  const { executed, code, complete, id } = payment
  const place = { time: timeText(executed.timeMs), position: positionOf(executed) }
  const transit = lane === undefined ? {} : { transit: lane.transit }
  const steps: Step[] = [{ ...plain, step: 'requested', wallet_id: payer, time: requestedAt(id) }]
  if (code !== 0 && returned === undefined) {
    return [...steps, { ...plain, step: 'refused', wallet_id: payer, ...place, reason: refusalOf(code) }]
  }
  if (debit !== undefined) steps.push(legStep('debited', debit, payer, transit))
  if (credit !== undefined) steps.push(legStep('credited', credit, payee, transit))
  if (returned !== undefined) steps.push(legStep('returned', returned, payer, { reason: refusalOf(returned.code) }))
  else if (complete)
    steps.push({ ...plain, step: 'completed', time: timeText((credit ?? { executed }).executed.timeMs) })
  return steps
}

async function orderBody(services: Services, order: PaymentTrail['order']) {
  if (order === undefined) return null
  return { wallet_id: await walletText(services, order.merchant), order_no: order.orderNo, refund: order.refund }
}

export const showTrail = operation({
  name: 'showTrail',
  method: 'get',
  path: '/v1/wallets/{wallet_id}/payments/{payment_id}/trail',
  tag: 'payments',
  summary: 'How a payment of this payer went, step by step, with the places in the logs',
  description: 'From the journal, which follows the logs of both shards.',
  callers: ['operator'],
  params: z.object({ wallet_id: walletIdField, payment_id: commandIdField }),
  messages: { answer: 'PaymentTrail' },
  answers: { 200: { description: 'As far as it went', schema: trail } },
  async run({ caller, params }, services) {
    const id = paymentIdIn(params.payment_id, 'payment_id')
    const { result } = await visibleWallet(services.gateway, caller, params.wallet_id)
    const found = await services.inspection.trail(result.number, id)
    if (found.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    if (found.kind === 'none') {
      const fields = [{ field: 'payment_id', message: 'no payment with this id is known to you' }]
      throw new Failure('not-found', { fields })
    }
    const { record } = found
    const payee = await walletText(services, record.payment.payee)
    const payment = await journalBody(services, record.payment, params.payment_id, true)
    const steps = stepsOf(record, params.wallet_id, payee)
    return { status: 200, body: { payment, steps, order: await orderBody(services, record.order) } }
  },
})

export const paymentSearchOperations = [searchPayments, showTrail]
