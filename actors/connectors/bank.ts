import { createFarSide, type FarOutcome, type FarSideOptions } from './farSide.ts'
import { yuanText } from './yuan.ts'

/** Code at the central bank of the bank that this region works with. */
export const regionBankCode = 'SANDBANK'

export type BankKind = 'debit' | 'credit' | 'refund'

/** One transaction at the bank. `txId` is the same on every try and in every question about it. */
type BankTransaction = { txId: string; amountFen: bigint }
type BankAccountTransaction = BankTransaction & { accountNo: string; institution: number }

/**
 * The bank that keeps the customers' linked accounts. Every call may end unknown; then only an inquiry, or the same
 * call again, tells what happened.
 */
export interface BankPort {
  /** Takes money from a linked account into the institution's reserve at the central bank. */
  debit(transaction: BankAccountTransaction & { authToken: string }): Promise<FarOutcome>
  /** Pays out into a linked account what a burn released. */
  credit(transaction: BankAccountTransaction): Promise<FarOutcome>
  /** Gives a debit back out of the reserve; `txId` is the debit's. */
  refund(transaction: BankTransaction): Promise<FarOutcome>
  inquire(kind: BankKind, transaction: BankTransaction): Promise<FarOutcome>
  /** "If you have not executed it, never do": `done` when it came too late, `refused` when it will never happen. */
  cancel(kind: BankKind, transaction: BankTransaction): Promise<FarOutcome>
}

export function createBankClient(options: FarSideOptions): BankPort & { readonly available: boolean } {
  const far = createFarSide(options)
  return {
    debit: ({ txId, amountFen, accountNo, authToken, institution }) => {
      const body = {
        tx_id: txId,
        account_no: accountNo,
        amount: yuanText(amountFen),
        auth_token: authToken,
        institution,
      }
      return far.post('/debits', body, { kind: 'debit', txId, amountFen })
    },
    credit: ({ txId, amountFen, accountNo, institution }) => {
      const body = { tx_id: txId, account_no: accountNo, amount: yuanText(amountFen), institution }
      return far.post('/credits', body, { kind: 'credit', txId, amountFen })
    },
    refund: ({ txId, amountFen }) => far.post('/refunds', { tx_id: txId }, { kind: 'refund', txId, amountFen }),
    inquire: (kind, { txId, amountFen }) => far.inquire({ kind, txId, amountFen }),
    cancel: (kind, { txId, amountFen }) => far.post('/cancellations', { tx_id: txId, kind }, { kind, txId, amountFen }),
    get available() {
      return far.available
    },
  }
}
