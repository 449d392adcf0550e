/** A line of a wallet's list, as a region's journal has it. */
export type Entry = {
  readonly id: string
  readonly kind: string
  readonly fen: number
  /** The whole line as it came, to be held against that of the other region. */
  readonly line: string
}

/** What one region says in the end, with every fault gone. Wallets are numbered as the drill opened them. */
export type RegionView = {
  readonly region: string
  readonly balancesFen: readonly number[]
  /** By wallet: the lines that were written since the drill began. */
  readonly entries: readonly (readonly Entry[])[]
}
