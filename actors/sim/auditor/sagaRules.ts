import type { StatementFold } from './bankBook.ts'
import type { WalletBook } from './walletBook.ts'

export type Books = { readonly wallets: WalletBook; readonly bank: StatementFold; readonly centralBank: StatementFold }
type Saga = { kind: 'recharge' | 'redemption'; txId: string; fen: number; outcome: string }

/** What each end of a saga must look like at the bank, the central bank and in the wallet. */
type End = {
  debit: boolean
  refund: boolean
  issued: boolean
  burnt: boolean
  reburnt: boolean
  paid: boolean
  wallet: 'in' | 'out' | 'back' | 'none'
}

const nothing: End = {
  debit: false,
  refund: false,
  issued: false,
  burnt: false,
  reburnt: false,
  paid: false,
  wallet: 'none',
}

const rechargeEnds: Readonly<Record<string, End>> = {
  settled: { ...nothing, debit: true, issued: true, wallet: 'in' },
  refunded: { ...nothing, debit: true, refund: true },
}
const redemptionEnds: Readonly<Record<string, End>> = {
  paid: { ...nothing, burnt: true, paid: true, wallet: 'out' },
  returned: { ...nothing, burnt: true, reburnt: true, wallet: 'back' },
  refused: { ...nothing, wallet: 'back' },
}

/** Compares a recharge or redemption with all three books, id by id. */
export function judgeSaga(saga: Saga, books: Books, violation: (what: string) => void): void {
  const { kind, txId, fen, outcome } = saga
  const found = endOf(saga, books)
  const ends = kind === 'recharge' ? rechargeEnds : redemptionEnds
  const allowed = outcome === 'forgotten' ? [nothing, ...Object.values(ends)] : [ends[outcome] ?? nothing]
  const text = JSON.stringify(found)
  if (!allowed.some((end) => JSON.stringify(end) === text)) {
    violation(`${kind} ${txId} of ${fen} fen ended "${outcome}", but the books say ${text}`)
  }
}

function endOf({ kind, txId, fen }: Saga, { wallets, bank, centralBank }: Books): End {
  const done = (book: StatementFold, what: string): boolean => book.done(txId, what) === fen
  const posted = wallets.sagas.get(txId)
  const moved = kind === 'recharge' ? 'in' : posted?.back ? 'back' : 'out'
  return {
    debit: done(bank, 'debit') && bank.done(txId, 'debit-reversed') === undefined,
    refund: done(bank, 'refund') && done(centralBank, 'reserve-transfer-reversal'),
    issued: done(centralBank, 'issuance') && done(centralBank, 'reserve-transfer'),
    burnt: done(centralBank, 'burn'),
    reburnt: done(centralBank, 'burn-reversal'),
    paid: done(bank, 'credit'),
    wallet: posted?.fen === fen ? moved : 'none',
  }
}
