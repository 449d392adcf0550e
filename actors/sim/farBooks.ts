import { DatabaseSync } from 'node:sqlite'
import { regionBankCode } from '../connectors/bank.ts'
import { BankBook, type BankKind, bankSchema } from '../connectors/sandbox/bankBook.ts'
import { CentralBankBook, centralBankSchema } from '../connectors/sandbox/centralBankBook.ts'
import type { Entry } from '../connectors/sandbox/doubleEntry.ts'
import { openingSettlementFen } from '../connectors/sandbox/parties.ts'
import type { Transaction } from '../connectors/sandbox/transactions.ts'
import type { FarNetwork } from './farNetwork.ts'
import type { Prng } from './prng.ts'
import type { SimProcess } from './simProcess.ts'

export type FarBooksOptions = {
  bankProcess: SimProcess
  network: FarNetwork
  prng: Prng
  /** Hears every entry of either book as it is made. */
  onEntry: (side: 'bank' | 'centralBank', entry: Entry) => void
}

const retryDelayMsMin = 25
const retryDelayMsMax = 2_000
const settlementTimeoutMs = 2_000
/** How long the bank's answer waits for the central bank before it says "processing". */
const answerWaitMs = 1_500

/** The books of the sandbox bank and the sandbox central bank, and how the bank settles between them. */
export class FarBooks {
  readonly bank: BankBook
  readonly centralBank: CentralBankBook
  readonly #o: FarBooksOptions
  readonly #dbs: { bank: DatabaseSync; centralBank: DatabaseSync }
  readonly #told = { bank: 0, centralBank: 0 }
  readonly #driven = new Map<string, Promise<void>>()

  constructor(options: FarBooksOptions) {
    this.#o = options
    const [bank, centralBank] = [new DatabaseSync(':memory:'), new DatabaseSync(':memory:')]
    bank.exec(bankSchema)
    centralBank.exec(centralBankSchema)
    this.#dbs = { bank, centralBank }
    this.bank = new BankBook(bank)
    this.centralBank = new CentralBankBook(centralBank)
    this.atBank(() => this.bank.establish(openingSettlementFen, this.nowMs()))
    this.atCentralBank(() => this.centralBank.addBank(regionBankCode, openingSettlementFen, this.nowMs()))
  }

  nowMs(): number {
    return this.#o.bankProcess.clock.nowMs()
  }

  close(): void {
    this.#dbs.bank.close()
    this.#dbs.centralBank.close()
  }

  atBank<T>(work: () => T): T {
    return this.#transact('bank', work)
  }

  atCentralBank<T>(work: () => T): T {
    return this.#transact('centralBank', work)
  }

  #transact<T>(side: 'bank' | 'centralBank', work: () => T): T {
    const db = this.#dbs[side]
    db.exec('BEGIN')
    let result: T
    try {
      result = work()
    } catch (error) {
      db.exec('ROLLBACK')
      throw error
    }
    db.exec('COMMIT')
    const entries = this[side].entries
    if (entries.lastSeq() > this.#told[side]) {
      for (const entry of entries.page(this.#told[side], 1_000)) this.#o.onEntry(side, entry)
      this.#told[side] = entries.lastSeq()
    }
    return result
  }

  /** Begins a transaction at the bank and answers once it is settled, or says that it is processing. */
  async settled(kind: BankKind, txId: string, begun: Transaction | 'conflict'): Promise<Transaction | 'conflict'> {
    if (begun === 'conflict' || begun.status !== 'processing') return begun
    await Promise.race([this.#drive(kind, txId), this.#o.bankProcess.sleep(answerWaitMs)])
    return this.bank.transactions.find(kind, txId)!
  }

  get processing(): number {
    return this.bank.transactions.processing().length
  }

  /** Drives a transaction to its end; whoever asks meanwhile waits for the same. */
  #drive(kind: BankKind, txId: string): Promise<void> {
    const name = `${kind} ${txId}`
    const driven = this.#driven.get(name)
    if (driven !== undefined) return driven
    const driving = this.#loop(kind, txId).finally(() => this.#driven.delete(name))
    this.#driven.set(name, driving)
    return driving
  }

  async #loop(kind: BankKind, txId: string): Promise<void> {
    const { bankProcess, network, prng } = this.#o
    if (network.strikes('processing')) await bankProcess.sleep(prng.between(1_500, 5_000))
    for (let delayMs = retryDelayMsMin; ; delayMs = Math.min(2 * delayMs, retryDelayMsMax)) {
      const transaction = this.bank.transactions.find(kind, txId)
      if (transaction?.status !== 'processing') return
      const reason = await this.#ask(kind, transaction).catch(() => undefined)
      if (reason !== undefined) {
        this.atBank(() => this.bank.finish(kind, txId, reason, this.nowMs()))
        return
      }
      await bankProcess.sleep(delayMs * (0.5 + prng.unit()))
    }
  }

  /** '' when the central bank did it, a reason when it never will, undefined when that is not known. */
  async #ask(kind: BankKind, transaction: Transaction): Promise<string | undefined> {
    const { bankProcess, network } = this.#o
    const call = (work: (refuse: string | undefined) => Transaction | 'conflict' | undefined, refusable: boolean) =>
      network.call(bankProcess, refusable, settlementTimeoutMs, async (refuse) =>
        this.atCentralBank(() => work(refuse)),
      )
    const { txId, fen, request } = transaction
    if (kind === 'credit') {
      const burn = await call(() => this.centralBank.transactions.find('burn', txId), false)
      if (burn === undefined || burn === 'conflict') return undefined
      const reversed = this.centralBank.transactions.find('burn-reversal', txId)?.status === 'done'
      if (burn.status === 'refused' || reversed) return 'BURN_REFUSED'
      if (burn.status !== 'done') return undefined
      return burn.fen === fen ? '' : 'BURN_DIFFERS'
    }
    const institution = request.institution as number
    const movement = { txId, institution, bank: regionBankCode, fen }
    const moved =
      kind === 'debit'
        ? await call((refuse) => this.centralBank.reserveTransfer(movement, refuse, this.nowMs()), true)
        : await call(
            () => this.centralBank.reverseReserveTransfer(txId, regionBankCode, undefined, this.nowMs()),
            false,
          )
    if (moved === undefined || moved === 'conflict') return undefined
    if (moved.status === 'refused') return 'RESERVE_REFUSED'
    return moved.status === 'done' && moved.fen === fen ? '' : undefined
  }
}
