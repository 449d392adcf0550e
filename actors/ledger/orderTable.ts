/** An order that was paid stays paid: how much of it went back is a sum beside it. */
export const orderStates = { free: 0, created: 1, paid: 2, expired: 3, closed: 4 } as const

export const orderSchema = {
  amount: 'f64',
  /** Fen that went back to the payer, refunds under way included. */
  refunded: 'f64',
  /** Wallet number of who paid. */
  payer: 'f64',
  createdMs: 'f64',
  expiresMs: 'f64',
  /** Log time at which it was paid, closed or expired. */
  changedMs: 'f64',
  /** Log time at which it is forgotten; of a paid order the end of the time in which it may be refunded. */
  keepUntilMs: 'f64',
  /** Log position of its creation. */
  seq: 'f64',
  index: 'u32',
  /** Row of the merchant's wallet; of a free row the next free one + 1. */
  wallet: 'u32',
  digestHigh: 'u32',
  digestLow: 'u32',
  /** Version of the sub-user that made it, 0 when its merchant or institution did. */
  userVersion: 'u32',
  use: 'u16',
  refunds: 'u16',
  /** How many others the money goes on to. */
  splits: 'u8',
  user: 'u8',
  state: 'u8',
  orderNo: 'bytes32',
  paymentId: 'bytes16',
} as const
