/** Sub-users of one merchant. Their numbers go from 1 to this, so that their rows have an end. */
export const merchantUsersMax = 32

export const merchantUserStates = { free: 0, active: 1, removed: 2 } as const

/**
 * People and tills of merchants that have keys of their own. A row stays when its user is removed: the version goes on
 * from there, so that what an earlier key of the same number signed never counts again.
 */
export const merchantUserSchema = {
  /** Fen that it may send back in one refund, 0 when it may refund nothing. */
  limit: 'f64',
  changedMs: 'f64',
  /** Log position at which it was last entered. */
  seq: 'f64',
  index: 'u32',
  /** Row of the merchant's wallet. */
  wallet: 'u32',
  /** Counts how often it was entered. */
  version: 'u32',
  use: 'u16',
  state: 'u8',
  role: 'u8',
  algorithm: 'u8',
  /** Its number. */
  name: 'bytes1',
  key: 'bytes33',
} as const
