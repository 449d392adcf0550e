import type { Blobs } from './blobs.ts'

/**
 * How what a payer says about a wrong transfer goes through the log into Postgres: sealed under the key for personal
 * data, and bound to the payment that it speaks of.
 */
const purpose = 'postgres/personal'

/** The payment that a case is about. */
export type PaymentOf = { readonly payer: number; readonly paymentId: Uint8Array }

const binding = ({ payer, paymentId }: PaymentOf): string =>
  `dispute/${payer}/${Buffer.from(paymentId).toString('hex')}`

export function sealCaseText(blobs: Blobs, of: PaymentOf, text: string): Uint8Array {
  return blobs.sealBlob(purpose, new TextEncoder().encode(text), binding(of))
}

/** @throws SealError when it speaks of another payment, was changed, or its key is not known (yet). */
export function openCaseText(blobs: Blobs, of: PaymentOf, sealed: Uint8Array): string {
  return new TextDecoder().decode(blobs.openBlob(purpose, sealed, binding(of)))
}
