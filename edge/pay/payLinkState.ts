import { z } from '@hono/zod-openapi'
import { commandIdText, walletIdText, walletKinds } from '../../actors/ledger/ids.ts'
import type { OrderView } from '../../actors/ledger/orderViews.ts'
import { Failure } from '../routes/failure.ts'
import { timeField, timeText, walletIdField, yuanText } from '../routes/fields.ts'
import type { JournalOrder } from '../routes/journal.ts'
import { readMerchantText } from '../routes/merchantText.ts'
import type { Services } from '../routes/operation.ts'
import { orderNoField, orderNoIn } from '../routes/orderNo.ts'
import { readOrderText } from '../routes/orderText.ts'
import { sha256 } from '../wire/canonical.ts'
import type { PayLink } from './payLinks.ts'

/** What is to be paid by a link, as everybody who holds it may know. */
export const payLinkStateSchema = z
  .object({
    payee_wallet: walletIdField,
    name_zh: z.string().optional(),
    name_en: z.string().optional(),
    status: z
      .enum(['payable', 'paid', 'closed'])
      .openapi({ description: 'Of an order; a merchant that is paid what the payer says is always payable' }),
    order: orderNoField
      .optional()
      .openapi({ description: 'To be named in the payment; absent: the payer says how much' }),
    amount: z.string().optional().openapi({ example: '50.00' }),
    description: z.string().optional(),
    expires_at: timeField.optional(),
    paid_by: z.string().optional().openapi({
      description:
        'Of a paid order: the first 16 hex digits of the SHA-256 of the payment id, for its payer to know it by',
      example: '5f70bf18a0860070',
    }),
    server_time: timeField.openapi({ description: 'For payers whose clock is wrong: ids and timestamps follow it' }),
  })
  .openapi('PayLinkState')
export type PayLinkState = z.infer<typeof payLinkStateSchema>

const paidByDigits = 16
type Order = OrderView | JournalOrder

/**
 * How what a link asks for stands now.
 * @throws Failure when this installation has not made it, or its time is over
 */
export async function payLinkState(services: Services, token: string): Promise<PayLinkState> {
  const link = services.payLinks.read(token)
  if (link === undefined) throw new Failure('pay-link-invalid')
  const [names, order] = await Promise.all([
    namesOf(services, link.merchant),
    link.kind === 'order' ? orderOf(services, link) : ({ status: 'payable' } as const),
  ])
  const payee_wallet = walletIdText(link.merchant, walletKinds.merchant)
  return { payee_wallet, ...names, ...order, server_time: timeText(services.nowMs()) }
}

async function namesOf(services: Services, merchant: number) {
  const written = await services.journal.merchant(merchant)
  const { name_zh, name_en } = readMerchantText(written.kind === 'found' ? written.record.content : undefined)
  return { ...(name_zh === undefined ? {} : { name_zh }), ...(name_en === undefined ? {} : { name_en }) }
}

async function orderOf(services: Services, link: PayLink & { kind: 'order' }) {
  const { gateway, journal } = services
  const query = { type: 'order', wallet: link.merchant, orderNo: orderNoIn(link.orderNo) } as const
  const [{ result }, written] = await Promise.all([
    gateway.ask(link.merchant, query),
    journal.order(link.merchant, link.orderNo),
  ])
  const record = written.kind === 'found' ? written.record : undefined
  const order: Order | undefined = result ?? record
  // A number is free again some time after its order: what is there now may be another one, of another amount.
  if (order?.expiresMs !== link.expiresMs) throw expired()
  const status = statusOf(order, services.nowMs())
  const described = record?.expiresMs === link.expiresMs ? readOrderText(record.content).description : undefined
  return {
    status,
    order: link.orderNo,
    amount: yuanText(order.amount),
    expires_at: timeText(order.expiresMs),
    ...(described === undefined ? {} : { description: described }),
    ...(status === 'paid' ? { paid_by: paidByOf(commandIdText(order.paymentId)) } : {}),
  }
}

const expired = (): Failure => new Failure('pay-link-expired')

function statusOf({ state, expiresMs }: Order, nowMs: number): PayLinkState['status'] {
  if (state === 'paid' || state === 'closed') return state
  if (state === 'expired' || expiresMs <= nowMs) throw expired()
  return 'payable'
}

/** Tells the payer's own page that it was this payment, and nobody else which it was. */
function paidByOf(paymentId: string): string {
  return Buffer.from(sha256(new TextEncoder().encode(paymentId)))
    .toString('hex')
    .slice(0, paidByDigits)
}
