/**
 * A step that a committed saga owes the outside: published after the commit and again until its answer is in the log.
 * Amounts are decimal strings of fen; account and token are sealed for the connector.
 */
export type Effect = {
  saga: 'recharge' | 'redemption'
  shard: number
  walletNumber: number
  institution: number
  amountFen: string
  /** Text of the command id: the TxId at bank and central bank. */
  txId: string
  id: Uint8Array
  /** Step that has been reached: see the ledger's rechargeSteps and redemptionSteps. */
  step: number
  sealedAccount: Uint8Array
  sealedToken: Uint8Array
}
