/**
 * Id of a recharge or redemption at bank and central bank. A command's id is unique to its wallet only, so the wallet
 * is part of it: else two wallets that happen to use one id would share one debit.
 */
export function farTxId(walletNumber: number, commandId: string): string {
  return `${walletNumber}.${commandId}`
}
