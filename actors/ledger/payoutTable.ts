export const payoutsMax = 65_536

export const payoutStates = { free: 0, active: 1 } as const

/** A wallet has one rule; its name is always zero. */
export const payoutName = new Uint8Array(1)

export const payoutSchema = {
  /** Fen below which nothing is paid out, and fen that stay in the wallet. */
  floor: 'f64',
  reserve: 'f64',
  /** Log time at which it pays next. */
  nextMs: 'f64',
  /** Log time at which it last came to its turn, and why nothing was paid then: 0 when it was, or nothing was due. */
  lastMs: 'f64',
  /** Row of the wallet; of a free row the next free one + 1. */
  wallet: 'u32',
  /** Number of the linked account that is paid. */
  link: 'u32',
  use: 'u16',
  /** Of the business day. */
  minute: 'u16',
  state: 'u8',
  lastCode: 'u8',
  name: 'bytes1',
} as const
