export const holdStates = { free: 0, held: 1, captured: 2, voided: 3, expired: 4 } as const

export const holdSchema = {
  /** Fen that were held, and how many of them went to the payee. */
  amount: 'f64',
  captured: 'f64',
  /** Wallet number of who may take from it. */
  payee: 'f64',
  placedMs: 'f64',
  expiresMs: 'f64',
  /** Log time of the last capture, of the void or of the expiry. */
  changedMs: 'f64',
  /** Log position of its placing. */
  seq: 'f64',
  index: 'u32',
  /** Row of the payer's wallet; of a free row the next free one + 1. */
  wallet: 'u32',
  /** Next open hold of the same wallet + 1; 0 ends the chain. */
  next: 'u32',
  use: 'u16',
  captures: 'u16',
  payeeInstitution: 'u8',
  state: 'u8',
  id: 'bytes16',
} as const
