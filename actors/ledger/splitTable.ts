/** A split that came back stays with the merchant. */
export const splitStates = { free: 0, waiting: 1, paid: 2, returned: 3 } as const

export const splitSchema = {
  /** Wallet number of who gets it, and fen. */
  payee: 'f64',
  amount: 'f64',
  /** Row of the merchant's wallet; of a free row the next free one + 1. */
  wallet: 'u32',
  /** Row of the order. */
  order: 'u32',
  use: 'u16',
  /** Parts in ten thousand that it was made of, 0 when its fen were named. */
  weight: 'u16',
  place: 'u8',
  reason: 'u8',
  state: 'u8',
  /** Number of the order and place in it. */
  name: 'bytes8',
  /** Of the payment that it was sent on by; zeros before. */
  paymentId: 'bytes16',
} as const

/** What a split is found by, beside its merchant. */
export function splitName(orderNumber: number, place: number): Uint8Array {
  const name = new Uint8Array(8)
  new DataView(name.buffer).setUint32(0, orderNumber, true)
  name[4] = place
  return name
}
