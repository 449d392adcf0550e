/**
 * Kinds of what the holder of a wallet is told of besides postings, as the journal keeps them. They begin behind the
 * kinds of postings, so that one order holds for both.
 */
export const noticeKinds = {
  keyRotated: 101,
  keyRevoked: 102,
  recoveryStarted: 103,
  recoveryStopped: 104,
  recoveryDone: 105,
  walletFrozen: 106,
  walletUnfrozen: 107,
  walletClosed: 108,
  disputeChanged: 109,
  payoutFailed: 110,
} as const
