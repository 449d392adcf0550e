import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import type { MandateView } from '../../actors/ledger/mandateViews.ts'
import { asOfSchema, commandIdField, timeField, timeText, walletIdField, yuanText } from './fields.ts'

export const mandateKinds = ['collect', 'schedule'] as const
export const mandatePeriods = ['once', 'day', 'week', 'month'] as const
export const mandateStatuses = ['active', 'cancelled', 'ended'] as const

const yuan = (description: string) => z.string().openapi({ description, example: '30.00' })

export const mandateSchema = z
  .object({
    mandate_id: commandIdField,
    wallet_id: walletIdField,
    payee_wallet: walletIdField,
    kind: z.enum(mandateKinds),
    status: z.enum(mandateStatuses),
    amount: yuan('Of one payment: at most when it is collected, exactly when it is scheduled'),
    period: z.enum(mandatePeriods),
    period_amount: yuan('In one period at most').optional(),
    period_taken: yuan('Taken in the period of now').optional(),
    taken: yuan('Taken in all, without what came back'),
    payments: z.int(),
    missed: z.int().openapi({ description: 'Scheduled payments that were not made' }),
    count_max: z.int().optional(),
    first_at: timeField,
    ends_at: timeField.optional(),
    next_at: timeField
      .optional()
      .openapi({ description: 'Of a schedule that goes on: its next payment, or the next try of one' }),
    last_reason: z
      .string()
      .optional()
      .openapi({ description: 'Why the last scheduled payment was refused, or why a payment came back' }),
    signed_at: timeField,
    ended_at: timeField.optional(),
    purpose: z.string().optional(),
    payer_name: z
      .string()
      .optional()
      .openapi({ description: "In a payee's list: a person's masked name, or what a merchant calls itself" }),
    as_of: asOfSchema.optional().openapi({ description: 'Left out where the answer is not a reading' }),
  })
  .openapi('Mandate')

/** A mandate as the shard's memory or the journal has it. */
export type MandateState = Omit<
  MandateView,
  'walletNumber' | 'payee' | 'payeeInstitution' | 'tries' | 'seq' | 'index' | 'periodTaken'
> & { readonly periodTaken?: number }

export function mandateBody(
  walletId: string,
  payeeWallet: string,
  mandate: MandateState,
  purpose: string | undefined,
): Record<string, unknown> {
  const { scheduled, period, state, periodTaken, countMax, endsMs, nextMs, lastOutcome } = mandate
  const bounds = scheduled ? {} : { period_amount: yuanText(mandate.periodAmount) }
  const goesOn = scheduled && state === 'active' && nextMs !== 0
  return {
    mandate_id: commandIdText(mandate.id),
    wallet_id: walletId,
    payee_wallet: payeeWallet,
    kind: scheduled ? 'schedule' : 'collect',
    status: state === 'over' ? 'ended' : state,
    amount: yuanText(mandate.amount),
    period,
    ...bounds,
    ...(scheduled || periodTaken === undefined ? {} : { period_taken: yuanText(periodTaken) }),
    taken: yuanText(mandate.taken),
    payments: mandate.payments,
    missed: mandate.missed,
    ...(countMax === 0 ? {} : { count_max: countMax }),
    first_at: timeText(mandate.firstMs),
    ...(endsMs === 0 ? {} : { ends_at: timeText(endsMs) }),
    ...(goesOn ? { next_at: timeText(nextMs) } : {}),
    ...(lastOutcome === 'accepted' ? {} : { last_reason: lastOutcome }),
    signed_at: timeText(mandate.signedMs),
    ...(state === 'active' ? {} : { ended_at: timeText(mandate.changedMs) }),
    ...(purpose === undefined ? {} : { purpose }),
  }
}
