import { z } from '@hono/zod-openapi'
import { destinationSaga } from '../../actors/ledger/outcomes.ts'
import { type Refusal, refusalOf } from '../../actors/ledger/refusals.ts'
import { actsForWallet, type Caller, visibleWallet } from './caller.ts'
import { paymentIdIn } from './commandDesk.ts'
import { Failure } from './failure.ts'
import { commandIdField, positionSchema, statusUrlField, timeField, walletIdField, yuanText } from './fields.ts'
import type { JournalPayment } from './journal.ts'
import { type Answered, operation, type Services } from './operation.ts'
import { orderNoField } from './orderNo.ts'
import { executedBody } from './paymentAnswer.ts'
import { outwardCode } from './sagas.ts'
import { walletText } from './walletText.ts'

export const paymentRequestSchema = z
  .strictObject({
    payment_id: commandIdField,
    payer_wallet: walletIdField,
    payee_wallet: walletIdField,
    amount: z.union([z.string(), z.number()]).openapi({
      description: 'Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text)',
      example: '100.50',
    }),
    currency: z.literal('CNY-DC'),
    timestamp: timeField.openapi({ description: 'RFC 3339, within 15 minutes of now' }),
    order: orderNoField.optional().openapi({
      description: 'Number of the payee’s order that is paid: the money comes back unless this payment is the first',
    }),
    signature: z.string().openapi({
      description:
        "Hex DER ECDSA P-256 with SHA-256 over the canonical bytes: the line 'jiaozi-payment-v1', a line feed, then the members above that are given as RFC 8785 JSON, the amount with exactly two decimals",
      example: '3045022100…',
    }),
    webauthn: z
      .strictObject({ authenticator_data: z.string(), client_data_json: z.string() })
      .optional()
      .openapi('WebAuthnAssertion', {
        description:
          'From a wallet whose key is a passkey, both in base64url: what the authenticator signed. Its challenge is the SHA-256 of the canonical bytes, and the signature is the authenticator’s.',
      }),
    device_fingerprint: z.string().optional().openapi({ description: 'Or in the header X-Device-Fingerprint' }),
    geo_location: z
      .string()
      .optional()
      .openapi({ description: '"latitude,longitude", or in the header X-Geo-Location', example: '31.2304,121.4737' }),
  })
  .openapi('PaymentRequest')

export const paymentSchema = z
  .object({
    payment_id: commandIdField,
    payer_wallet: walletIdField,
    status: z.enum(['completed', 'pending', 'refused']),
    executed_at: timeField.optional(),
    position: positionSchema.optional(),
    code: z.string().optional().openapi({ description: 'Why it was refused: INSUFFICIENT_BALANCE, …' }),
    reason: z.string().optional().openapi({ description: 'Why it was refused: its name in the closed list' }),
    status_url: statusUrlField,
  })
  .openapi('Payment')

/** How a payment stands; that it completed is told in the very body that its request was answered with. */
function standing(
  paymentId: string,
  payerWallet: string,
  { refusal, complete, executed }: { refusal: Refusal; complete: boolean; executed: JournalPayment['executed'] },
): Answered {
  if (refusal !== 'accepted') {
    const why = { code: outwardCode(refusal), reason: refusal }
    return { status: 200, body: { ...executedBody(paymentId, payerWallet, 'refused', executed), ...why } }
  }
  return { status: 200, body: executedBody(paymentId, payerWallet, complete ? 'completed' : 'pending', executed) }
}

/** From the ledger's memory, or from the journal once that has forgotten. Undefined when neither knows it. */
async function find(
  services: Services,
  payer: number,
  payerWallet: string,
  paymentId: string,
  id: Uint8Array,
): Promise<Answered | undefined> {
  const { asOf, result } = await services.gateway.ask(payer, { type: 'command', actor: payer, id })
  if (result !== null && result.destination !== destinationSaga) {
    const { refusal, complete, seq, index, time } = result
    const executed = { shard: asOf.shard, seq, index, timeMs: time }
    return standing(paymentId, payerWallet, { refusal, complete, executed })
  }
  const found = await services.journal.payment(payer, id)
  if (found.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
  if (found.kind === 'none') return undefined
  const { code, complete, executed } = found.record
  return standing(paymentId, payerWallet, { refusal: refusalOf(code), complete, executed })
}

const noPayment = (): Failure =>
  new Failure('not-found', { fields: [{ field: 'payment_id', message: 'no payment with this id is known to you' }] })

export const showPayment = operation({
  name: 'showPayment',
  method: 'get',
  path: '/v1/wallets/{wallet_id}/payments/{payment_id}',
  tag: 'payments',
  summary: 'How a payment of this payer stands',
  callers: ['wallet', 'institution', 'operator', 'refunder', 'accountant'],
  params: z.object({ wallet_id: walletIdField, payment_id: commandIdField }),
  messages: { answer: 'Payment' },
  answers: { 200: { description: 'As it stands', schema: paymentSchema } },
  async run({ caller, params }, services) {
    const id = paymentIdIn(params.payment_id, 'payment_id')
    const { result } = await visibleWallet(services.gateway, caller, params.wallet_id)
    const found = await find(services, result.number, params.wallet_id, params.payment_id, id)
    if (found === undefined) throw noPayment()
    return found
  },
})

export const journalPayment = paymentSchema
  .omit({ status_url: true })
  .extend({
    payee_wallet: walletIdField,
    amount: z.string().openapi({ example: '100.50' }),
    rule_version: z.int().optional().openapi({
      description: 'To operators: how many versions of limits and risk rules had come into force when it was judged',
    }),
  })
  .openapi('JournalPayment')
const searched = z.object({ payments: z.array(journalPayment) }).openapi('PaymentSearch')

/** Whether somebody paid, received or administers a payment. */
export async function maySeePayment(
  services: Services,
  caller: Caller,
  { payer, payee }: Pick<JournalPayment, 'payer' | 'payee'>,
): Promise<boolean> {
  if (caller.role === 'operator') return true
  if (actsForWallet(caller)) return caller.number === payer || caller.number === payee
  for (const number of [payer, payee]) {
    const { result } = await services.gateway.ask(number, { type: 'wallet', number })
    if (result?.institution === caller.number) return true
  }
  return false
}

export async function journalBody(
  services: Services,
  record: JournalPayment,
  paymentId: string,
  toOperator: boolean,
): Promise<Record<string, unknown>> {
  const [payer, payee] = await Promise.all([walletText(services, record.payer), walletText(services, record.payee)])
  const { complete, code, executed } = record
  const { body } = standing(paymentId, payer, { refusal: refusalOf(code), complete, executed })
  const { ruleVersion } = record
  const judged = toOperator && ruleVersion !== undefined ? { rule_version: ruleVersion } : {}
  return { ...body, payee_wallet: payee, amount: yuanText(record.amountFen), ...judged }
}

export const findPayment = operation({
  name: 'findPayment',
  method: 'get',
  path: '/v1/payments/{payment_id}',
  tag: 'payments',
  summary: 'Payments with this id that the caller paid, received or administers',
  description: 'From the journal. An id is unique for one payer only: ask under the payer for the freshest word.',
  callers: ['wallet', 'institution', 'operator'],
  params: z.object({ payment_id: commandIdField }),
  messages: { answer: 'PaymentSearch' },
  answers: { 200: { description: 'Those found', schema: searched } },
  async run({ caller, params }, services) {
    const id = paymentIdIn(params.payment_id, 'payment_id')
    const found = await services.journal.paymentsById(id)
    if (found.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const payments: Record<string, unknown>[] = []
    for (const record of found.kind === 'found' ? found.record : []) {
      if (await maySeePayment(services, caller, record))
        payments.push(await journalBody(services, record, params.payment_id, caller.role === 'operator'))
    }
    if (payments.length === 0) throw noPayment()
    return { status: 200, body: { payments } }
  },
})

export const paymentOperations = [showPayment, findPayment]
