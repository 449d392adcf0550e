/** One posting as a statement shows it. */
export type StatementLine = {
  readonly kind: string
  readonly deltaFen: number
  readonly counterparty: string | undefined
  readonly id: string
  readonly orderNo: string | undefined
  readonly timeMs: number
  readonly position: { readonly seq: number; readonly index: number }
}

/** What stood in a wallet, what moved, and what stood there then: opening and lines make the closing, to the fen. */
export type Statement = {
  readonly walletId: string
  readonly openingFen: number
  readonly closingFen: number
  readonly inFen: number
  readonly outFen: number
  readonly lines: readonly (StatementLine & { readonly balanceFen: number })[]
}

export function statementOf(walletId: string, openingFen: number, lines: readonly StatementLine[]): Statement {
  let [balanceFen, inFen, outFen] = [openingFen, 0, 0]
  const shown = lines.map((line) => {
    balanceFen += line.deltaFen
    if (line.deltaFen > 0) inFen += line.deltaFen
    else outFen -= line.deltaFen
    return { ...line, balanceFen }
  })
  return { walletId, openingFen, closingFen: balanceFen, inFen, outFen, lines: shown }
}

/** How many lines of each kind there are, and their sum. */
export function totalsByKind(lines: readonly StatementLine[]): { kind: string; count: number; sumFen: number }[] {
  const totals = new Map<string, { count: number; sumFen: number }>()
  for (const { kind, deltaFen } of lines) {
    const total = totals.get(kind) ?? { count: 0, sumFen: 0 }
    totals.set(kind, { count: total.count + 1, sumFen: total.sumFen + deltaFen })
  }
  return [...totals].map(([kind, total]) => ({ kind, ...total })).sort((a, b) => (a.kind < b.kind ? -1 : 1))
}
