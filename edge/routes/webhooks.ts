import { z } from '@hono/zod-openapi'
import { commandIdText, walletIdText, walletKinds } from '../../actors/ledger/ids.ts'
import {
  parseWebhookId,
  type WebhookState,
  webhookBody,
  webhookIdText,
  webhookStates,
  webhookTypes,
} from '../../actors/log/webhookEvents.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { badField, Failure } from './failure.ts'
import {
  asOfBody,
  asOfSchema,
  countField,
  positionSchema,
  requestIdField,
  timeField,
  timeText,
  walletIdField,
} from './fields.ts'
import { visibleMerchant } from './merchants.ts'
import { operation } from './operation.ts'
import { orderNoField } from './orderNo.ts'
import { requestDigest } from './requestDigest.ts'
import type { JournalDelivery, JournalWebhook } from './webhookJournal.ts'

const pageDefault = 50
const pageMax = 500
const path = '/v1/merchants/{wallet_id}/webhooks'
const statuses = Object.keys(webhookStates) as [WebhookState, ...WebhookState[]]
const types = Object.keys(webhookTypes) as [string, ...string[]]

const webhookIdField = z
  .string()
  .regex(/^evt_[0-9a-f]{32}$/, 'must be the id of an event: evt_ and 32 hexadecimal digits')
  .openapi({ description: 'The webhook-id of its calls', example: 'evt_0a0b1c738a0dfc7e259b0f32f5a272d4' })
const cursorField = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'must be the next_cursor of an earlier page')
  .optional()

const delivery = z
  .object({
    replay: z.int().openapi({ description: 'How often it had been asked for again by then' }),
    attempt: z.int(),
    at: timeField,
    url: z.string(),
    status: z.int().openapi({ description: 'Of the answer, 0 when there was none' }),
    error: z.string().optional(),
    duration_ms: z.int(),
    response: z.string().openapi({ description: 'The first 1,024 bytes of the answer' }),
  })
  .openapi('WebhookDelivery')

const webhook = z
  .object({
    webhook_id: webhookIdField,
    wallet_id: walletIdField,
    type: z.enum(types),
    order_no: orderNoField,
    refund_id: z.string().optional(),
    happened_at: timeField,
    status: z.enum(statuses).openapi({
      description:
        'pending, delivered, dead after three days of tries, unaddressed when nobody said where, elsewhere when the region that owned the shard has ended it',
    }),
    attempts: z.int(),
    replays: z.int().openapi({ description: 'How often it was asked for again' }),
    next_attempt_at: timeField.optional(),
    ended_at: timeField.optional(),
    position: positionSchema,
    body: z.string().optional().openapi({ description: 'What is sent, byte for byte' }),
    deliveries: z.array(delivery).optional().openapi({ description: 'The tries, newest first' }),
    followed: asOfSchema.optional(),
  })
  .openapi('Webhook')

function webhookShown({ event, state, attempts, replays, nextMs, endedMs }: JournalWebhook) {
  const { eventId, type, merchant, orderNo, atMs, shard, seq, index, refundId } = event
  return {
    webhook_id: webhookIdText(eventId),
    wallet_id: walletIdText(merchant, walletKinds.merchant),
    type,
    order_no: orderNo,
    ...(refundId === undefined ? {} : { refund_id: commandIdText(refundId) }),
    happened_at: timeText(atMs),
    status: state,
    attempts,
    replays,
    ...(state === 'pending' && nextMs > 0 ? { next_attempt_at: timeText(nextMs) } : {}),
    ...(endedMs === undefined ? {} : { ended_at: timeText(endedMs) }),
    position: { shard, seq, index },
  }
}

function deliveryShown({ replay, attempt, atMs, url, status, error, durationMs, response }: JournalDelivery) {
  const failed = error === '' ? {} : { error }
  return { replay, attempt, at: timeText(atMs), url, status, ...failed, duration_ms: durationMs, response }
}

const list = z
  .object({
    wallet_id: walletIdField,
    webhooks: z.array(webhook),
    next_cursor: z.string().nullable(),
    followed: asOfSchema.openapi({ description: "How far the journal has followed the merchant's shard" }),
  })
  .openapi('WebhookList')

export const listWebhooks = operation({
  name: 'listWebhooks',
  method: 'get',
  path,
  tag: 'merchants',
  summary: 'What a merchant is told of, newest first',
  description: 'From the journal of the region that answers; `followed` says how far it has come.',
  callers: ['wallet', 'institution', 'operator', 'accountant'],
  params: z.object({ wallet_id: walletIdField }),
  query: z.strictObject({
    status: z.enum(statuses).optional(),
    order_no: orderNoField.optional(),
    limit: countField(pageMax).default(pageDefault),
    cursor: cursorField,
  }),
  messages: { answer: 'WebhookList' },
  answers: { 200: { description: 'One page', schema: list } },
  async run({ caller, params: { wallet_id }, query }, services) {
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const { status, order_no, limit, cursor } = query
    const filter = {
      ...(status === undefined ? {} : { state: status }),
      ...(order_no === undefined ? {} : { orderNo: order_no }),
    }
    const before = cursor === undefined ? undefined : Number(cursor)
    const found = await services.webhooks.ofMerchant(result.number, filter, before, limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { webhooks, followed, more } = found.record
    const page = { webhooks: webhooks.map(webhookShown), next_cursor: cursorAfter(webhooks, more) }
    return { status: 200, body: { wallet_id, ...page, followed: asOfBody(followed) } }
  },
})

function cursorAfter(webhooks: readonly JournalWebhook[], more: boolean): string | null {
  const last = webhooks.at(-1)
  return more && last !== undefined ? String(last.place) : null
}

const eventParams = z.object({ wallet_id: walletIdField, webhook_id: webhookIdField })

const noEventHere = (): Failure =>
  new Failure('not-found', { fields: [{ field: 'webhook_id', message: 'the merchant was never to be told of this' }] })

export const showWebhook = operation({
  name: 'showWebhook',
  method: 'get',
  path: `${path}/{webhook_id}`,
  tag: 'merchants',
  summary: 'What a merchant is told, with every try and what came back',
  description: 'Tries stand in the journal of the region that made them.',
  callers: ['wallet', 'institution', 'operator', 'accountant'],
  params: eventParams,
  messages: { answer: 'Webhook' },
  answers: { 200: { description: 'The event, its body and its deliveries', schema: webhook } },
  async run({ caller, params: { wallet_id, webhook_id } }, services) {
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const found = await services.webhooks.one(result.number, parseWebhookId(webhook_id)!)
    if (found.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    if (found.kind === 'none') throw noEventHere()
    const { webhook: one, deliveries, followed } = found.record
    const whole = { body: webhookBody(one.event), deliveries: deliveries.map(deliveryShown) }
    return { status: 200, body: { ...webhookShown(one), ...whole, followed: asOfBody(followed) } }
  },
})

const replayed = z
  .object({ wallet_id: walletIdField, webhook_id: webhookIdField, request_id: z.string() })
  .openapi('WebhookReplay')

export const replayWebhook = operation({
  name: 'replayWebhook',
  method: 'post',
  path: `${path}/{webhook_id}/replay`,
  tag: 'merchants',
  summary: 'Tell a merchant again',
  description:
    'Also of what was delivered, or is dead: it is due at once, for three days, under the same webhook-id. What is asked for goes through the log, so that it is known who asked.',
  callers: ['wallet', 'institution', 'operator'],
  params: eventParams,
  body: z.strictObject({ request_id: requestIdField }).openapi('ReplayWebhookRequest'),
  messages: { request: 'ReplayWebhookRequest', answer: 'WebhookReplay' },
  answers: { 200: { description: 'It will be told again', schema: replayed } },
  async run({ caller, origin, params: { wallet_id, webhook_id }, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const wallet = (await visibleMerchant(services, caller, wallet_id)).result.number
    const event = parseWebhookId(webhook_id)
    if (event === undefined) throw badField('webhook_id', 'must be the id of an event')
    const known = await services.webhooks.one(wallet, event)
    if (known.kind === 'none') throw noEventHere()
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'webhookReplay',
      caller,
      origin,
      id,
      digest: requestDigest('webhookReplay', { wallet, webhook_id }),
      fields: { wallet, event },
      instance: `/v1/merchants/${wallet_id}/webhooks/${webhook_id}`,
    })
    return { status: 200, body: { wallet_id, webhook_id, request_id: commandIdText(id) } }
  },
})

const deadList = z.object({ webhooks: z.array(webhook), next_cursor: z.string().nullable() }).openapi('DeadWebhookList')

export const listDeadWebhooks = operation({
  name: 'listDeadWebhooks',
  method: 'get',
  path: '/v1/webhooks/dead',
  tag: 'merchants',
  summary: 'What no merchant could be told of within three days, newest first',
  description: 'Of the merchants that the region which answers has told.',
  callers: ['operator'],
  query: z.strictObject({ limit: countField(pageMax).default(pageDefault), cursor: cursorField }),
  messages: { answer: 'DeadWebhookList' },
  answers: { 200: { description: 'One page', schema: deadList } },
  async run({ query: { limit, cursor } }, services) {
    const found = await services.webhooks.dead(cursor === undefined ? undefined : Number(cursor), limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { webhooks, more } = found.record
    return { status: 200, body: { webhooks: webhooks.map(webhookShown), next_cursor: cursorAfter(webhooks, more) } }
  },
})

export const webhookOperations = [listWebhooks, showWebhook, replayWebhook, listDeadWebhooks]
