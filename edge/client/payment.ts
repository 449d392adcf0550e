import type { PaymentRequest } from './api.ts'
import { type Bytes, hexOf, utf8 } from './encoding.ts'
import { newId } from './ids.ts'
import { signP256, type WalletKey } from './keys.ts'

/** What a payer decides. The id and the time are made where they are not given. */
export type PaymentText = {
  readonly payer_wallet: string
  readonly payee_wallet: string
  /** Yuan: "100.50". Never a number: binary fractions are no money. */
  readonly amount: string
  /** The merchant's number of the order that is paid. */
  readonly order?: string
  readonly payment_id?: string
  readonly timestamp?: string
}

const amountPattern = /^(0|[1-9]\d{0,13})(?:\.(\d{1,2}))?$/

/**
 * A payment ready to send. Keep it: whoever sends it again, also from another process, asks about the same payment.
 * @throws TypeError when the amount is not one
 */
export async function signPayment(payment: PaymentText, { privateKey }: WalletKey): Promise<PaymentRequest> {
  const { payer_wallet, payee_wallet, order } = payment
  const amount = twoDecimals(payment.amount)
  const { payment_id = newId(), timestamp = new Date().toISOString() } = payment
  const ordered = order === undefined ? {} : { order }
  // Members in the order of their names, as RFC 8785 writes them.
  const signed = { amount, currency: 'CNY-DC', ...ordered, payee_wallet, payer_wallet, payment_id, timestamp } as const
  const signature = await signP256(privateKey, utf8(`jiaozi-payment-v1\n${JSON.stringify(signed)}`))
  return { ...signed, signature: hexOf(derOf(signature)) }
}

function twoDecimals(amount: string): string {
  const match = amountPattern.exec(amount)
  if (match === null) throw new TypeError('the amount must be yuan with at most two decimals, such as "100.50"')
  return `${match[1]}.${(match[2] ?? '').padEnd(2, '0')}`
}

/** WebCrypto gives r and s of 32 bytes each; payments carry DER. */
function derOf(raw: Bytes): Bytes {
  const [r, s] = [derInteger(raw.subarray(0, 32)), derInteger(raw.subarray(32))]
  return Uint8Array.of(0x30, r.length + s.length, ...r, ...s)
}

function derInteger(bytes: Bytes): number[] {
  let from = 0
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1
  const digits = [...bytes.subarray(from)]
  if (digits[0]! >= 0x80) digits.unshift(0)
  return [0x02, digits.length, ...digits]
}
