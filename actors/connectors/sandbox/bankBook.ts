import { createHash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { sameSignature } from '../wire.ts'
import { DoubleEntry, doubleEntrySchema } from './doubleEntry.ts'
import { type Decision, type Transaction, Transactions, transactionsSchema } from './transactions.ts'

export const bankFormatVersion = 1

export const bankSchema = `
  ${doubleEntrySchema};
  ${transactionsSchema};
  CREATE TABLE IF NOT EXISTS customers (
    account_no TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('bank', 'payment')),
    token_digest TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    debit_limit INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID
`

export const bankKinds = ['debit', 'credit', 'refund'] as const
export type BankKind = (typeof bankKinds)[number]

/** Accounts of the bank's own books, beside one `customer:` account for each customer. Assets stand below zero. */
export const bankAccounts = {
  /** Cash that customers brought when their test accounts were opened. */
  vault: 'own:vault',
  equity: 'own:equity',
  /** The bank's money at the central bank, as the bank itself knows it. */
  settlement: 'own:settlement',
  /** Taken from a customer, not yet known to lie in the reserve. */
  suspense: 'own:suspense',
  /** Refunds whose account was closed meanwhile; the customer collects them at the counter. */
  unclaimed: 'own:unclaimed',
} as const

const { vault, equity, settlement, suspense, unclaimed } = bankAccounts

export type Customer = { accountNo: string; kind: 'bank' | 'payment'; status: 'open' | 'closed'; debitLimitFen: number }
export type DebitRequest = { txId: string; accountNo: string; fen: number; authToken: string; institution: number }
export type CreditRequest = { txId: string; accountNo: string; fen: number; institution: number }

const customerAccount = (accountNo: string): string => `customer:${accountNo}`

/** The bank's ledger and what it decided. All methods run inside a transaction of the caller. */
export class BankBook {
  readonly entries: DoubleEntry
  readonly transactions: Transactions
  readonly #customer: StatementSync
  readonly #addCustomer: StatementSync
  readonly #setStatus: StatementSync
  readonly #count: StatementSync

  constructor(db: DatabaseSync) {
    this.entries = new DoubleEntry(db)
    this.transactions = new Transactions(db)
    this.#customer = db.prepare('SELECT * FROM customers WHERE account_no = ?')
    this.#addCustomer = db.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?)')
    this.#setStatus = db.prepare('UPDATE customers SET status = ? WHERE account_no = ?')
    this.#count = db.prepare('SELECT count(*) AS n FROM customers')
  }

  /** Opens the bank's own accounts, with what it holds at the central bank from the start. */
  establish(openingSettlementFen: number, atMs: number): void {
    if (this.entries.has(equity)) return
    for (const account of Object.values(bankAccounts)) {
      this.entries.open(account, account === vault || account === settlement)
    }
    this.entries.post('opening', 'opening', atMs, [
      { account: settlement, fen: -openingSettlementFen },
      { account: equity, fen: openingSettlementFen },
    ])
  }

  /** @returns false when the number is taken */
  addCustomer(customer: Omit<Customer, 'status'>, authToken: string, openingFen: number, atMs: number): boolean {
    const { accountNo, kind, debitLimitFen } = customer
    if (this.customer(accountNo) !== undefined) return false
    this.#addCustomer.run(accountNo, kind, tokenDigest(authToken), 'open', debitLimitFen)
    const account = customerAccount(accountNo)
    this.entries.open(account)
    if (openingFen > 0) {
      this.entries.post('deposit', 'opening', atMs, [
        { account: vault, fen: -openingFen },
        { account, fen: openingFen },
      ])
    }
    return true
  }

  customer(accountNo: string): Customer | undefined {
    const row = this.#customer.get(accountNo) as CustomerRow | undefined
    if (row === undefined) return undefined
    return { accountNo, kind: row.kind, status: row.status, debitLimitFen: row.debit_limit }
  }

  setStatus(accountNo: string, status: Customer['status']): boolean {
    return Number(this.#setStatus.run(status, accountNo).changes) === 1
  }

  balanceOf(accountNo: string): number {
    return this.entries.balance(customerAccount(accountNo))
  }

  customerCount(): number {
    return (this.#count.get() as { n: number }).n
  }

  /** First half of a debit: the money leaves the customer and waits for its reserve transfer. */
  beginDebit(request: DebitRequest, refuse: string | undefined, atMs: number): Transaction | 'conflict' {
    const { txId, accountNo, fen, authToken, institution } = request
    const kept = { accountNo, fen, institution }
    return this.transactions.decide('debit', txId, kept, [authToken], atMs, () => {
      const reason = refuse ?? this.#judgeDebit(request)
      if (reason !== undefined) return { status: 'refused', reason, fen }
      this.entries.post('debit', txId, atMs, [
        { account: customerAccount(accountNo), fen: -fen },
        { account: suspense, fen },
      ])
      return { status: 'processing', fen }
    })
  }

  #judgeDebit({ accountNo, fen, authToken }: DebitRequest): string | undefined {
    const row = this.#customer.get(accountNo) as CustomerRow | undefined
    if (row === undefined) return 'ACCOUNT_UNKNOWN'
    if (row.status === 'closed') return 'ACCOUNT_CLOSED'
    if (!sameSignature(row.token_digest, tokenDigest(authToken))) return 'AUTH_REFUSED'
    if (fen > row.debit_limit) return 'LIMIT'
    return this.balanceOf(accountNo) < fen ? 'INSUFFICIENT_BALANCE' : undefined
  }

  /** First half of a payout: the burn that pays for it has yet to be confirmed by the central bank. */
  beginCredit(request: CreditRequest, refuse: string | undefined, atMs: number): Transaction | 'conflict' {
    const { txId, accountNo, fen, institution } = request
    return this.transactions.decide('credit', txId, { accountNo, fen, institution }, [], atMs, () => {
      const reason = refuse ?? this.#judgeCredit(accountNo)
      return reason === undefined ? { status: 'processing', fen } : { status: 'refused', reason, fen }
    })
  }

  #judgeCredit(accountNo: string): string | undefined {
    const customer = this.customer(accountNo)
    if (customer === undefined) return 'ACCOUNT_UNKNOWN'
    return customer.status === 'closed' ? 'ACCOUNT_CLOSED' : undefined
  }

  /**
   * First half of a refund: decided only once its debit has been.
   * A debit that was never seen is called off with it, so that one that arrives late cannot be left without a refund.
   */
  beginRefund(txId: string, refuse: string | undefined, atMs: number): Transaction | 'conflict' | 'debit-processing' {
    const known = this.transactions.find('refund', txId)
    if (known === undefined && this.transactions.find('debit', txId)?.status === 'processing') return 'debit-processing'
    return this.transactions.decide('refund', txId, {}, [], atMs, (): Decision => {
      const debit = this.transactions.cancel('debit', txId, atMs)
      if (refuse !== undefined) return { status: 'refused', reason: refuse, fen: debit.fen }
      if (debit.status !== 'done') return { status: 'refused', reason: 'DEBIT_NOT_DONE', fen: debit.fen }
      return { status: 'processing', fen: debit.fen }
    })
  }

  /** Second half of any of them, once the central bank's word is known. `reason` is empty when it was done there. */
  finish(kind: BankKind, txId: string, reason: string, atMs: number): void {
    const transaction = this.transactions.find(kind, txId)
    if (transaction?.status !== 'processing') return
    if (kind === 'debit') this.#finishDebit(transaction, reason, atMs)
    else if (kind === 'credit') this.#finishCredit(transaction, reason, atMs)
    else this.#finishRefund(transaction, reason, atMs)
  }

  #finishDebit({ txId, fen, request }: Transaction, reason: string, atMs: number): void {
    const account = reason === '' ? settlement : customerAccount(request.accountNo as string)
    this.entries.post(reason === '' ? 'debit' : 'debit-reversed', txId, atMs, [
      { account: suspense, fen: -fen },
      { account, fen },
    ])
    this.transactions.settle('debit', txId, reason === '' ? 'done' : 'refused', reason, atMs)
  }

  #finishCredit({ txId, fen, request }: Transaction, reason: string, atMs: number): void {
    const accountNo = request.accountNo as string
    const why = reason || this.#judgeCredit(accountNo) || ''
    if (why === '') this.#payFromSettlement('credit', txId, fen, customerAccount(accountNo), atMs)
    this.transactions.settle('credit', txId, why === '' ? 'done' : 'refused', why, atMs)
  }

  #finishRefund({ txId, fen }: Transaction, reason: string, atMs: number): void {
    const accountNo = this.transactions.find('debit', txId)!.request.accountNo as string
    const account = this.#judgeCredit(accountNo) === undefined ? customerAccount(accountNo) : unclaimed
    if (reason === '') this.#payFromSettlement('refund', txId, fen, account, atMs)
    this.transactions.settle('refund', txId, reason === '' ? 'done' : 'refused', reason, atMs)
  }

  #payFromSettlement(kind: string, txId: string, fen: number, account: string, atMs: number): void {
    this.entries.post(kind, txId, atMs, [
      { account: settlement, fen: -fen },
      { account, fen },
    ])
  }
}

type CustomerRow = {
  account_no: string
  kind: Customer['kind']
  token_digest: string
  status: Customer['status']
  debit_limit: number
}

function tokenDigest(authToken: string): string {
  return createHash('sha256').update(authToken).digest('hex')
}
