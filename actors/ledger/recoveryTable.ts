export const recoveryStates = { free: 0, waiting: 1, done: 2, stopped: 3 } as const

export const recoveriesMax = 65_536

/** A wallet has one recovery at a time; its name is always zero. */
export const recoveryName = new Uint8Array(1)

export const recoverySchema = {
  startedMs: 'f64',
  /** Log time at which the new key is the current one, unless it was stopped before. */
  effectiveMs: 'f64',
  changedMs: 'f64',
  /** Log position of its start. */
  seq: 'f64',
  index: 'u32',
  /** Row of the wallet; of a free row the next free one + 1. */
  wallet: 'u32',
  use: 'u16',
  state: 'u8',
  algorithm: 'u8',
  name: 'bytes1',
  key: 'bytes33',
} as const
