import { z } from '@hono/zod-openapi'
import type { PayLink } from '../pay/payLinks.ts'
import { type QrFormat, qrCode, qrTypes } from '../pay/qrCode.ts'
import { Failure } from './failure.ts'
import { timeField, timeText, walletIdField } from './fields.ts'
import { visibleMerchant } from './merchants.ts'
import { operation, type Services } from './operation.ts'
import { orderNoField, orderNoIn } from './orderNo.ts'

const formats = Object.keys(qrTypes) as [QrFormat, QrFormat]
const query = z.strictObject({
  format: z.enum(formats).optional().openapi({
    description: 'The code as a picture, which Accept may name too; without either the answer is what the code says',
  }),
})
const payLink = z
  .object({
    url: z.string().openapi({ description: 'What the code says', example: 'https://pay.example/pay/AAAAB3…' }),
    wallet_id: walletIdField,
    order_no: orderNoField.optional(),
    expires_at: timeField.optional().openapi({ description: 'Left out where the code can be paid for ever' }),
  })
  .openapi('PayLink')
const common = {
  method: 'get',
  tag: 'orders',
  callers: ['wallet', 'institution', 'operator', 'cashier', 'refunder'],
  query,
  media: Object.values(qrTypes),
  messages: { answer: 'PayLink' },
  answers: { 200: { description: 'The code, or what it says', schema: payLink } },
} as const

type Wanted = { readonly query: z.infer<typeof query>; readonly media: string | undefined }

function answerOf({ site, payLinks }: Services, link: PayLink, wanted: Wanted, body: object) {
  const url = `${site.url}/pay/${payLinks.tokenOf(link)}`
  const format = wanted.query.format ?? formats.find((one) => qrTypes[one] === wanted.media)
  const picture = format === undefined ? {} : { bytes: qrCode(url, format) }
  return { status: 200, body: { url, ...body }, ...picture } as const
}

export const showOrderQr = operation({
  ...common,
  name: 'showOrderQr',
  path: '/v1/merchants/{wallet_id}/orders/{order_no}/qr',
  summary: 'QR code of an order',
  description:
    'Its address opens the page on which the order is paid, and names nothing that a stranger could read or change. It is good for as long as the order can be paid; 409, 410 when it cannot.',
  params: z.object({ wallet_id: walletIdField, order_no: orderNoField }),
  async run({ caller, params: { wallet_id, order_no }, query, media }, services) {
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const asked = { type: 'order', wallet: result.number, orderNo: orderNoIn(order_no) } as const
    const { result: order } = await services.gateway.ask(result.number, asked)
    if (order === null) throw noOrder('order-unknown')
    if (order.state === 'paid') throw noOrder('order-paid')
    if (order.state === 'closed') throw noOrder('order-closed')
    if (order.state === 'expired') throw noOrder('order-expired')
    const link = { kind: 'order', merchant: result.number, orderNo: order_no, expiresMs: order.expiresMs } as const
    return answerOf(services, link, { query, media }, { wallet_id, order_no, expires_at: timeText(order.expiresMs) })
  },
})

function noOrder(reason: 'order-unknown' | 'order-paid' | 'order-closed' | 'order-expired'): Failure {
  return new Failure(reason, { fields: [{ field: 'order_no', message: reason }] })
}

export const showMerchantQr = operation({
  ...common,
  name: 'showMerchantQr',
  path: '/v1/merchants/{wallet_id}/qr',
  summary: 'QR code of a merchant',
  description: 'To be printed: it never expires, and the payer types the amount.',
  params: z.object({ wallet_id: walletIdField }),
  async run({ caller, params: { wallet_id }, query, media }, services) {
    const { result } = await visibleMerchant(services, caller, wallet_id)
    return answerOf(services, { kind: 'merchant', merchant: result.number }, { query, media }, { wallet_id })
  },
})

export const qrCodeOperations = [showOrderQr, showMerchantQr]
