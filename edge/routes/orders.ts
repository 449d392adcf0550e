import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import type { ReadFrom } from '../gateway/shardQueries.ts'
import { callbackUrlField, checkCallbackUrl } from './callbackUrl.ts'
import { subUserRoles, visibleWallet } from './caller.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { Failure } from './failure.ts'
import {
  amountField,
  asOfBody,
  asOfSchema,
  commandIdField,
  countField,
  requestIdField,
  timeField,
  timeText,
  walletIdField,
  yuanText,
} from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import type { JournalOrder, OrderStanding } from './journal.ts'
import { operation, type Services } from './operation.ts'
import { cursorText, orderCursorIn } from './orderCursor.ts'
import { orderNoField, orderNoIn } from './orderNo.ts'
import { splitBodies, splitFields, splitSchema, splitsField } from './orderSplits.ts'
import { encodeOrderText, type OrderText, readOrderText } from './orderText.ts'
import { timeIn } from './paymentRequest.ts'
import { requestDigest } from './requestDigest.ts'
import { byBody, byField } from './signingUser.ts'
import { walletText } from './walletText.ts'

const pageDefault = 50
const pageMax = 500
const path = '/v1/merchants/{wallet_id}/orders'
const noId = new Uint8Array(16)

const textFields = {
  description: z.string().min(1).max(128).optional().openapi({ description: 'What it is for', example: 'Tea for two' }),
  goods: z
    .string()
    .min(1)
    .max(2_000)
    .optional()
    .openapi({ description: 'One line each', example: 'Longjing × 2, 25.00' }),
  callback_url: callbackUrlField.openapi({
    description: 'Where the merchant is told of the end',
    example: 'https://shop.example/paid',
  }),
}
const statuses = ['created', 'paid', 'partly_refunded', 'refunded', 'expired', 'closed'] as const
type Status = (typeof statuses)[number]

const order = z
  .object({
    wallet_id: walletIdField,
    order_no: orderNoField,
    status: z.enum(statuses),
    amount: z.string().openapi({ example: '50.00' }),
    refunded: z.string().openapi({ description: 'Of the amount, refunds under way included', example: '0.00' }),
    created_at: timeField,
    expires_at: timeField,
    ended_at: timeField.optional().openapi({ description: 'When it was paid, closed or expired' }),
    payer_wallet: walletIdField.optional(),
    payment_id: commandIdField.optional(),
    splits: z.array(splitSchema).optional().openapi({ description: 'Who else gets a part of the money' }),
    by: byField,
    ...textFields,
    as_of: asOfSchema.optional().openapi({ description: 'Left out where the answer is not a reading' }),
  })
  .openapi('Order')

function statusOf({ state, amount, refunded }: OrderStanding): Status {
  if (state === 'free') throw new Error('a free row is no order')
  if (state !== 'paid' || refunded === 0) return state
  return refunded === amount ? 'refunded' : 'partly_refunded'
}

/** An order as it stands. What it says beside its amount comes from the journal, a moment later than its state. */
async function orderBody(services: Services, walletId: string, orderNo: string, state: OrderStanding, text: OrderText) {
  const status = statusOf(state)
  const payer = state.state === 'paid' ? await walletText(services, state.payer) : ''
  const paid = state.state === 'paid' ? { payer_wallet: payer, payment_id: commandIdText(state.paymentId) } : {}
  const splits = await splitBodies(services, state.splits)
  return {
    wallet_id: walletId,
    order_no: orderNo,
    status,
    amount: yuanText(state.amount),
    refunded: yuanText(state.refunded),
    created_at: timeText(state.createdMs),
    expires_at: timeText(state.expiresMs),
    ...(status === 'created' ? {} : { ended_at: timeText(state.changedMs) }),
    ...paid,
    ...(splits.length === 0 ? {} : { splits }),
    ...byBody(state),
    ...text,
  }
}

const walletParams = z.object({ wallet_id: walletIdField })
const orderParams = z.object({ wallet_id: walletIdField, order_no: orderNoField })
const orderPath = (walletId: string, orderNo: string): string => `/v1/merchants/${walletId}/orders/${orderNo}`
const fieldOf = {
  'order-reused': 'order_no',
  'order-unknown': 'order_no',
  'order-paid': 'order_no',
  'order-expired': 'order_no',
  'expiry-invalid': 'expires_at',
  'amount-invalid': 'amount',
  'merchant-required': 'wallet_id',
  'split-invalid': 'splits',
  'payee-unknown': 'splits',
} as const

export const createOrder = operation({
  name: 'createOrder',
  method: 'post',
  path,
  tag: 'orders',
  summary: 'Create an order that one payment can pay',
  description:
    'The order number is the id: the same body under it is the same order, as it stands now; another body gets 409. It can be paid once, until it expires or is closed; who pays second has the money back. Splits go on from the merchant’s wallet in the moment in which it is paid: whole fen by largest remainder, of equals to the earlier one; what a payee cannot take stays with the merchant. A sub-user makes orders without splits. A refund comes out of the merchant’s wallet alone. An order number is free again a day after an unpaid order ended, and once a paid one can be refunded no more.',
  callers: ['wallet', 'institution', ...subUserRoles],
  params: walletParams,
  body: z
    .strictObject({
      order_no: orderNoField,
      amount: amountField,
      expires_at: timeField.openapi({ description: 'RFC 3339, at most 30 days ahead: from then on it cannot be paid' }),
      splits: splitsField,
      ...textFields,
    })
    .openapi('CreateOrderRequest'),
  messages: { request: 'CreateOrderRequest', answer: 'Order' },
  answers: { 201: { description: 'The order', schema: order } },
  async run({ caller, origin, params, body }, services) {
    const { gateway } = services
    const { result } = await visibleWallet(gateway, caller, params.wallet_id)
    const { order_no, amount, description, goods, callback_url } = body
    checkCallbackUrl(callback_url, services)
    const expiresMs = timeIn(body.expires_at, 'expires_at')
    const wallet = result.number
    const texts = {
      ...(description === undefined ? {} : { description }),
      ...(goods === undefined ? {} : { goods }),
      ...(callback_url === undefined ? {} : { callback_url }),
    }
    const text = encodeOrderText(texts)
    const orderNo = orderNoIn(order_no)
    const split = body.splits === undefined ? undefined : await splitFields(services, body.splits)
    const said = split === undefined ? {} : { splits: split.said }
    const fields = { wallet, amount, expiresMs, orderNo, textLength: text.length }
    const plan = {
      caller,
      origin,
      id: noId,
      digest: requestDigest('orderCreate', { wallet, order_no, amount, expiresMs, ...texts, ...said }),
      text,
      instance: orderPath(params.wallet_id, order_no),
      // Who may make orders at all is known by now: it is the splits that a sub-user may not ask for.
      fieldOf: split === undefined ? fieldOf : { ...fieldOf, 'merchant-user-role': 'splits' },
      membersOf: () => ({ order_no }),
      pending: { wallet_id: params.wallet_id, order_no, status: 'created' },
    }
    const shard = gateway.shardOf(wallet)
    const taken =
      split === undefined
        ? await runCommand(gateway, shard, { ...plan, op: 'orderCreate', fields })
        : await runCommand(gateway, shard, { ...plan, op: 'orderCreateSplit', fields: { ...fields, ...split.fields } })
    const read = await gateway.ask(wallet, { type: 'order', wallet, orderNo }, 'owner')
    const made = { amount, refunded: 0, state: 'created', payer: 0, paymentId: noId, expiresMs } as const
    const unsplit = { splits: [], user: caller.user?.number ?? 0, userVersion: caller.user?.version ?? 0 }
    const { timeMs } = taken.executed
    const state = read.result ?? { ...made, ...unsplit, createdMs: timeMs, changedMs: timeMs }
    return { status: 201, body: await orderBody(services, params.wallet_id, order_no, state, texts) }
  },
})

const noOrderHere = (): Failure =>
  new Failure('order-unknown', { fields: [{ field: 'order_no', message: 'the merchant has no such order' }] })

/** An order from the shard's memory, or from the journal once that has forgotten it. */
async function findOrder(services: Services, wallet: number, walletId: string, orderNo: string, from: ReadFrom) {
  const { gateway, journal } = services
  const query = { type: 'order', wallet, orderNo: orderNoIn(orderNo) } as const
  const { asOf, result } = await gateway.ask(wallet, query, from)
  const written = await journal.order(wallet, orderNo)
  const record = written.kind === 'found' ? written.record : undefined
  if (result === null && written.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
  const state = result ?? record
  if (state === undefined) throw noOrderHere()
  // A number that was used again has another place in the log: the text of the earlier order is not this one's.
  const same = record !== undefined && (result === null || (record.seq === result.seq && record.index === result.index))
  const body = await orderBody(services, walletId, orderNo, state, readOrderText(same ? record.content : undefined))
  return { body: { ...body, as_of: asOfBody(asOf) }, headers: ageHeaders(asOf) }
}

export const showOrder = operation({
  name: 'showOrder',
  method: 'get',
  path: `${path}/{order_no}`,
  tag: 'orders',
  summary: 'How an order stands',
  description:
    "Read from the shard's memory; description, goods and callback come from the journal, and are left out until it has followed.",
  callers: ['wallet', 'institution', 'operator', ...subUserRoles],
  params: orderParams,
  query: freshQuery,
  messages: { answer: 'Order' },
  answers: { 200: { description: 'The order', schema: order } },
  async run({ caller, params, query }, services) {
    const { wallet_id, order_no } = params
    const { result } = await visibleWallet(services.gateway, caller, wallet_id)
    const read = (from: ReadFrom) => findOrder(services, result.number, wallet_id, order_no, from)
    return { status: 200, ...(await readAsAsked(query, read)) }
  },
})

export const closeOrder = operation({
  name: 'closeOrder',
  method: 'post',
  path: `${path}/{order_no}/close`,
  tag: 'orders',
  summary: 'Close an order that nobody has paid',
  description: 'To close one twice changes nothing. One that was paid or has expired is not closed: 409, 410.',
  callers: ['wallet', 'institution', ...subUserRoles],
  params: orderParams,
  body: z.strictObject({ request_id: requestIdField }).openapi('CloseOrderRequest'),
  messages: { request: 'CloseOrderRequest', answer: 'Order' },
  answers: { 200: { description: 'It is closed', schema: order } },
  async run({ caller, origin, params, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { wallet_id, order_no } = params
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const wallet = result.number
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'orderClose',
      caller,
      origin,
      id,
      digest: requestDigest('orderClose', { wallet, order_no }),
      fields: { wallet, orderNo: orderNoIn(order_no) },
      instance: orderPath(wallet_id, order_no),
      fieldOf,
      pending: { wallet_id, order_no, status: 'created' },
    })
    const { as_of: _, ...closed } = (await findOrder(services, wallet, wallet_id, order_no, 'owner')).body
    return { status: 200, body: closed }
  },
})

const list = z
  .object({
    wallet_id: walletIdField,
    orders: z.array(order),
    next_cursor: z.string().nullable(),
    followed: asOfSchema.openapi({ description: "How far the journal has followed the merchant's shard" }),
  })
  .openapi('OrderList')

export const listOrders = operation({
  name: 'listOrders',
  method: 'get',
  path,
  tag: 'orders',
  summary: "A merchant's orders, newest first",
  description: 'From the journal, which follows the log; `followed` says how far. 503 while the journal is away.',
  callers: ['wallet', 'institution', 'operator', ...subUserRoles],
  params: walletParams,
  query: z.strictObject({ limit: countField(pageMax).default(pageDefault), cursor: z.string().optional() }),
  messages: { answer: 'OrderList' },
  answers: { 200: { description: 'One page', schema: list } },
  async run({ caller, params, query }, services) {
    const before = orderCursorIn(query.cursor)
    const { result } = await visibleWallet(services.gateway, caller, params.wallet_id)
    const found = await services.journal.orders(result.number, before, query.limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { orders, followed, more } = found.record
    const body = (one: JournalOrder) =>
      orderBody(services, params.wallet_id, one.orderNo, one, readOrderText(one.content))
    const last = orders.at(-1)
    const next_cursor = more && last ? cursorText(last) : null
    const shown = await Promise.all(orders.map(body))
    return {
      status: 200,
      body: { wallet_id: params.wallet_id, orders: shown, next_cursor, followed: asOfBody(followed) },
    }
  },
})

export const orderOperations = [createOrder, listOrders, showOrder, closeOrder]
