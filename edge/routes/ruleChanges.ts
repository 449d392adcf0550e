import { z } from '@hono/zod-openapi'
import { encodeCommand, systemHead } from '../../actors/ledger/frameBuilder.ts'
import { walletIdText } from '../../actors/ledger/ids.ts'
import { type ChangeOp, changeNamed, readChange } from '../../actors/ledger/proposals.ts'
import { commandHeadRecord, commandOps, commandRecords, principalRoles } from '../../actors/ledger/records.ts'
import { standingReasons, standings } from '../../actors/ledger/standings.ts'
import { walletNumberIn } from './caller.ts'
import { badField, Failure } from './failure.ts'
import { limitField, limitText, timeText, walletIdField } from './fields.ts'
import {
  actionField,
  ageField,
  amountAboveField,
  causeField,
  checkRule,
  effectiveField,
  effectiveMs,
  factorField,
  kindField,
  nameOf,
  paymentsMaxField,
  type RuleBody,
  ruleFields,
  standingField,
  windowField,
} from './riskFields.ts'
import { ruleBody } from './riskPolicies.ts'

const roleField = z.enum(Object.keys(principalRoles) as ['institution', 'operator'])
const perDay = z.int().min(0).max(65_535)

/** Everything that a proposal of any kind may say. Requests are flat, so that JSON and Protobuf are alike. */
export const changeShape = {
  effective_at: effectiveField,
  kind: kindField.optional(),
  action: actionField.optional(),
  window: windowField,
  payments_max: paymentsMaxField,
  factor: factorField,
  amount: amountAboveField,
  age_seconds: ageField,
  class: z.int().min(0).max(4).optional(),
  balance: limitField.optional(),
  single: limitField.optional(),
  day: limitField.optional(),
  year: limitField.optional(),
  level: z.int().min(0).max(3).optional(),
  percent: z.int().min(0).max(100).optional(),
  recharges_per_day_max: perDay.optional(),
  payments_per_day_max: perDay.optional(),
  days: z.int().min(1).max(3_650).optional(),
  minutes: z.int().min(0).max(43_200).optional(),
  wallet_id: walletIdField.optional(),
  standing: standingField.optional(),
  cause: causeField.optional(),
  role: roleField.optional(),
  number: z.int().min(1).max(255).optional(),
  active: z.boolean().optional(),
  public_key: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the 32 bytes of an Ed25519 public key in lower-case hex')
    .optional(),
  required: z.boolean().optional(),
} as const
type Said = { readonly [K in keyof typeof changeShape]?: z.infer<(typeof changeShape)[K]> }
type Member = keyof typeof changeShape
type Values = Readonly<Record<string, number | Uint8Array>>

/** What may be proposed: the command that does it, which members say it, and how it is shown to who has to agree. */
type Change = {
  readonly op: ChangeOp
  readonly needs: readonly Member[]
  readonly takes: readonly Member[]
  readonly fields: (said: Said) => object
  readonly shown: (values: Values) => Readonly<Record<string, string | number | boolean | null>>
}

const ruleMembers = ['window', 'payments_max', 'factor', 'amount', 'age_seconds', 'effective_at'] as const
const limitMembers = ['balance', 'single', 'day', 'year'] as const
const number = (values: Values, name: string): number => values[name] as number
const since = (values: Values) => {
  const ms = number(values, 'effectiveMs')
  return ms <= 0 ? {} : { effective_at: timeText(ms) }
}

export const changes = {
  risk_rule: {
    op: 'riskPolicyPut',
    needs: ['kind', 'action'],
    takes: ruleMembers,
    fields: (said) => {
      checkRule(said as RuleBody)
      return ruleFields(said as RuleBody)
    },
    shown: (values) => ({ ...ruleBody({ ...(values as never as Parameters<typeof ruleBody>[0]) }), ...since(values) }),
  },
  limits: {
    op: 'limitsPut',
    needs: ['class', ...limitMembers],
    takes: ['effective_at'],
    fields: ({ class: group, balance, single, day, year, effective_at }) => {
      return { class: group, balance, single, day, year, effectiveMs: effectiveMs(effective_at) }
    },
    shown: (values) => ({
      class: number(values, 'class'),
      ...Object.fromEntries(limitMembers.map((name) => [name, limitText(number(values, name)) ?? 'none'])),
      ...since(values),
    }),
  },
  risk_level: {
    op: 'riskRulePut',
    needs: ['level', 'percent', 'recharges_per_day_max', 'payments_per_day_max'],
    takes: ['effective_at'],
    fields: (said) => ({
      level: said.level,
      percent: said.percent,
      rechargesPerDayMax: said.recharges_per_day_max,
      paymentsPerDayMax: said.payments_per_day_max,
      effectiveMs: effectiveMs(said.effective_at),
    }),
    shown: (values) => ({
      level: number(values, 'level'),
      percent: number(values, 'percent'),
      recharges_per_day_max: number(values, 'rechargesPerDayMax'),
      payments_per_day_max: number(values, 'paymentsPerDayMax'),
      ...since(values),
    }),
  },
  refund_period: {
    op: 'refundRulePut',
    needs: ['days'],
    takes: ['effective_at'],
    fields: ({ days, effective_at }) => ({ days, effectiveMs: effectiveMs(effective_at) }),
    shown: (values) => ({ days: number(values, 'days'), ...since(values) }),
  },
  recovery_wait: {
    op: 'recoveryRulePut',
    needs: ['minutes'],
    takes: ['effective_at'],
    fields: ({ minutes, effective_at }) => ({ minutes, effectiveMs: effectiveMs(effective_at) }),
    shown: (values) => ({ minutes: number(values, 'minutes'), ...since(values) }),
  },
  standing: {
    op: 'standingPut',
    needs: ['wallet_id', 'standing', 'cause'],
    takes: [],
    fields: ({ wallet_id, standing, cause }) => ({
      wallet: walletNumberIn(wallet_id!, 'wallet_id'),
      standing: standings[standing!],
      reason: standingReasons[cause!],
    }),
    shown: (values) => ({
      wallet_id: walletIdText(number(values, 'wallet'), 1),
      standing: nameOf(standings, number(values, 'standing')),
      cause: nameOf(standingReasons, number(values, 'reason')),
    }),
  },
  principal: {
    op: 'principalPut',
    needs: ['role', 'number', 'active', 'public_key'],
    takes: [],
    fields: ({ role, number: of, active, public_key }) => ({
      number: of,
      role: principalRoles[role!],
      active: active ? 1 : 0,
      publicKey: new Uint8Array(Buffer.from(public_key!, 'hex')),
    }),
    shown: (values) => ({
      role: nameOf(principalRoles, number(values, 'role')),
      number: number(values, 'number'),
      active: values.active === 1,
      public_key: Buffer.from(values.publicKey as Uint8Array).toString('hex'),
    }),
  },
  second_person: {
    op: 'secondPersonPut',
    needs: ['required'],
    takes: [],
    fields: ({ required }) => ({ required: required ? 1 : 0 }),
    shown: (values) => ({ required: values.required === 1 }),
  },
} as const satisfies Readonly<Record<string, Change>>
export type ChangeName = keyof typeof changes
export const changeNames = Object.keys(changes) as [ChangeName, ...ChangeName[]]

/**
 * The command that is proposed, without its head.
 * @throws Failure that names what is missing, or belongs to another change
 */
export function changeOf(name: ChangeName, said: Said): { op: number; change: Uint8Array } {
  const { op, needs, takes, fields }: Change = changes[name]
  const missing = needs.filter((member) => said[member] === undefined)
  if (missing.length > 0) {
    throw new Failure('field-missing', { fields: missing.map((field) => ({ field, message: `is needed of ${name}` })) })
  }
  const known: readonly string[] = [...needs, ...takes]
  for (const [member, value] of Object.entries(said)) {
    if (value !== undefined && !known.includes(member)) throw badField(member, `is no part of ${name}`)
  }
  const command = encodeCommand(op, { ...systemHead, ...fields(said) } as never)
  return { op: commandOps[op], change: command.slice(commandHeadRecord.size, commandRecords[op].size) }
}

/** What a proposal says, read from the very bytes that would be carried out. */
export function shownChange(
  op: number,
  bytes: Uint8Array,
): { change: string; details: { name: string; value: string }[] } {
  const command = changeNamed(op)
  const [name, change] = Object.entries(changes as Record<string, Change>).find(([, one]) => one.op === command) ?? []
  if (command === undefined || change === undefined) return { change: String(op), details: [] }
  const shown = change.shown(readChange(command, bytes, 0, systemHead) as unknown as Values)
  const details = Object.entries(shown).map(([member, value]) => ({ name: member, value: String(value ?? 'none') }))
  return { change: name!, details }
}
