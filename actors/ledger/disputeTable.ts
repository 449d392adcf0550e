export const disputesMax = 262_144

/** `bounced`: the payee gave it back, and the payer's wallet could not take it. */
export const disputeStates = {
  free: 0,
  open: 1,
  returned: 2,
  declined: 3,
  expired: 4,
  withdrawn: 5,
  bounced: 6,
} as const

/** Bytes by which a payee's case is known: the payment's id, then its payer's number. */
export const disputeNameBytes = 24

export function disputeName(paymentId: Uint8Array, payer: number): Uint8Array {
  const name = new Uint8Array(disputeNameBytes)
  name.set(paymentId)
  new DataView(name.buffer).setFloat64(16, payer, true)
  return name
}

export const disputeSchema = {
  amount: 'f64',
  payer: 'f64',
  openedMs: 'f64',
  /** Log time until which the payee may answer. */
  expiresMs: 'f64',
  changedMs: 'f64',
  /** Log time until which it is remembered, so that one payment has one case. */
  keepUntilMs: 'f64',
  /** Log position of its opening. */
  seq: 'f64',
  index: 'u32',
  /** Row of the payee's wallet; of a free row the next free one + 1. */
  wallet: 'u32',
  use: 'u16',
  payerInstitution: 'u8',
  state: 'u8',
  name: 'bytes24',
} as const
