import { z } from 'zod'
import { yuanText } from '../yuan.ts'
import { type CentralBankBook, centralBankKinds, type Movement } from './centralBankBook.ts'
import type { GroupCommit } from './groupCommit.ts'
import { sandboxBankCode, signers } from './parties.ts'
import { amount, bankCode, institution, statementQuery, txId } from './requestBodies.ts'
import { type Answer, type Call, type Route, readAs } from './signedServer.ts'
import { statementBody } from './statementBody.ts'
import { transactionAnswer, unknownAnswer } from './transactionAnswer.ts'
import type { Transaction } from './transactions.ts'

const institutionRequest = z.strictObject({ institution, name: z.string().min(1).max(80) })
const movementRequest = z.strictObject({ tx_id: txId, institution, amount })
const burnRequest = z.strictObject({ tx_id: txId, institution, amount, bank: bankCode })
const reversalRequest = z.strictObject({ tx_id: txId })
const aboutRequest = z.strictObject({ tx_id: txId, kind: z.enum(centralBankKinds) })

type Decide = (refuse: string | undefined, atMs: number) => Transaction | 'conflict'

/** Everything the central bank answers. */
export function centralBankRoutes(book: CentralBankBook, commits: GroupCommit): Route[] {
  const route = (path: string, signer: string, read: (body: unknown) => Decide): Route => ({
    method: 'POST',
    path,
    operation: path.slice(1),
    signers: [signer],
    run: async ({ body, refuse }) => {
      const decide = read(body)
      return transactionAnswer(await commits.run(() => decide(refuse, Date.now())))
    },
  })
  const movement = (body: unknown, bank: string): Movement => {
    const { tx_id, institution: at, amount: fen } = readAs(movementRequest, body)
    return { txId: tx_id, institution: at, bank, fen }
  }
  const burn = (body: unknown): Decide => {
    const { tx_id, institution: at, amount: fen, bank } = readAs(burnRequest, body)
    return (refuse, atMs) => book.burn({ txId: tx_id, institution: at, bank, fen }, refuse, atMs)
  }
  const transfer = (body: unknown): Decide => {
    const read = movement(body, sandboxBankCode)
    return (refuse, atMs) => book.reserveTransfer(read, refuse, atMs)
  }
  const issue = (body: unknown): Decide => {
    const read = movement(body, '')
    return (refuse, atMs) => book.issue(read, refuse, atMs)
  }
  const reversalOf = (body: unknown): string => readAs(reversalRequest, body).tx_id
  return [
    route('/reserve-transfers', signers.bank, transfer),
    route('/reserve-transfer-reversals', signers.bank, (body) => {
      const id = reversalOf(body)
      return (refuse, atMs) => book.reverseReserveTransfer(id, sandboxBankCode, refuse, atMs)
    }),
    route('/issuances', signers.connector, issue),
    route('/issuance-reversals', signers.connector, (body) => {
      const id = reversalOf(body)
      return (refuse, atMs) => book.reverseIssuance(id, refuse, atMs)
    }),
    route('/burns', signers.connector, burn),
    route('/burn-reversals', signers.connector, (body) => {
      const id = reversalOf(body)
      return (refuse, atMs) => book.reverseBurn(id, refuse, atMs)
    }),
    ...aboutRoutes(book, commits),
    ...bookRoutes(book, commits),
  ]
}

/** Questions about a request, and the word that it is not to be executed any more. */
function aboutRoutes(book: CentralBankBook, commits: GroupCommit): Route[] {
  const inquire = async ({ params, query }: Call): Promise<Answer> => {
    const { tx_id, kind } = readAs(aboutRequest, { tx_id: params.tx_id, kind: query.get('kind') })
    return commits.run(() => {
      const found = book.transactions.find(kind, tx_id)
      if (found === undefined) return unknownAnswer(kind, tx_id)
      const reversed = book.transactions.find(`${kind}-reversal`, tx_id)?.status === 'done'
      return transactionAnswer(found, { reversed })
    })
  }
  const cancel = async ({ body, signer }: Call): Promise<Answer> => {
    const { tx_id, kind } = readAs(aboutRequest, body)
    // Each may call off only what it may ask for.
    const own = kind.startsWith('reserve-transfer') ? signers.bank : signers.connector
    if (signer !== own) return { status: 403, body: { error: `this is not for "${signer}" to call off` } }
    return transactionAnswer(await commits.run(() => book.transactions.cancel(kind, tx_id, Date.now())))
  }
  const both = [signers.connector, signers.bank]
  return [
    { method: 'GET', path: '/transactions/:tx_id', operation: 'transactions', signers: both, run: inquire },
    { method: 'POST', path: '/cancellations', operation: 'cancellations', signers: both, run: cancel },
  ]
}

function bookRoutes(book: CentralBankBook, commits: GroupCommit): Route[] {
  const introduce = async ({ body }: Call): Promise<Answer> => {
    const { institution: at, name } = readAs(institutionRequest, body)
    await commits.run(() => book.addInstitution(at, name))
    return { status: 200, body: { institution: at, name } }
  }
  const balances = (): Record<string, unknown> => ({
    banks: book.banks().map(({ bank, settlementFen }) => ({ bank, settlement: yuanText(settlementFen) })),
    institutions: book.institutions().map(({ institution: at, name, reserveFen, issuedFen }) => {
      return { institution: at, name, reserve: yuanText(reserveFen), issued: yuanText(issuedFen) }
    }),
    reserve: yuanText(book.entries.sum('money:reserve:')),
    issued: yuanText(book.entries.sum('issuance:issued:')),
    sum: yuanText(book.entries.sum()),
    last_seq: book.entries.lastSeq(),
  })
  const connector = [signers.connector]
  return [
    { method: 'POST', path: '/institutions', operation: 'institutions', signers: connector, run: introduce },
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
      signers: connector,
      run: async ({ query }) => {
        const page = readAs(statementQuery, Object.fromEntries(query))
        return { status: 200, body: await commits.run(() => statementBody(book.entries, page, (account) => account)) }
      },
    },
  ]
}
