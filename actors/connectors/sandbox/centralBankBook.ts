import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BookLawBroken, DoubleEntry, doubleEntrySchema } from './doubleEntry.ts'
import { type Decision, type Transaction, Transactions, transactionsSchema } from './transactions.ts'

export const centralBankFormatVersion = 1

export const centralBankSchema = `
  ${doubleEntrySchema};
  ${transactionsSchema};
  CREATE TABLE IF NOT EXISTS institutions (institution INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS banks (bank TEXT PRIMARY KEY) STRICT, WITHOUT ROWID
`

export const centralBankKinds = [
  'reserve-transfer',
  'reserve-transfer-reversal',
  'issuance',
  'issuance-reversal',
  'burn',
  'burn-reversal',
] as const
export type CentralBankKind = (typeof centralBankKinds)[number]

/** Both books sum to zero by themselves: money of account, and digital yuan issued against the public that holds it. */
const names = {
  assets: 'money:assets',
  settlement: (bank: string) => `money:settlement:${bank}`,
  reserve: (institution: number) => `money:reserve:${institution}`,
  issued: (institution: number) => `issuance:issued:${institution}`,
  circulation: (institution: number) => `issuance:circulation:${institution}`,
}

export type Movement = { txId: string; institution: number; bank: string; fen: number }

/** The central bank's ledger and what it decided. All methods run inside a transaction of the caller. */
export class CentralBankBook {
  readonly entries: DoubleEntry
  readonly transactions: Transactions
  readonly #institutions: StatementSync
  readonly #addInstitution: StatementSync
  readonly #banks: StatementSync
  readonly #addBank: StatementSync

  constructor(db: DatabaseSync) {
    this.entries = new DoubleEntry(db)
    this.transactions = new Transactions(db)
    this.#institutions = db.prepare('SELECT institution, name FROM institutions ORDER BY institution')
    this.#addInstitution = db.prepare('INSERT INTO institutions VALUES (?, ?) ON CONFLICT DO NOTHING')
    this.#banks = db.prepare('SELECT bank FROM banks ORDER BY bank')
    this.#addBank = db.prepare('INSERT INTO banks VALUES (?) ON CONFLICT DO NOTHING')
  }

  /** Opens a bank's settlement account with what the bank holds there from the start; a known bank stays as it is. */
  addBank(bank: string, openingFen: number, atMs: number): void {
    if (Number(this.#addBank.run(bank).changes) === 0) return
    this.entries.open(names.assets, true)
    this.entries.open(names.settlement(bank))
    this.entries.post('opening', `opening-${bank}`, atMs, [
      { account: names.assets, fen: -openingFen },
      { account: names.settlement(bank), fen: openingFen },
    ])
  }

  addInstitution(institution: number, name: string): void {
    this.#addInstitution.run(institution, name)
    this.entries.open(names.reserve(institution))
    this.entries.open(names.issued(institution))
    this.entries.open(names.circulation(institution), true)
  }

  /** From a bank's settlement account into the reserve of an institution. */
  reserveTransfer(movement: Movement, refuse: string | undefined, atMs: number): Transaction | 'conflict' {
    return this.#decide('reserve-transfer', movement, refuse, atMs, ({ institution, bank, fen }) => {
      if (!this.#knows(institution, bank)) return 'PARTY_UNKNOWN'
      if (this.entries.balance(names.settlement(bank)) < fen) return 'SETTLEMENT_INSUFFICIENT'
      this.#moveReserve('reserve-transfer', movement, fen, atMs)
      return undefined
    })
  }

  /** Issues digital yuan against reserve that backs it: never more than the reserve holds. */
  issue(movement: Movement, refuse: string | undefined, atMs: number): Transaction | 'conflict' {
    return this.#decide('issuance', movement, refuse, atMs, ({ txId, institution, fen }) => {
      if (!this.entries.has(names.reserve(institution))) return 'PARTY_UNKNOWN'
      if (this.transactions.find('reserve-transfer-reversal', txId)?.status === 'done') return 'RESERVE_REVERSED'
      if (this.reserve(institution) - this.issued(institution) < fen) return 'RESERVE_INSUFFICIENT'
      this.#moveIssuance('issuance', movement, fen, atMs)
      return undefined
    })
  }

  /** Takes digital yuan out of circulation and hands the reserve behind it to the bank that will pay out. */
  burn(movement: Movement, refuse: string | undefined, atMs: number): Transaction | 'conflict' {
    return this.#decide('burn', movement, refuse, atMs, ({ institution, bank, fen }) => {
      if (!this.#knows(institution, bank)) return 'PARTY_UNKNOWN'
      if (this.issued(institution) < fen) return 'ISSUED_INSUFFICIENT'
      this.#moveIssuance('burn', movement, -fen, atMs)
      this.#moveReserve('burn', movement, -fen, atMs)
      return undefined
    })
  }

  /** Back from the reserve to the bank: only while nothing was issued on the strength of that very transfer. */
  reverseReserveTransfer(
    txId: string,
    bank: string,
    refuse: string | undefined,
    atMs: number,
  ): Transaction | 'conflict' {
    return this.#reverse('reserve-transfer', txId, bank, refuse, atMs, (original) => {
      const { institution, fen } = original
      const issuance = this.transactions.find('issuance', txId)
      const withdrawn = this.transactions.find('issuance-reversal', txId)?.status === 'done'
      if (issuance?.status === 'done' && !withdrawn) return 'ALREADY_ISSUED'
      if (this.reserve(institution) - fen < this.issued(institution)) return 'RESERVE_COMMITTED'
      this.#moveReserve('reserve-transfer-reversal', original, -fen, atMs)
      return undefined
    })
  }

  reverseIssuance(txId: string, refuse: string | undefined, atMs: number): Transaction | 'conflict' {
    return this.#reverse('issuance', txId, undefined, refuse, atMs, (original) => {
      if (this.issued(original.institution) < original.fen) return 'ISSUED_INSUFFICIENT'
      this.#moveIssuance('issuance-reversal', original, -original.fen, atMs)
      return undefined
    })
  }

  /** Issues again what was burnt for a payout that came to nothing, and takes the reserve back from the bank. */
  reverseBurn(txId: string, refuse: string | undefined, atMs: number): Transaction | 'conflict' {
    return this.#reverse('burn', txId, undefined, refuse, atMs, (original) => {
      if (this.entries.balance(names.settlement(original.bank)) < original.fen) return 'SETTLEMENT_INSUFFICIENT'
      this.#moveReserve('burn-reversal', original, original.fen, atMs)
      this.#moveIssuance('burn-reversal', original, original.fen, atMs)
      return undefined
    })
  }

  reserve(institution: number): number {
    return this.entries.balance(names.reserve(institution))
  }

  issued(institution: number): number {
    return this.entries.balance(names.issued(institution))
  }

  institutions(): { institution: number; name: string; reserveFen: number; issuedFen: number }[] {
    const rows = this.#institutions.all() as { institution: number; name: string }[]
    return rows.map(({ institution, name }) => {
      return { institution, name, reserveFen: this.reserve(institution), issuedFen: this.issued(institution) }
    })
  }

  banks(): { bank: string; settlementFen: number }[] {
    const rows = this.#banks.all() as { bank: string }[]
    return rows.map(({ bank }) => ({ bank, settlementFen: this.entries.balance(names.settlement(bank)) }))
  }

  #knows(institution: number, bank: string): boolean {
    return this.entries.has(names.reserve(institution)) && this.entries.has(names.settlement(bank))
  }

  #decide(
    kind: CentralBankKind,
    movement: Movement,
    refuse: string | undefined,
    atMs: number,
    run: (movement: Movement) => string | undefined,
  ): Transaction | 'conflict' {
    const { txId, institution, bank, fen } = movement
    return this.transactions.decide(kind, txId, { institution, bank, fen }, [], atMs, () => {
      const reason = refuse ?? run(movement)
      return reason === undefined ? { status: 'done', fen } : { status: 'refused', reason, fen }
    })
  }

  /** An original that was never seen is called off with its reversal, so that it cannot come after it. */
  #reverse(
    kind: 'reserve-transfer' | 'issuance' | 'burn',
    txId: string,
    bank: string | undefined,
    refuse: string | undefined,
    atMs: number,
    run: (original: Movement) => string | undefined,
  ): Transaction | 'conflict' {
    return this.transactions.decide(`${kind}-reversal`, txId, {}, [], atMs, (): Decision => {
      const { status, request, fen } = this.transactions.cancel(kind, txId, atMs)
      const original = { ...request, txId, fen } as Movement
      if (status !== 'done') return { status: 'refused', reason: 'NOTHING_TO_REVERSE', fen }
      const foreign = bank !== undefined && original.bank !== bank
      const reason = refuse ?? (foreign ? 'NOT_YOURS' : run(original))
      return reason === undefined ? { status: 'done', fen } : { status: 'refused', reason, fen }
    })
  }

  #moveReserve(kind: CentralBankKind, { txId, institution, bank }: Movement, fen: number, atMs: number): void {
    this.entries.post(kind, txId, atMs, [
      { account: names.settlement(bank), fen: -fen },
      { account: names.reserve(institution), fen },
    ])
    this.#assertBacked(institution)
  }

  #moveIssuance(kind: CentralBankKind, { txId, institution }: Movement, fen: number, atMs: number): void {
    this.entries.post(kind, txId, atMs, [
      { account: names.circulation(institution), fen: -fen },
      { account: names.issued(institution), fen },
    ])
    this.#assertBacked(institution)
  }

  #assertBacked(institution: number): void {
    if (this.issued(institution) > this.reserve(institution)) throw new BookLawBroken('issued exceeds the reserve')
  }
}
