import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { splitsMax } from '../../actors/ledger/orderRecords.ts'
import type { SplitView } from '../../actors/ledger/orderViews.ts'
import { badField } from './failure.ts'
import { amountFen, amountField, commandIdField, walletIdField, yuanText } from './fields.ts'
import { namedWallet } from './namedWallet.ts'
import type { Services } from './operation.ts'
import { walletText } from './walletText.ts'

/** Hundredths of a percent: the parts in ten thousand that the ledger reckons with. */
const percentMax = 10_000
const percentField = z
  .string()
  .transform((text, context) => {
    const parts = amountFen(text)
    if (parts !== undefined && parts <= percentMax) return parts
    context.issues.push({
      code: 'custom',
      message: 'must be above zero, at most 100, with at most two decimals',
      input: text,
    })
    return z.NEVER
  })
  .openapi({ description: 'Of what the named amounts leave', example: '12.50' })

export const splitsField = z
  .array(
    z
      .strictObject({ payee_wallet: walletIdField, amount: amountField.optional(), percent: percentField.optional() })
      .openapi('SplitRequest'),
  )
  .min(1)
  .max(splitsMax)
  .optional()
  .openapi({ description: 'Who gets a part of the money when it is paid: an amount, or a percentage; the rest stays' })

type AskedSplits = NonNullable<z.infer<typeof splitsField>>

export const splitSchema = z
  .object({
    payee_wallet: walletIdField,
    amount: z.string().openapi({ example: '5.00' }),
    percent: z.string().optional(),
    status: z
      .enum(['waiting', 'paid', 'returned'])
      .openapi({ description: 'What is returned stays with the merchant' }),
    reason: z.string().optional().openapi({ description: 'Why it was returned: its name in the closed list' }),
    payment_id: commandIdField.optional().openapi({ description: 'Of the merchant’s payment that brought it' }),
  })
  .openapi('OrderSplit')

/** The fields of the ledger's command, and the text that the order's digest knows the splits by. */
export async function splitFields(services: Services, splits: AskedSplits) {
  const [payees, amounts, weights] = [
    new Float64Array(splitsMax),
    new Float64Array(splitsMax),
    new Uint16Array(splitsMax),
  ]
  const said: string[] = []
  for (const [n, { payee_wallet, amount, percent }] of splits.entries()) {
    if ((amount === undefined) === (percent === undefined)) {
      throw badField(`splits[${n}]`, 'must name an amount or a percentage, and not both')
    }
    const { number } = await namedWallet(services, payee_wallet, `splits[${n}].payee_wallet`)
    payees[n] = number
    amounts[n] = amount ?? 0
    weights[n] = percent ?? 0
    said.push(`${number} ${amount ?? 0} ${percent ?? 0}`)
  }
  const bytes = (list: Float64Array | Uint16Array): Uint8Array => new Uint8Array(list.buffer)
  const fields = { count: splits.length, payees: bytes(payees), amounts: bytes(amounts), weights: bytes(weights) }
  return { fields, said: said.join(', ') }
}

export async function splitBodies(services: Services, splits: readonly SplitView[]) {
  return Promise.all(
    splits.map(async ({ payee, amount, weight, state, reason, paymentId }) => ({
      payee_wallet: await walletText(services, payee),
      amount: yuanText(amount),
      ...(weight === 0 ? {} : { percent: yuanText(weight) }),
      status: state,
      ...(reason === 'accepted' ? {} : { reason }),
      ...(paymentId.every((byte) => byte === 0) ? {} : { payment_id: commandIdText(paymentId) }),
    })),
  )
}
