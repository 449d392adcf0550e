import { hash } from 'node:crypto'

/** The members of a payment that its signature covers, as their canonical text. */
export type PaymentText = {
  payment_id: string
  payer_wallet: string
  payee_wallet: string
  /** Yuan with exactly two decimals: "100.50". */
  amount: string
  currency: string
  /** As the payer wrote it. */
  timestamp: string
  /** The merchant's number of the order that is paid; absent when none is. */
  order?: string
}

const domain = 'jiaozi-payment-v1\n'

/**
 * The bytes that a payment's signature covers: the line `jiaozi-payment-v1`, then the six members, and the order where one is
 * paid, as JSON in the form of RFC 8785 (members in order of their names, no white space). Every member is printable ASCII, so that the form has
 * no further cases. A JSON and a Protobuf request of the same payment have the same bytes.
 */
export function canonicalPayment(payment: PaymentText): Uint8Array {
  const { amount, currency, order, payee_wallet, payer_wallet, payment_id, timestamp } = payment
  // An order that is absent leaves no member.
  const text = JSON.stringify({ amount, currency, order, payee_wallet, payer_wallet, payment_id, timestamp })
  return Buffer.from(domain + text, 'latin1')
}

export function sha256(bytes: Uint8Array): Uint8Array {
  // By way of a text it lies in memory that many share, which takes half the time of memory of its own.
  return Buffer.from(hash('sha256', bytes, 'latin1'), 'latin1')
}
