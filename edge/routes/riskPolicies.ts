import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { type RiskRuleVersion, riskActions, riskKinds, riskPlace, sinceMs } from '../../actors/ledger/riskRules.ts'
import { commandIdOf, runCommandEverywhere } from './commandDesk.ts'
import { asOfBody, asOfSchema, limitText, requestIdField, timeField, timeText } from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import { operation } from './operation.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'
import {
  actionField,
  actionNames,
  ageField,
  amountAboveField,
  checkRule,
  effectiveField,
  factorField,
  kindField,
  kindNames,
  nameOf,
  paymentsMaxField,
  ruleFields,
  windowField,
  windowNames,
} from './riskFields.ts'

const policy = z
  .object({
    kind: kindField,
    action: actionField,
    window: windowField,
    payments_max: z.int().optional(),
    factor: z.int().optional(),
    amount: z.string().nullable().optional(),
    age_seconds: z.int().optional(),
    effective_at: timeField,
    in_force: z.boolean(),
  })
  .openapi('RiskPolicy')
const policies = z
  .object({
    rules: z.array(policy),
    rule_version: z.int().openapi({
      description: 'How many versions of limits and risk rules have come into force: payments are kept with it',
    }),
    second_person_required: z.boolean(),
    as_of: asOfSchema,
  })
  .openapi('RiskPolicies')

/** Rules are the same in every shard; the first is asked. */
export const askedShard = 0

/** What a version says, without what its kind does not know. */
export function ruleBody(rule: RiskRuleVersion) {
  const { kind, action, window, paymentsMax, factor, fen, ageMs } = rule
  const frequency = kind <= riskKinds.merchantFrequency
  const ofNew = kind === riskKinds.newDevice || kind === riskKinds.newLink
  const withAmount = kind >= riskKinds.merchantFrequency
  return {
    kind: nameOf(kindNames, kind),
    action: nameOf(actionNames, action),
    ...(frequency ? { window: nameOf(windowNames, window) } : {}),
    ...(action === riskActions.off
      ? {}
      : {
          ...(frequency ? { payments_max: paymentsMax } : {}),
          ...(kind === riskKinds.habit ? { factor } : {}),
          ...(withAmount ? { amount: limitText(fen) } : {}),
          ...(ofNew ? { age_seconds: Math.floor(ageMs / 1_000) } : {}),
        }),
  }
}

/** Of the versions of each rule the one that holds at a moment. */
function inForceAt(versions: readonly RiskRuleVersion[], nowMs: number): ReadonlySet<RiskRuleVersion> {
  const found = new Map<number, RiskRuleVersion>()
  for (const version of versions) {
    if (version.effectiveMs > nowMs) continue
    const place = riskPlace(version.kind, version.window)
    const other = found.get(place)
    const isLater =
      other === undefined ||
      sinceMs(version) > sinceMs(other) ||
      (sinceMs(version) === sinceMs(other) && version.saidMs >= other.saidMs)
    if (isLater) found.set(place, version)
  }
  return new Set(found.values())
}

export const showRiskPolicies = operation({
  name: 'showRiskPolicies',
  method: 'get',
  path: '/v1/risk-rules',
  tag: 'risk',
  summary: 'Rules that judge payments before money moves, all versions with the dates from which they hold',
  description: 'Only operators see them: a refusal says which kind of rule it was, and never its threshold.',
  callers: ['operator'],
  query: freshQuery,
  messages: { answer: 'RiskPolicies' },
  answers: { 200: { description: 'All versions, oldest first', schema: policies } },
  async run({ query }, { gateway }) {
    const { asOf, result } = await readAsAsked(query, (from) =>
      gateway.queries.ask(askedShard, { type: 'riskRules' as const }, from),
    )
    const held = inForceAt(result.versions, asOf.timeMs)
    const sorted = [...result.versions].sort((a, b) => sinceMs(a) - sinceMs(b) || a.saidMs - b.saidMs)
    const rules = sorted.map((rule) => ({
      ...ruleBody(rule),
      effective_at: timeText(sinceMs(rule)),
      in_force: held.has(rule) && rule.action !== riskActions.off,
    }))
    const { ruleVersion: rule_version, secondPerson: second_person_required } = result
    const body = { rules, rule_version, second_person_required, as_of: asOfBody(asOf) }
    return { status: 200, body, headers: ageHeaders(asOf) }
  },
})

const taken = z.object({ request_id: z.string(), status: z.literal('in-force-or-dated') }).openapi('RuleTaken')
const takenBody = (id: Uint8Array) => ({ request_id: commandIdText(id), status: 'in-force-or-dated' })
const instance = '/v1/risk-rules'

export const putRiskPolicy = operation({
  name: 'putRiskPolicy',
  example: {
    kind: 'habit',
    action: 'refuse',
    factor: 20,
    amount: '50000.00',
    effective_at: '2026-12-01T00:00:00Z',
    reason: 'amounts far above a payer’s habit',
    request_id: '019aa3b4-5c00-7000-8000-000000000001',
  },
  method: 'put',
  path: '/v1/risk-rules',
  tag: 'risk',
  summary: 'Set a rule that judges payments before money moves, from a date on',
  description:
    'A rule is one of its kind, and of its window. What it needs to know of payers, devices and merchants is kept from the moment that it is entered: give it a date ahead, so that nobody is new to it. Where a second person is needed it is proposed instead.',
  callers: ['operator'],
  body: z
    .strictObject({
      kind: kindField,
      action: actionField,
      window: windowField,
      payments_max: paymentsMaxField,
      factor: factorField,
      amount: amountAboveField,
      age_seconds: ageField,
      effective_at: effectiveField,
      reason: reasonField,
      request_id: requestIdField,
    })
    .openapi('PutRiskPolicyRequest'),
  messages: { request: 'PutRiskPolicyRequest', answer: 'RuleTaken' },
  answers: { 200: { description: 'Every shard has taken it', schema: taken } },
  async run({ caller, origin, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    checkRule(body)
    const { text, ...why } = reasonOf(caller, body.reason)
    const fields = ruleFields(body)
    const digest = requestDigest('riskPolicyPut', { ...fields, ...why })
    const plan = { op: 'riskPolicyPut', caller, origin, id, digest, fields, instance } as const
    await runCommandEverywhere(gateway, { ...plan, ...(text && { text }) })
    return { status: 200, body: takenBody(id) }
  },
})

export const putSecondPerson = operation({
  name: 'putSecondPerson',
  method: 'put',
  path: '/v1/risk-rules/second-person',
  tag: 'risk',
  summary: 'Say whether a change of rules, operators or the blacklist needs a second operator',
  description:
    'Once it does, to say that it does not needs one too. With fewer than two operators nobody can be asked.',
  callers: ['operator'],
  body: z
    .strictObject({ required: z.boolean(), reason: reasonField, request_id: requestIdField })
    .openapi('PutSecondPersonRequest'),
  messages: { request: 'PutSecondPersonRequest', answer: 'RuleTaken' },
  answers: { 200: { description: 'Every shard has taken it', schema: taken } },
  async run({ caller, origin, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { text, ...why } = reasonOf(caller, body.reason)
    const fields = { required: body.required ? 1 : 0 }
    const digest = requestDigest('secondPersonPut', { ...fields, ...why })
    const plan = { op: 'secondPersonPut', caller, origin, id, digest, fields, instance } as const
    await runCommandEverywhere(gateway, { ...plan, ...(text && { text }) })
    return { status: 200, body: takenBody(id) }
  },
})

export const riskOperations = [showRiskPolicies, putRiskPolicy, putSecondPerson]
