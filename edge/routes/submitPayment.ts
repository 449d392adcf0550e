import { Failure } from './failure.ts'
import { paymentAnswer } from './paymentAnswer.ts'
import { readPayment } from './paymentRequest.ts'
import type { Outcome } from './problemResponse.ts'
import { type Call, checkAccept, type Known, membersOf, originOf, type Web } from './web.ts'

/**
 * POST /v1/payments: the hot path. The body's own signature is its authentication, its members are checked by hand, and
 * nothing is made twice.
 */
export async function submitPayment(
  web: Web,
  c: Call,
  readBody: () => Promise<Uint8Array>,
  known: Known = {},
): Promise<Outcome> {
  checkAccept(c)
  const bytes = await readBody()
  if (bytes.length === 0)
    throw new Failure('field-missing', { fields: [{ field: 'payment_id', message: 'is missing' }] })
  const payment = readPayment(membersOf(c, bytes, 'PaymentRequest'))
  const origin = originOf(c, web.proxies, payment.device, payment.place)
  const result = await web.services.payments.pay(payment, origin)
  // Nobody but who has the key is told what its wallet has left.
  if (result.kind !== 'not-signed') known.caller = { role: 'wallet', number: payment.payer }
  const { status, body } = paymentAnswer(payment.paymentId, payment.payerWallet, result)
  return { status, body, headers: {}, problem: false }
}
