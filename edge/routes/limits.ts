import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { commandIdOf, runCommandEverywhere } from './commandDesk.ts'
import { asOfBody, asOfSchema, limitField, limitText, requestIdField, timeField, timeText } from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import { operation } from './operation.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'
import { effectiveField, effectiveMs } from './riskFields.ts'

const yuanOrNone = z.string().nullable().openapi({ description: 'Yuan, or null for none', example: '2000.00' })
const classField = z.int().min(0).max(4).openapi({ description: 'Wallet class 1-4, or 0 for corporate wallets' })
const levelField = z.int().min(0).max(3)

const limitsSchema = z
  .object({
    class: classField,
    effective_at: timeField,
    balance: yuanOrNone,
    single: yuanOrNone,
    day: yuanOrNone,
    year: yuanOrNone,
  })
  .openapi('ClassLimits')
const riskSchema = z
  .object({
    level: levelField,
    effective_at: timeField,
    percent: z.int().openapi({ description: 'Share of the single and day limits that is left' }),
    recharges_per_day_max: z.int(),
    payments_per_day_max: z.int(),
  })
  .openapi('RiskRule')
const refundSchema = z
  .object({
    days: z.int().openapi({ description: 'How long after its payment an order may be refunded' }),
    effective_at: timeField,
  })
  .openapi('RefundRule')
const recoverySchema = z
  .object({
    minutes: z.int().openapi({ description: 'How long who has the old key may object to a new one' }),
    effective_at: timeField,
  })
  .openapi('RecoveryRule')
const rules = z
  .object({
    classes: z.array(limitsSchema),
    risk_levels: z.array(riskSchema),
    refund_periods: z.array(refundSchema),
    recovery_waits: z.array(recoverySchema),
    as_of: asOfSchema,
  })
  .openapi('Limits')

/** Rules are the same in every shard; the first is asked. */
const askedShard = 0

export const showLimits = operation({
  name: 'showLimits',
  method: 'get',
  path: '/v1/limits',
  tag: 'limits',
  summary: 'Limits by wallet class and what risk levels leave of them, with the dates from which they hold',
  description:
    'Of several entries with the same class or level the one with the latest date that has come is in force.',
  callers: ['wallet', 'institution', 'operator'],
  query: freshQuery,
  messages: { answer: 'Limits' },
  answers: { 200: { description: 'All versions, oldest first', schema: rules } },
  async run({ query }, { gateway }) {
    const { asOf, result } = await readAsAsked(query, (from) =>
      gateway.queries.ask(askedShard, { type: 'rules' as const }, from),
    )
    const classes = result.limits.map((l) => ({
      class: l.class,
      effective_at: timeText(l.effectiveMs),
      balance: limitText(l.balance),
      single: limitText(l.single),
      day: limitText(l.day),
      year: limitText(l.year),
    }))
    const risk_levels = result.risk.map((r) => ({
      level: r.level,
      effective_at: timeText(r.effectiveMs),
      percent: r.percent,
      recharges_per_day_max: r.rechargesPerDayMax,
      payments_per_day_max: r.paymentsPerDayMax,
    }))
    const refund_periods = result.refunds.map((r) => ({ days: r.days, effective_at: timeText(r.effectiveMs) }))
    const recovery_waits = result.recoveries.map((r) => ({
      minutes: r.minutes,
      effective_at: timeText(r.effectiveMs),
    }))
    return {
      status: 200,
      body: { classes, risk_levels, refund_periods, recovery_waits, as_of: asOfBody(asOf) },
      headers: ageHeaders(asOf),
    }
  },
})

/** The place of the answer is the first shard's; the others have taken the same command. */
const taken = z.object({ request_id: z.string(), status: z.literal('in-force-or-dated') }).openapi('RuleTaken')
const takenBody = (id: Uint8Array) => ({ request_id: commandIdText(id), status: 'in-force-or-dated' })

export const putLimits = operation({
  name: 'putLimits',
  method: 'put',
  path: '/v1/limits',
  tag: 'limits',
  summary: 'Set the limits of a wallet class from a date on',
  callers: ['operator'],
  body: z
    .strictObject({
      class: classField,
      effective_at: effectiveField,
      balance: limitField,
      single: limitField,
      day: limitField,
      year: limitField,
      reason: reasonField,
      request_id: requestIdField,
    })
    .openapi('PutLimitsRequest'),
  messages: { request: 'PutLimitsRequest', answer: 'RuleTaken' },
  answers: { 200: { description: 'Every shard has taken it', schema: taken } },
  async run({ caller, origin, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { class: group, balance, single, day, year } = body
    const fields = { class: group, effectiveMs: effectiveMs(body.effective_at), balance, single, day, year }
    const { text, ...why } = reasonOf(caller, body.reason)
    const digest = requestDigest('limitsPut', { ...fields, ...why })
    const fieldOf = { 'rule-invalid': 'class' } as const
    await runCommandEverywhere(gateway, {
      op: 'limitsPut',
      caller,
      origin,
      id,
      digest,
      fields,
      ...(text && { text }),
      instance: '/v1/limits',
      fieldOf,
    })
    return { status: 200, body: takenBody(id) }
  },
})

export const putRiskRule = operation({
  name: 'putRiskRule',
  method: 'put',
  path: '/v1/limits/risk-levels',
  tag: 'limits',
  summary: 'Set what a risk level means from a date on',
  callers: ['operator'],
  body: z
    .strictObject({
      level: levelField,
      effective_at: effectiveField,
      percent: z.int().min(0).max(100),
      recharges_per_day_max: z.int().min(0).max(65_535),
      payments_per_day_max: z.int().min(0).max(65_535),
      reason: reasonField,
      request_id: requestIdField,
    })
    .openapi('PutRiskRuleRequest'),
  messages: { request: 'PutRiskRuleRequest', answer: 'RuleTaken' },
  answers: { 200: { description: 'Every shard has taken it', schema: taken } },
  async run({ caller, origin, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const fields = {
      level: body.level,
      percent: body.percent,
      effectiveMs: effectiveMs(body.effective_at),
      rechargesPerDayMax: body.recharges_per_day_max,
      paymentsPerDayMax: body.payments_per_day_max,
    }
    const { text, ...why } = reasonOf(caller, body.reason)
    const digest = requestDigest('riskRulePut', { ...fields, ...why })
    await runCommandEverywhere(gateway, {
      op: 'riskRulePut',
      caller,
      origin,
      id,
      digest,
      fields,
      ...(text && { text }),
      instance: '/v1/limits',
    })
    return { status: 200, body: takenBody(id) }
  },
})

export const putRefundRule = operation({
  name: 'putRefundRule',
  method: 'put',
  path: '/v1/limits/refunds',
  tag: 'limits',
  summary: 'Set how long orders may be refunded that are paid from a date on',
  callers: ['operator'],
  body: z
    .strictObject({
      days: z.int().min(1).max(3_650),
      effective_at: effectiveField,
      reason: reasonField,
      request_id: requestIdField,
    })
    .openapi('PutRefundRuleRequest'),
  messages: { request: 'PutRefundRuleRequest', answer: 'RuleTaken' },
  answers: { 200: { description: 'Every shard has taken it', schema: taken } },
  async run({ caller, origin, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const fields = { days: body.days, effectiveMs: effectiveMs(body.effective_at) }
    const { text, ...why } = reasonOf(caller, body.reason)
    const digest = requestDigest('refundRulePut', { ...fields, ...why })
    const plan = { op: 'refundRulePut', caller, origin, id, digest, fields, instance: '/v1/limits' } as const
    await runCommandEverywhere(gateway, { ...plan, ...(text && { text }) })
    return { status: 200, body: takenBody(id) }
  },
})

export const putRecoveryRule = operation({
  name: 'putRecoveryRule',
  method: 'put',
  path: '/v1/limits/recoveries',
  tag: 'limits',
  summary: 'Set how long a recovery of a wallet waits for an objection, from a date on',
  description: 'Recoveries that have begun wait as they were told. With 0 minutes a new key signs at once.',
  callers: ['operator'],
  body: z
    .strictObject({
      minutes: z.int().min(0).max(43_200),
      effective_at: effectiveField,
      reason: reasonField,
      request_id: requestIdField,
    })
    .openapi('PutRecoveryRuleRequest'),
  messages: { request: 'PutRecoveryRuleRequest', answer: 'RuleTaken' },
  answers: { 200: { description: 'Every shard has taken it', schema: taken } },
  async run({ caller, origin, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const fields = { minutes: body.minutes, effectiveMs: effectiveMs(body.effective_at) }
    const { text, ...why } = reasonOf(caller, body.reason)
    const digest = requestDigest('recoveryRulePut', { ...fields, ...why })
    const plan = { op: 'recoveryRulePut', caller, origin, id, digest, fields, instance: '/v1/limits' } as const
    await runCommandEverywhere(gateway, { ...plan, ...(text && { text }) })
    return { status: 200, body: takenBody(id) }
  },
})

export const limitOperations = [showLimits, putLimits, putRiskRule, putRefundRule, putRecoveryRule]
