import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import { type Caller, CallFault, signedCall } from '../signedCall.ts'
import { yuanText } from '../yuan.ts'
import type { BankBook, BankKind } from './bankBook.ts'
import type { GroupCommit } from './groupCommit.ts'
import type { Transaction } from './transactions.ts'

const callTimeoutMs = 2_000
const retryDelayMsMin = 25
const retryDelayMsMax = 2_000

const word = z.object({
  kind: z.string(),
  tx_id: z.string(),
  status: z.enum(['done', 'refused', 'processing', 'unknown-to-us']),
  amount: z.string().optional(),
  reversed: z.boolean().optional(),
})

/**
 * The bank's own dealings with the central bank. Each transaction that is processing is driven until the central
 * bank's word is certain, across restarts; meanwhile the customer's money stands in suspense and nobody guesses.
 */
export class Settlements {
  readonly #book: BankBook
  readonly #commits: GroupCommit
  readonly #caller: Caller
  readonly #log: Logger
  readonly #driven = new Map<string, Promise<void>>()
  readonly #stopped = new AbortController()

  constructor(book: BankBook, commits: GroupCommit, caller: Caller, log: Logger) {
    this.#book = book
    this.#commits = commits
    this.#caller = caller
    this.#log = log
  }

  /** Takes up what was processing when the bank stopped. */
  async resume(): Promise<void> {
    const open = await this.#commits.run(() => this.#book.transactions.processing())
    for (const { kind, txId } of open) void this.drive(kind as BankKind, txId)
  }

  /** Resolves when the transaction has come to its end, or the bank stops. */
  drive(kind: BankKind, txId: string): Promise<void> {
    const name = `${kind} ${txId}`
    const driven = this.#driven.get(name)
    if (driven !== undefined) return driven
    const driving = this.#loop(kind, txId)
      .catch((error: unknown) => this.#log.error({ kind, txId, error: String(error) }, 'settlement failed'))
      .finally(() => this.#driven.delete(name))
    this.#driven.set(name, driving)
    return driving
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#driven.values())
  }

  async #loop(kind: BankKind, txId: string): Promise<void> {
    const { signal } = this.#stopped
    for (let delayMs = retryDelayMsMin; !signal.aborted; delayMs = Math.min(2 * delayMs, retryDelayMsMax)) {
      const transaction = await this.#commits.run(() => this.#book.transactions.find(kind, txId))
      if (transaction?.status !== 'processing') return
      const reason = await this.#ask(kind, transaction)
      if (reason !== undefined) {
        await this.#commits.run(() => this.#book.finish(kind, txId, reason, Date.now()))
        return
      }
      await sleep(delayMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined)
    }
  }

  /** @returns '' when the central bank did it, the reason when it never will, undefined when that is not known */
  async #ask(kind: BankKind, transaction: Transaction): Promise<string | undefined> {
    try {
      return kind === 'credit' ? await this.#askForBurn(transaction) : await this.#askToMove(kind, transaction)
    } catch (error) {
      if (!(error instanceof CallFault)) throw error
      this.#log.warn({ kind, txId: transaction.txId, problem: error.problem }, 'central bank gave no certain answer')
      return undefined
    }
  }

  async #askToMove(kind: 'debit' | 'refund', { txId, fen, request }: Transaction): Promise<string | undefined> {
    const { institution } = request
    const answer =
      kind === 'debit'
        ? await this.#call('POST', '/reserve-transfers', { tx_id: txId, institution, amount: yuanText(fen) })
        : await this.#call('POST', '/reserve-transfer-reversals', { tx_id: txId })
    const expected = kind === 'debit' ? 'reserve-transfer' : 'reserve-transfer-reversal'
    if (answer.kind !== expected || answer.tx_id !== txId) return undefined
    if (answer.status === 'refused') return 'RESERVE_REFUSED'
    return answer.status === 'done' && answer.amount === yuanText(fen) ? '' : undefined
  }

  /** A payout is paid from what the burn released; without the burn there is no money to pay it from. */
  async #askForBurn({ txId, fen }: Transaction): Promise<string | undefined> {
    const answer = await this.#call('GET', `/transactions/${encodeURIComponent(txId)}?kind=burn`)
    if (answer.kind !== 'burn' || answer.tx_id !== txId) return undefined
    if (answer.status === 'refused' || answer.reversed) return 'BURN_REFUSED'
    if (answer.status !== 'done') return undefined
    return answer.amount === yuanText(fen) ? '' : 'BURN_DIFFERS'
  }

  async #call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<z.infer<typeof word>> {
    const signal = AbortSignal.any([AbortSignal.timeout(callTimeoutMs), this.#stopped.signal])
    const parsed = word.safeParse(await signedCall(this.#caller, method, path, body, signal))
    if (!parsed.success) throw new CallFault('malformed', 'the answer is not one about a transaction')
    return parsed.data
  }
}
