import type { Effect } from '../log/effects.ts'
import type { BankKind, BankPort } from './bank.ts'
import type { CentralBankKind, CentralBankPort } from './centralBank.ts'
import type { FarOutcome } from './farSide.ts'
import { farTxId } from './farTxId.ts'
import { mayBeCalledOff, type Operation } from './nextStep.ts'

/** What the customer gave the connector to act with. `authToken` is empty where no debit was authorised. */
export type Instructions = { accountNo: string; authToken: string }

export type FarQuestionsOptions = {
  bank: BankPort
  centralBank: CentralBankPort
  bankCode: string
  open: (effect: Effect) => Instructions
  doubtsMax?: number
}

const bankKinds: Readonly<Partial<Record<Operation, BankKind>>> = { debit: 'debit', credit: 'credit', refund: 'refund' }
const centralBankKinds: Readonly<Partial<Record<Operation, CentralBankKind>>> = {
  issue: 'issuance',
  burn: 'burn',
  'reverse-burn': 'burn-reversal',
}

/** Sagas whose doubts are counted at once; the count is only patience, so that forgetting one costs time alone. */
const countedMax = 10_000

/** Asks bank and central bank for one operation of a saga until it is as certain as it can be made now. */
export class FarQuestions {
  readonly #o: FarQuestionsOptions
  readonly #introduced = new Set<number>()
  readonly #doubts = new Map<string, number>()

  constructor(options: FarQuestionsOptions) {
    this.#o = options
  }

  /**
   * Asks for the operation; when that ends unknown, inquires; and when it has stayed unknown for long, calls it off.
   * Whatever comes back as certain is the far side's own word about this very transaction.
   */
  async settle(operation: Operation, effect: Effect): Promise<FarOutcome> {
    const key = `${operation}/${effect.shard}/${effect.walletNumber}/${effect.txId}`
    const asked = await this.#ask(operation, effect)
    if (asked.kind !== 'unknown') {
      this.#doubts.delete(key)
      return asked
    }
    if (asked.doubt === 'not-asked') return asked
    const doubts = (this.#doubts.get(key) ?? 0) + 1
    if (this.#doubts.size >= countedMax) this.#doubts.delete(this.#doubts.keys().next().value!)
    this.#doubts.set(key, doubts)
    // It said that our request is wrong, perhaps that its id was used for another: what it did under it is not ours.
    const foreign = asked.doubt === 'rejected'
    const found = foreign ? asked : await this.#inquire(operation, effect)
    if (found.kind !== 'unknown') return found
    if (doubts < (this.#o.doubtsMax ?? 10) || !mayBeCalledOff(operation)) return found
    const last = await this.#cancel(operation, effect)
    return foreign && last.kind === 'done' ? asked : last
  }

  async #ask(operation: Operation, effect: Effect): Promise<FarOutcome> {
    const { bank, centralBank, bankCode } = this.#o
    const { institution } = effect
    const transaction = transactionOf(effect)
    if (!(await this.#introduce(institution))) return { kind: 'unknown', doubt: 'not-asked' }
    switch (operation) {
      case 'debit':
        return bank.debit({ ...transaction, institution, ...this.#o.open(effect) })
      case 'credit':
        return bank.credit({ ...transaction, institution, accountNo: this.#o.open(effect).accountNo })
      case 'refund':
        return bank.refund(transaction)
      case 'issue':
        return centralBank.issue({ ...transaction, institution })
      case 'burn':
        return centralBank.burn({ ...transaction, institution, bank: bankCode })
      case 'reverse-burn':
        return centralBank.reverseBurn(transaction)
    }
  }

  #inquire(operation: Operation, effect: Effect): Promise<FarOutcome> {
    const kind = bankKinds[operation]
    if (kind !== undefined) return this.#o.bank.inquire(kind, transactionOf(effect))
    return this.#o.centralBank.inquire(centralBankKinds[operation]!, transactionOf(effect))
  }

  #cancel(operation: Operation, effect: Effect): Promise<FarOutcome> {
    const kind = bankKinds[operation]
    if (kind !== undefined) return this.#o.bank.cancel(kind, transactionOf(effect))
    return this.#o.centralBank.cancel(centralBankKinds[operation]!, transactionOf(effect))
  }

  /** The central bank must know an institution before its bank moves the first reserve: else it refuses for good. */
  async #introduce(institution: number): Promise<boolean> {
    if (this.#introduced.has(institution)) return true
    const known = await this.#o.centralBank.introduce(institution)
    if (known) this.#introduced.add(institution)
    return known
  }
}

function transactionOf({ walletNumber, txId, amountFen }: Effect): { txId: string; amountFen: bigint } {
  return { txId: farTxId(walletNumber, txId), amountFen: BigInt(amountFen) }
}
