/** Most proposals that may wait at once. */
export const proposalsMax = 64
export const proposalStates = { free: 0, open: 1, done: 2, givenUp: 3 } as const

export const proposalSchema = {
  id: 'bytes16',
  proposer: 'u32',
  op: 'u8',
  state: 'u8',
  expiresMs: 'f64',
  change: 'bytes64',
} as const
