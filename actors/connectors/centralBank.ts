import { createFarSide, type FarOutcome, type FarSideOptions } from './farSide.ts'
import { yuanText } from './yuan.ts'

export type CentralBankKind = 'issuance' | 'issuance-reversal' | 'burn' | 'burn-reversal'

type CentralBankTransaction = { txId: string; amountFen: bigint }

/**
 * The central bank's issuance system. It issues only against reserve, and a burn releases reserve to the bank that
 * pays out.
 */
export interface CentralBankPort {
  /** Makes an institution known; known ones stay as they are. False when that is not certain yet. */
  introduce(institution: number): Promise<boolean>
  issue(transaction: CentralBankTransaction & { institution: number }): Promise<FarOutcome>
  /** @param transaction `bank`: code of the bank whose settlement account receives what the burn releases */
  burn(transaction: CentralBankTransaction & { institution: number; bank: string }): Promise<FarOutcome>
  /** Issues again what was burnt for a payout that came to nothing; `txId` is the burn's. */
  reverseBurn(transaction: CentralBankTransaction): Promise<FarOutcome>
  /** Withdraws an issuance for which there is no wallet; `txId` is the issuance's. */
  reverseIssuance(transaction: CentralBankTransaction): Promise<FarOutcome>
  inquire(kind: CentralBankKind, transaction: CentralBankTransaction): Promise<FarOutcome>
  /** "If you have not executed it, never do": `done` when it came too late, `refused` when it will never happen. */
  cancel(kind: CentralBankKind, transaction: CentralBankTransaction): Promise<FarOutcome>
}

export function createCentralBankClient(options: FarSideOptions): CentralBankPort & { readonly available: boolean } {
  const far = createFarSide(options)
  return {
    introduce: async (institution) => {
      const body = { institution, name: `Institution ${institution}` }
      const answer = await far.tryCall('POST', '/institutions', body)
      return answer?.institution === institution
    },
    issue: ({ txId, amountFen, institution }) => {
      const body = { tx_id: txId, institution, amount: yuanText(amountFen) }
      return far.post('/issuances', body, { kind: 'issuance', txId, amountFen })
    },
    burn: ({ txId, amountFen, institution, bank }) => {
      const body = { tx_id: txId, institution, amount: yuanText(amountFen), bank }
      return far.post('/burns', body, { kind: 'burn', txId, amountFen })
    },
    reverseBurn: ({ txId, amountFen }) =>
      far.post('/burn-reversals', { tx_id: txId }, { kind: 'burn-reversal', txId, amountFen }),
    reverseIssuance: ({ txId, amountFen }) =>
      far.post('/issuance-reversals', { tx_id: txId }, { kind: 'issuance-reversal', txId, amountFen }),
    inquire: (kind, { txId, amountFen }) => far.inquire({ kind, txId, amountFen }),
    cancel: (kind, { txId, amountFen }) => far.post('/cancellations', { tx_id: txId, kind }, { kind, txId, amountFen }),
    get available() {
      return far.available
    },
  }
}
