import { newId } from '../client/node.ts'
import type { PaymentText } from '../wire/canonical.ts'
import { placeholders } from './testRequests.ts'

export type Sign = (payment: PaymentText) => string

const soonMs = 1_800_000

/** The body as it is sent: with new ids, with times from now on, and with a payment's signature where it wants one. */
export function filled(text: string, sign: Sign): string {
  const made = text
    .replaceAll(placeholders.id, () => newId())
    .replaceAll(placeholders.soon, () => new Date(Date.now() + soonMs).toISOString())
    .replaceAll(placeholders.now, () => new Date().toISOString())
  if (!made.includes(placeholders.signature)) return made
  return made.replaceAll(placeholders.signature, () => sign(paymentIn(made)))
}

/** The members that a signature covers, as far as the text has them. */
function paymentIn(text: string): PaymentText {
  const none = { payment_id: '', payer_wallet: '', payee_wallet: '', amount: '', currency: '', timestamp: '' }
  try {
    const { payment_id, payer_wallet, payee_wallet, amount, currency, timestamp, order } = JSON.parse(
      text,
    ) as PaymentText
    const yuan = Number(amount).toFixed(2)
    return {
      payment_id,
      payer_wallet,
      payee_wallet,
      amount: yuan,
      currency,
      timestamp,
      ...(order === undefined ? {} : { order }),
    }
  } catch {
    return none
  }
}
