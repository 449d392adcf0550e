import { z } from '@hono/zod-openapi'
import { fenMax } from '../../actors/ledger/money.ts'
import { riskActions, riskKinds } from '../../actors/ledger/riskRules.ts'
import { standingReasons, standings } from '../../actors/ledger/standings.ts'
import { badField, Failure } from './failure.ts'
import { limitField, timeField } from './fields.ts'
import { timeIn } from './paymentRequest.ts'

export type Names = Readonly<Record<string, number>>

export const kindNames = {
  'payer-frequency': riskKinds.payerFrequency,
  'device-frequency': riskKinds.deviceFrequency,
  'merchant-frequency': riskKinds.merchantFrequency,
  habit: riskKinds.habit,
  'new-device': riskKinds.newDevice,
  'new-linked-account': riskKinds.newLink,
} as const
export const actionNames = {
  off: riskActions.off,
  refuse: riskActions.refuse,
  confirm: riskActions.stepUp,
} as const
export const windowNames = { '10s': 0, '1m': 1, '1h': 2 } as const

const keysOf = <T extends Names>(names: T) => Object.keys(names) as [keyof T & string, ...(keyof T & string)[]]
export const nameOf = (names: Names, value: number): string =>
  Object.keys(names).find((name) => names[name] === value) ?? String(value)

const countMax = 1_000_000_000
export const effectiveField = timeField
  .optional()
  .openapi({ description: 'From when on; now when it is left out or has passed' })
export const kindField = z.enum(keysOf(kindNames)).openapi({ description: 'What the rule judges' })
export const actionField = z.enum(keysOf(actionNames)).openapi({
  description:
    'What becomes of a payment that it speaks of. confirm: only a wallet whose key is a passkey may make it. off ends the rule',
})
export const windowField = z
  .enum(keysOf(windowNames))
  .optional()
  .openapi({ description: 'Of a frequency: what payments are counted in' })
export const paymentsMaxField = z
  .int()
  .min(0)
  .max(countMax)
  .optional()
  .openapi({ description: 'Of a frequency: most payments in the window' })
export const factorField = z
  .int()
  .min(1)
  .max(1_000)
  .optional()
  .openapi({ description: 'Of a habit: how many times the average of a wallet is too much' })
export const amountAboveField = limitField
  .optional()
  .openapi({ description: 'Yuan: most that a merchant takes in the window, or above which the rule speaks' })
export const ageField = z
  .int()
  .min(0)
  .max(countMax)
  .optional()
  .openapi({ description: 'Seconds after which a device or linked account is no longer new' })
export const standingField = z.enum(keysOf(standings)).openapi({ description: 'Whether the wallet may be paid' })
export const causeField = z.enum(keysOf(standingReasons)).openapi({ description: 'Why, for statistics' })

/** Milliseconds of an RFC 3339 time; 0, which has always passed, when none is given. */
export function effectiveMs(text: string | undefined): number {
  if (text === undefined) return 0
  const ms = timeIn(text, 'effective_at')
  if (ms < 0) throw badField('effective_at', 'must not be before 1970')
  return ms
}

export type RuleBody = {
  readonly kind: keyof typeof kindNames
  readonly action: keyof typeof actionNames
  readonly window?: keyof typeof windowNames | undefined
  readonly payments_max?: number | undefined
  readonly factor?: number | undefined
  readonly amount?: number | undefined
  readonly age_seconds?: number | undefined
  readonly effective_at?: string | undefined
}

const isFrequency = (kind: RuleBody['kind']): boolean => kind.endsWith('-frequency')

/** Which members a rule of this kind needs when it is not ended. */
function neededBy(kind: RuleBody['kind']): readonly (keyof RuleBody)[] {
  if (isFrequency(kind)) return ['window', 'payments_max']
  return kind === 'habit' ? ['factor', 'amount'] : ['age_seconds', 'amount']
}

/** @throws Failure that names what is missing, or belongs to another kind of rule */
export function checkRule(body: RuleBody): void {
  const needed = isFrequency(body.kind) && body.action === 'off' ? (['window'] as const) : neededBy(body.kind)
  const missing = (body.action === 'off' && !isFrequency(body.kind) ? [] : needed).filter(
    (name) => body[name] === undefined,
  )
  if (missing.length > 0) {
    const fields = missing.map((field) => ({ field, message: `is needed of a rule of the kind ${body.kind}` }))
    throw new Failure('field-missing', { fields })
  }
  const taken = new Set<string>([...neededBy(body.kind), ...(body.kind === 'merchant-frequency' ? ['amount'] : [])])
  for (const name of ['window', 'payments_max', 'factor', 'amount', 'age_seconds'] as const) {
    if (body[name] !== undefined && !taken.has(name)) throw badField(name, `is not of a rule of the kind ${body.kind}`)
  }
  if (body.kind === 'merchant-frequency' && body.action === 'confirm') {
    throw badField('action', 'must be refuse or off: whoever is paid cannot confirm')
  }
}

/** A checked rule as the ledger takes it. */
export function ruleFields(body: RuleBody) {
  return {
    kind: kindNames[body.kind],
    action: actionNames[body.action],
    window: windowNames[body.window ?? '10s'],
    paymentsMax: body.payments_max ?? 0,
    factor: body.factor ?? 1,
    fen: body.amount ?? (body.kind === 'merchant-frequency' ? fenMax : 0),
    ageMs: (body.age_seconds ?? 0) * 1_000,
    effectiveMs: effectiveMs(body.effective_at),
  }
}
