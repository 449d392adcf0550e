import type { BankKind, BankPort } from '../connectors/bank.ts'
import type { CentralBankKind, CentralBankPort } from '../connectors/centralBank.ts'
import type { FarOutcome } from '../connectors/farSide.ts'
import type { Transaction } from '../connectors/sandbox/transactions.ts'
import { CallFault } from '../connectors/signedCall.ts'
import type { FarBooks } from './farBooks.ts'
import type { FarNetwork } from './farNetwork.ts'
import type { Prng } from './prng.ts'
import type { SimProcess } from './simProcess.ts'

export type FarSides = { books: FarBooks; network: FarNetwork }
export type FarPorts = { bank: BankPort; centralBank: CentralBankPort }

const timeoutMs = 3_000
const triesMax = 3
const retryDelayMs = 50

type Standing = Transaction | 'conflict' | 'processing' | undefined

/**
 * Bank and central bank as the connector's driver reaches them. Timeouts and tries are those of the real client; HTTP,
 * signatures and the breaker are left out.
 */
export function farPorts({ books, network }: FarSides, process: SimProcess, prng: Prng): FarPorts {
  const settle = async (
    fen: bigint,
    refusable: boolean,
    work: (refuse: string | undefined) => Promise<Standing>,
  ): Promise<FarOutcome> => {
    for (let tries = 1; ; tries++) {
      try {
        return outcomeOf(await network.call(process, refusable, timeoutMs, work), fen)
      } catch (error) {
        if (!(error instanceof CallFault)) throw error
        if (tries >= triesMax) return { kind: 'unknown', doubt: 'timeout' }
      }
      await process.sleep(retryDelayMs * tries * (0.5 + prng.unit()))
    }
  }
  const atBank = async (work: () => Standing): Promise<Standing> => books.atBank(work)
  const atIssuer = async (work: () => Standing): Promise<Standing> => books.atCentralBank(work)
  const settled = (kind: BankKind, txId: string, begun: Standing): Promise<Standing> =>
    begun === undefined || begun === 'processing' ? Promise.resolve(begun) : books.settled(kind, txId, begun)
  const { bank, centralBank } = books
  return {
    bank: {
      debit: ({ txId, amountFen, accountNo, authToken, institution }) =>
        settle(amountFen, true, async (refuse) => {
          const request = { txId, accountNo, fen: Number(amountFen), authToken, institution }
          return settled('debit', txId, await atBank(() => bank.beginDebit(request, refuse, books.nowMs())))
        }),
      credit: ({ txId, amountFen, accountNo, institution }) =>
        settle(amountFen, true, async (refuse) => {
          const request = { txId, accountNo, fen: Number(amountFen), institution }
          return settled('credit', txId, await atBank(() => bank.beginCredit(request, refuse, books.nowMs())))
        }),
      refund: ({ txId, amountFen }) =>
        settle(amountFen, false, async () => {
          const begun = await atBank(() => {
            const refund = bank.beginRefund(txId, undefined, books.nowMs())
            return refund === 'debit-processing' ? 'processing' : refund
          })
          return settled('refund', txId, begun)
        }),
      inquire: (kind: BankKind, { txId, amountFen }) =>
        settle(amountFen, false, () => atBank(() => bank.transactions.find(kind, txId))),
      cancel: (kind: BankKind, { txId, amountFen }) =>
        settle(amountFen, false, () => atBank(() => bank.transactions.cancel(kind, txId, books.nowMs()))),
    },
    centralBank: {
      introduce: async (institution) => {
        const introduce = async (): Promise<boolean> =>
          books.atCentralBank(() => {
            centralBank.addInstitution(institution, `Institution ${institution}`)
            return true
          })
        return network.call(process, false, timeoutMs, introduce).catch((error: unknown) => {
          if (error instanceof CallFault) return false
          throw error
        })
      },
      issue: ({ txId, amountFen, institution }) =>
        settle(amountFen, true, (refuse) => {
          const movement = { txId, institution, bank: '', fen: Number(amountFen) }
          return atIssuer(() => centralBank.issue(movement, refuse, books.nowMs()))
        }),
      burn: ({ txId, amountFen, institution, bank: code }) =>
        settle(amountFen, true, (refuse) => {
          const movement = { txId, institution, bank: code, fen: Number(amountFen) }
          return atIssuer(() => centralBank.burn(movement, refuse, books.nowMs()))
        }),
      reverseBurn: ({ txId, amountFen }) =>
        settle(amountFen, false, () => atIssuer(() => centralBank.reverseBurn(txId, undefined, books.nowMs()))),
      reverseIssuance: ({ txId, amountFen }) =>
        settle(amountFen, false, () => atIssuer(() => centralBank.reverseIssuance(txId, undefined, books.nowMs()))),
      inquire: (kind: CentralBankKind, { txId, amountFen }) =>
        settle(amountFen, false, () => atIssuer(() => centralBank.transactions.find(kind, txId))),
      cancel: (kind: CentralBankKind, { txId, amountFen }) =>
        settle(amountFen, false, () => atIssuer(() => centralBank.transactions.cancel(kind, txId, books.nowMs()))),
    },
  }
}

/** As the real client judges an answer. */
function outcomeOf(standing: Standing, fen: bigint): FarOutcome {
  if (standing === undefined) return { kind: 'unknown', doubt: 'never-seen' }
  if (standing === 'conflict') return { kind: 'unknown', doubt: 'rejected' }
  if (standing === 'processing' || standing.status === 'processing') return { kind: 'unknown', doubt: 'processing' }
  if (standing.status === 'refused') return { kind: 'refused', reason: standing.reason }
  return BigInt(standing.fen) === fen ? { kind: 'done' } : { kind: 'unknown', doubt: 'mismatch' }
}
