import type { State } from './state.ts'

/** What a shard remembers of a merchant beside its wallet. */
export type MerchantView = {
  walletNumber: number
  /** 0 while there is no profile; and the log position of its text. */
  profileVersion: number
  profileSeq: number
  profileIndex: number
  changedMs: number
  secretGeneration: number
  rotatedMs: number
  earlierRotatedMs: number
}

/** The merchant with this wallet; one that never said anything has the first secret. Undefined when there is no wallet. */
export function viewMerchant(s: State, wallet: number): MerchantView | undefined {
  const walletRow = s.walletRows.row(wallet)
  if (walletRow < 0) return undefined
  const row = s.merchants.find(walletRow)
  const at = s.merchants.columns.at
  const of = (column: { readonly [row: number]: number }): number => (row < 0 ? 0 : column[row]!)
  return {
    walletNumber: wallet,
    profileVersion: of(at.profileVersion),
    profileSeq: of(at.profileSeq),
    profileIndex: of(at.profileIndex),
    changedMs: of(at.changedMs),
    secretGeneration: row < 0 ? 1 : at.secretGeneration[row]!,
    rotatedMs: of(at.rotatedMs),
    earlierRotatedMs: of(at.earlierRotatedMs),
  }
}
