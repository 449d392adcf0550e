/** What a payment needs of a wallet, and what is under way, stands in `Accounts`, row for row beside this. */
export const walletSchema = {
  number: 'f64',
  user: 'u32',
  /** Next wallet of the same user + 1, and the wallet's newest link + 1; 0 ends the chain. */
  nextWallet: 'u32',
  firstLink: 'u32',
  keyVersion: 'u32',
  /** Recharges and dated ids on business day `countDay`. */
  countDay: 'u16',
  dayRecharges: 'u16',
  dayDatedIds: 'u16',
  kind: 'u8',
  algorithm: 'u8',
  key: 'bytes33',
} as const

export const userSchema = {
  number: 'f64',
  firstWallet: 'u32',
  /** At most `walletsPerUserMax`. */
  wallets: 'u8',
  institution: 'u8',
  kyc: 'u8',
  risk: 'u8',
} as const

export const linkSchema = {
  limit: 'f64',
  /** Log time at which it was opened, or opened again. */
  openedMs: 'f64',
  dayDrawn: 'f64',
  fingerprint: 'bytes8',
  wallet: 'u32',
  nextLink: 'u32',
  lastDay: 'u16',
  type: 'u8',
  active: 'u8',
  maskedLength: 'u8',
  sealedLength: 'u8',
  masked: 'bytes32',
  sealed: 'bytes152',
} as const

export const sagaKinds = { free: 0, recharge: 1, redemption: 2 } as const

export const sagaSchema = {
  amount: 'f64',
  requestedMs: 'f64',
  changedMs: 'f64',
  /** Log position of the request. */
  seq: 'f64',
  /** Fen that the wallet held when the saga ended: part of its final answer, which never changes. */
  balanceAfter: 'f64',
  id: 'bytes16',
  wallet: 'u32',
  link: 'u32',
  index: 'u32',
  kind: 'u8',
  step: 'u8',
  reason: 'u8',
  institution: 'u8',
  tokenLength: 'u8',
  sealedToken: 'bytes192',
} as const

export const principalSchema = { number: 'u32', role: 'u8', active: 'u8', publicKey: 'bytes32' } as const
