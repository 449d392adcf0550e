import type { Blobs } from './blobs.ts'

/**
 * How the edge hands a linked account and a bank's authorisation through the ledger to the connector: sealed under the
 * key for effects, and bound to the wallet (and the recharge) they were given for, so that one copied into another
 * wallet's command opens nowhere.
 */
const purpose = 'effect'

const accountBinding = (walletNumber: number): string => `linked-account/${walletNumber}`
const tokenBinding = (walletNumber: number, txId: string): string => `bank-token/${walletNumber}/${txId}`

/** @param accountNo full number as the bank knows it */
export function sealAccount(blobs: Blobs, walletNumber: number, accountNo: string): Uint8Array {
  return blobs.sealBlob(purpose, new TextEncoder().encode(accountNo), accountBinding(walletNumber))
}

/** @throws SealError when it was sealed for another wallet, was changed, or its key is not known (yet). */
export function openAccount(blobs: Blobs, walletNumber: number, sealed: Uint8Array): string {
  return new TextDecoder().decode(blobs.openBlob(purpose, sealed, accountBinding(walletNumber)))
}

/** @param txId text of the recharge's id */
export function sealBankToken(blobs: Blobs, walletNumber: number, txId: string, token: string): Uint8Array {
  return blobs.sealBlob(purpose, new TextEncoder().encode(token), tokenBinding(walletNumber, txId))
}

/** @throws SealError when it was sealed for another wallet or recharge, was changed, or its key is not known (yet). */
export function openBankToken(blobs: Blobs, walletNumber: number, txId: string, sealed: Uint8Array): string {
  return new TextDecoder().decode(blobs.openBlob(purpose, sealed, tokenBinding(walletNumber, txId)))
}
