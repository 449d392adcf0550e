import { z } from '@hono/zod-openapi'
import { fenMax } from '../../actors/ledger/money.ts'
import type { PayoutView } from '../../actors/ledger/payouts.ts'
import { refusalOf } from '../../actors/ledger/refusals.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { Failure } from './failure.ts'
import {
  asOfBody,
  asOfSchema,
  limitField,
  linkIdMax,
  requestIdField,
  timeField,
  timeText,
  walletIdField,
  yuanText,
} from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import { visibleMerchant } from './merchants.ts'
import { operation } from './operation.ts'
import { requestDigest } from './requestDigest.ts'

const path = '/v1/merchants/{wallet_id}/payout-rule'
const params = z.object({ wallet_id: walletIdField })
const clock = /^([01]\d|2[0-3]):([0-5]\d)$/
const minuteOf = (text: string): number => {
  const [, hours, minutes] = clock.exec(text)!
  return Number(hours) * 60 + Number(minutes)
}
const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

const atField = z
  .string()
  .regex(clock, 'must be a time of the day such as 02:30')
  .openapi({ description: 'In Shanghai, every day', example: '02:30' })
/** Amounts that may be nothing. */
const yuanField = (description: string) =>
  limitField.refine((fen) => fen < fenMax, 'must be an amount').openapi({ description, example: '100.00' })

const rule = z
  .object({
    wallet_id: walletIdField,
    link_id: z.int(),
    at: atField,
    floor: z.string().openapi({ example: '100.00' }),
    reserve: z.string().openapi({ example: '50.00' }),
    next_at: timeField,
    last_at: timeField.optional().openapi({ description: 'When it last came to its turn' }),
    last_reason: z
      .string()
      .optional()
      .openapi({ description: 'Why nothing could be paid then', example: 'wallet-frozen' }),
    as_of: asOfSchema.optional().openapi({ description: 'Left out where the answer is not a reading' }),
  })
  .openapi('PayoutRule')

function ruleBody(walletId: string, view: PayoutView): Record<string, unknown> {
  const { link, minute, floor, reserve, nextMs, lastMs, lastCode } = view
  return {
    wallet_id: walletId,
    link_id: link,
    at: clockText(minute),
    floor: yuanText(floor),
    reserve: yuanText(reserve),
    next_at: timeText(nextMs),
    ...(lastMs === 0 ? {} : { last_at: timeText(lastMs) }),
    ...(lastCode === 0 ? {} : { last_reason: refusalOf(lastCode) }),
  }
}

const fieldOf = {
  'linked-account-unknown': 'link_id',
  'linked-account-inactive': 'link_id',
  'merchant-required': 'wallet_id',
  'rule-invalid': 'floor',
} as const

export const putPayoutRule = operation({
  name: 'putPayoutRule',
  method: 'put',
  path,
  tag: 'merchants',
  summary: 'Pay out to the bank every day by itself',
  description:
    'At its time, in Shanghai, what the wallet holds above the reserve goes to the linked account, when it holds as much as the floor; each payout is a redemption. Signed by the merchant’s own key, since it moves its money. A new rule takes the place of the old one.',
  callers: ['wallet'],
  params,
  body: z
    .strictObject({
      link_id: z.int().min(1).max(linkIdMax).openapi({ description: 'Number of the linked account' }),
      at: atField,
      floor: yuanField('Nothing is paid out below it'),
      reserve: yuanField('Stays in the wallet'),
      request_id: requestIdField,
    })
    .openapi('PutPayoutRuleRequest'),
  messages: { request: 'PutPayoutRuleRequest', answer: 'PayoutRule' },
  answers: { 200: { description: 'It pays from now on', schema: rule } },
  async run({ caller, origin, params: { wallet_id }, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const [wallet, link, minute] = [result.number, body.link_id, minuteOf(body.at)]
    const { floor, reserve } = body
    const taken = await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'payoutRulePut',
      caller,
      origin,
      id,
      digest: requestDigest('payoutRulePut', { wallet, link, minute, floor, reserve }),
      fields: { wallet, link, minute, floor, reserve, active: 1 },
      instance: path.replace('{wallet_id}', wallet_id),
      fieldOf,
    })
    const set = { link, minute, floor, reserve, nextMs: taken.value, lastMs: 0, lastCode: 0 }
    return { status: 200, body: ruleBody(wallet_id, set) }
  },
})

const noRule = (): Failure => new Failure('not-found', { detail: 'The merchant has no payout rule.' })

export const showPayoutRule = operation({
  name: 'showPayoutRule',
  method: 'get',
  path,
  tag: 'merchants',
  summary: 'A merchant’s payout rule, and how it last went',
  callers: ['wallet', 'institution', 'operator'],
  params,
  query: freshQuery,
  messages: { answer: 'PayoutRule' },
  answers: { 200: { description: 'As it stands', schema: rule } },
  async run({ caller, params: { wallet_id }, query }, services) {
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const wallet = result.number
    const read = await readAsAsked(query, (from) => services.gateway.ask(wallet, { type: 'payout', wallet }, from))
    if (read.result === null) throw noRule()
    const body = { ...ruleBody(wallet_id, read.result), as_of: asOfBody(read.asOf) }
    return { status: 200, body, headers: ageHeaders(read.asOf) }
  },
})

const ended = z.object({ wallet_id: walletIdField, status: z.literal('ended') }).openapi('PayoutRuleEnded')

export const endPayoutRule = operation({
  name: 'endPayoutRule',
  method: 'delete',
  path,
  tag: 'merchants',
  summary: 'Pay out by itself no more',
  description: 'By the merchant or its institution. Payouts that have begun go on. To end it twice changes nothing.',
  callers: ['wallet', 'institution'],
  params,
  messages: { answer: 'PayoutRuleEnded' },
  answers: { 200: { description: 'There is no rule any more', schema: ended } },
  async run({ caller, origin, params: { wallet_id }, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, undefined)
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const wallet = result.number
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'payoutRulePut',
      caller,
      origin,
      id,
      digest: requestDigest('payoutRulePut', { wallet, active: false }),
      fields: { wallet, link: 0, minute: 0, floor: 0, reserve: 0, active: 0 },
      instance: path.replace('{wallet_id}', wallet_id),
    })
    return { status: 200, body: { wallet_id, status: 'ended' } }
  },
})

export const payoutRuleOperations = [putPayoutRule, showPayoutRule, endPayoutRule]
