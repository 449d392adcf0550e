import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { parseYuan, yuanText } from '../yuan.ts'
import { type BankBook, type BankKind, bankAccounts, bankKinds } from './bankBook.ts'
import type { GroupCommit } from './groupCommit.ts'
import { signers } from './parties.ts'
import { amount, amountOrZero, institution, statementQuery, txId } from './requestBodies.ts'
import type { Settlements } from './settlements.ts'
import { type Answer, BadRequest, type Call, type Route, readAs } from './signedServer.ts'
import { statementBody } from './statementBody.ts'
import { transactionAnswer, unknownAnswer } from './transactionAnswer.ts'
import type { Transaction } from './transactions.ts'

/** How long an answer waits for the central bank before it says "processing". */
const answerWaitMs = 1_500

// The region seals account numbers into fields of this size.
const accountNo = z.string().regex(/^[A-Z0-9]{4,24}$/, '4 to 24 capital letters and digits')
const anyAccountNo = z.string().min(1).max(64)

const accountRequest = z.strictObject({
  account_no: accountNo.optional(),
  kind: z.enum(['bank', 'payment']).default('bank'),
  balance: amountOrZero.default(0),
  debit_limit: amount.default(parseYuan('50000000.00')!),
})
const accountBatch = z.strictObject({ accounts: z.array(accountRequest).min(1).max(500) })
const statusRequest = z.strictObject({ status: z.enum(['open', 'closed']) })
const debitRequest = z.strictObject({
  tx_id: txId,
  account_no: anyAccountNo,
  amount,
  auth_token: z.string().max(256),
  institution,
})
const creditRequest = z.strictObject({ tx_id: txId, account_no: anyAccountNo, amount, institution })
const refundRequest = z.strictObject({ tx_id: txId })
const cancellationRequest = z.strictObject({ tx_id: txId, kind: z.enum(bankKinds) })
const inquiryRequest = z.object({ tx_id: txId, kind: z.enum(bankKinds) })

/** Everything the bank answers. */
export function bankRoutes(book: BankBook, commits: GroupCommit, settlements: Settlements): Route[] {
  const signed = [signers.connector]
  const settled = async (kind: BankKind, id: string, begun: Transaction | 'conflict'): Promise<Answer> => {
    if (begun === 'conflict' || begun.status !== 'processing') return transactionAnswer(begun)
    await Promise.race([settlements.drive(kind, id), sleep(answerWaitMs, undefined, { ref: false })])
    return transactionAnswer(await commits.run(() => book.transactions.find(kind, id)!))
  }
  const debit = async ({ body, refuse }: Call): Promise<Answer> => {
    const { tx_id, account_no, amount: fen, auth_token, institution: at } = readAs(debitRequest, body)
    const request = { txId: tx_id, accountNo: account_no, fen, authToken: auth_token, institution: at }
    return settled('debit', tx_id, await commits.run(() => book.beginDebit(request, refuse, Date.now())))
  }
  const credit = async ({ body, refuse }: Call): Promise<Answer> => {
    const { tx_id, account_no, amount: fen, institution: at } = readAs(creditRequest, body)
    const request = { txId: tx_id, accountNo: account_no, fen, institution: at }
    return settled('credit', tx_id, await commits.run(() => book.beginCredit(request, refuse, Date.now())))
  }
  const refund = async ({ body, refuse }: Call): Promise<Answer> => {
    const { tx_id } = readAs(refundRequest, body)
    const begun = await commits.run(() => book.beginRefund(tx_id, refuse, Date.now()))
    if (begun !== 'debit-processing') return settled('refund', tx_id, begun)
    return { status: 202, body: { kind: 'refund', tx_id, status: 'processing' } }
  }
  const cancel = async ({ body }: Call): Promise<Answer> => {
    const { tx_id, kind } = readAs(cancellationRequest, body)
    return transactionAnswer(await commits.run(() => book.transactions.cancel(kind, tx_id, Date.now())))
  }
  const inquire = async ({ params, query }: Call): Promise<Answer> => {
    const { tx_id, kind } = readAs(inquiryRequest, { tx_id: params.tx_id, kind: query.get('kind') })
    const found = await commits.run(() => book.transactions.find(kind, tx_id))
    return found === undefined ? unknownAnswer(kind, tx_id) : transactionAnswer(found)
  }
  return [
    { method: 'POST', path: '/debits', operation: 'debits', signers: signed, run: debit },
    { method: 'POST', path: '/credits', operation: 'credits', signers: signed, run: credit },
    { method: 'POST', path: '/refunds', operation: 'refunds', signers: signed, run: refund },
    { method: 'POST', path: '/cancellations', operation: 'cancellations', signers: signed, run: cancel },
    { method: 'GET', path: '/transactions/:tx_id', operation: 'transactions', signers: signed, run: inquire },
    ...accountRoutes(book, commits),
    ...bookRoutes(book, commits),
  ]
}

type AccountRequest = z.infer<typeof accountRequest>

/** Test customers: a development sandbox's own, open to all who reach its loopback port. */
function accountRoutes(book: BankBook, commits: GroupCommit): Route[] {
  const open = (request: AccountRequest): Record<string, unknown> => {
    const { account_no = newAccountNo(request.kind), kind, balance, debit_limit: debitLimitFen } = request
    const authToken = randomBytes(16).toString('hex')
    if (!book.addCustomer({ accountNo: account_no, kind, debitLimitFen }, authToken, balance, Date.now())) {
      throw new BadRequest(409, 'this account number is taken')
    }
    return { ...accountBody(book, account_no), auth_token: authToken }
  }
  const read = async ({ params }: Call): Promise<Answer> => {
    const no = params.account_no ?? ''
    const body = await commits.run(() => book.customer(no) && accountBody(book, no))
    return body === undefined ? { status: 404, body: { error: 'no such account' } } : { status: 200, body }
  }
  const setStatus = async ({ params, body }: Call): Promise<Answer> => {
    const { status } = readAs(statusRequest, body)
    await commits.run(() => book.setStatus(params.account_no ?? '', status))
    return read({ params } as Call)
  }
  return [
    {
      method: 'POST',
      path: '/accounts',
      operation: 'accounts',
      signers: 'open',
      run: async ({ body }) => {
        const request = readAs(accountRequest, body)
        return { status: 201, body: await commits.run(() => open(request)) }
      },
    },
    {
      method: 'POST',
      path: '/account-batches',
      operation: 'accounts',
      signers: 'open',
      run: async ({ body }) => {
        const { accounts } = readAs(accountBatch, body)
        return { status: 201, body: { accounts: await commits.run(() => accounts.map(open)) } }
      },
    },
    { method: 'POST', path: '/accounts/:account_no/status', operation: 'accounts', signers: 'open', run: setStatus },
    { method: 'GET', path: '/accounts/:account_no', operation: 'accounts', signers: [signers.connector], run: read },
  ]
}

function accountBody(book: BankBook, no: string): Record<string, unknown> {
  const { kind, status, debitLimitFen } = book.customer(no)!
  return {
    account_no: no,
    account_no_masked: masked(no),
    kind,
    status,
    balance: yuanText(book.balanceOf(no)),
    debit_limit: yuanText(debitLimitFen),
  }
}

/** Reads for reconciliation: totals are open, the statement shows account numbers masked and is signed. */
function bookRoutes(book: BankBook, commits: GroupCommit): Route[] {
  const balances = (): Record<string, unknown> => {
    const own = Object.entries(bankAccounts).map(([name, account]) => [name, yuanText(book.entries.balance(account))])
    return {
      customers: yuanText(book.entries.sum('customer:')),
      ...Object.fromEntries(own),
      sum: yuanText(book.entries.sum()),
      accounts: book.customerCount(),
      processing: book.transactions.processing().length,
      last_seq: book.entries.lastSeq(),
    }
  }
  return [
    {
      method: 'GET',
      path: '/balances',
      operation: 'balances',
      signers: 'open',
      run: async () => ({ status: 200, body: await commits.run(balances) }),
    },
    {
      method: 'GET',
      path: '/statement',
      operation: 'statement',
      signers: [signers.connector],
      run: async ({ query }) => {
        const page = readAs(statementQuery, Object.fromEntries(query))
        return { status: 200, body: await commits.run(() => statementBody(book.entries, page, shownAccount)) }
      },
    },
  ]
}

function shownAccount(account: string): string {
  const [book, no] = account.split(':') as [string, string]
  return book === 'customer' ? `customer:${masked(no)}` : account
}

/** Six in front and four behind stay readable, as on a bank's receipt; of a short number only the end does. */
function masked(no: string): string {
  return no.length < 14
    ? '*'.repeat(no.length - 4) + no.slice(-4)
    : no.slice(0, 6) + '*'.repeat(no.length - 10) + no.slice(-4)
}

function newAccountNo(kind: 'bank' | 'payment'): string {
  const digits = Array.from({ length: kind === 'bank' ? 10 : 12 }, () => randomInt(10)).join('')
  return kind === 'bank' ? `622588${digits}` : `P987${digits}`
}
