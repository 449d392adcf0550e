import { type StatementEntry, StatementFold } from './bankBook.ts'
import { DisputeBook } from './disputeBook.ts'
import { FrequencyBook } from './frequencyBook.ts'
import { HoldBook } from './holdBook.ts'
import { MandateBook } from './mandateBook.ts'
import { OrderBook } from './orderBook.ts'
import { PayoutBook } from './payoutBook.ts'
import { type Answer, type Request, RequestBook } from './requestBook.ts'
import { judgeSaga } from './sagaRules.ts'
import { SplitBook } from './splitBook.ts'
import { type Posting, WalletBook } from './walletBook.ts'

/** What a replica of a shard says of itself when all is quiet. */
export type ShardWord = {
  readonly shard: number
  readonly seq: number
  /** By wallet number. */
  readonly balances: ReadonlyMap<number, number>
  readonly openSagas: number
  readonly logTimeMs: number
  readonly sentFen: number
  readonly receivedFen: number
}

/** The state of one replica of a shard after it had applied an entry. */
export type ReplicaWord = {
  readonly shard: number
  readonly seq: number
  /** Of the entry at this position: what a cut voids may have stood at the same one. */
  readonly epoch: number
  readonly who: string
  readonly digest: string
}

/** Payments that a region makes by itself have ids that no person can give one. */
const isUnasked = (id: string): boolean => id[14] === 'e'

const reservePrefix = 'money:reserve:'
const issuedPrefix = 'issuance:issued:'

/**
 * Judges a region from outside: from what people asked and were told, what the banks' statements say, each posting of
 * the logs and what leaders answer. It keeps books of its own and shares no code with what it judges.
 */
export class Auditor {
  readonly requests: RequestBook
  readonly wallets: WalletBook
  readonly orders: OrderBook
  readonly holds: HoldBook
  readonly frequency: FrequencyBook
  readonly disputes: DisputeBook
  readonly mandates: MandateBook
  readonly payouts: PayoutBook
  readonly splits = new SplitBook()
  readonly bank: StatementFold
  readonly centralBank: StatementFold
  readonly #violation: (what: string) => void
  readonly #digests = new Map<string, ReplicaWord>()
  digestsCompared = 0

  constructor(violation: (what: string) => void) {
    this.#violation = violation
    this.requests = new RequestBook(violation)
    this.wallets = new WalletBook(violation)
    this.orders = new OrderBook(violation)
    this.holds = new HoldBook(violation)
    this.frequency = new FrequencyBook(violation)
    this.disputes = new DisputeBook(violation)
    this.mandates = new MandateBook(violation)
    this.payouts = new PayoutBook(violation)
    this.bank = new StatementFold('bank', violation)
    this.centralBank = new StatementFold('central bank', violation)
  }

  asked(request: Request): void {
    this.requests.asked(request)
  }

  answered(request: Request, answer: Answer): void {
    this.requests.answered(request, answer)
  }

  posted(posting: Posting): void {
    const { kind, wallet, fen, id, counterparty } = posting
    const txId = `${wallet}.${id}`
    if (kind === 'recharged' && this.centralBank.done(txId, 'issuance') !== fen) {
      this.#violation(`recharge ${txId} was credited with ${fen} fen that were not issued`)
    }
    if (kind === 'redemption-returned' && this.#burnt(txId)) {
      this.#violation(`redemption ${txId} gave back what is burnt`)
    }
    if (kind === 'redeemed') this.#judgeRedeemed(posting)
    if (kind === 'paid') this.#judgePaid(posting)
    if (kind === 'payment-returned') this.mandates.returned(posting)
    const received = kind === 'received' ? this.requests.request('payment', counterparty, id, fen) : undefined
    if (received !== undefined) this.orders.received(received, posting.logTimeMs)
    if (received !== undefined) this.splits.received(received)
    if (kind === 'held' || kind === 'hold-released') this.holds.posted(posting)
    if (kind === 'held' || kind === 'paid') {
      this.frequency.posted(posting, this.requests.request('payment', wallet, id, -fen))
    }
    this.payouts.posted(posting, this.#heldFen(wallet))
    this.wallets.post(posting)
    this.#weigh(`${kind} ${txId}`)
  }

  #heldFen(wallet: number): number {
    return this.wallets.balances.get(wallet) ?? 0
  }

  #judgeRedeemed(posting: Posting): void {
    const { wallet, id, fen } = posting
    const unasked = isUnasked(id) && this.payouts.paidOut(posting, this.#heldFen(wallet))
    if (!unasked && !this.requests.wasAsked('redemption', wallet, id, -fen)) {
      this.#violation(`redemption ${wallet}.${id} of ${-fen} fen was never asked for`)
    }
  }

  #judgePaid(posting: Posting): void {
    const { wallet, id, fen, logTimeMs } = posting
    const unasked = isUnasked(id) && (this.mandates.scheduled(posting) || this.splits.sentOn(posting))
    if (!unasked && !this.requests.wasAsked('payment', wallet, id, -fen)) {
      this.#violation(`payment ${wallet}/${id} of ${-fen} fen was never asked for`)
    }
    const request = this.requests.request('payment', wallet, id, -fen)
    if (request === undefined) return
    this.holds.captured(request, logTimeMs)
    this.disputes.paid(request)
    this.mandates.collected(request, posting)
  }

  #burnt(txId: string): boolean {
    return this.centralBank.done(txId, 'burn') !== undefined && !this.centralBank.done(txId, 'burn-reversal')
  }

  bankEntry(entry: StatementEntry): void {
    this.bank.take(entry, 'customer:')
    const { kind, txId } = entry
    if (kind === 'credit' && !this.#burnt(txId)) this.#violation(`bank: ${txId} was paid out, but nothing was burnt`)
  }

  centralBankEntry(entry: StatementEntry): void {
    const { kind, txId } = entry
    this.centralBank.take(entry, kind.startsWith('reserve-transfer') ? reservePrefix : issuedPrefix)
    if (kind === 'burn') this.#judgeBurn(txId)
    this.#weigh(`${kind} ${txId}`)
  }

  #judgeBurn(txId: string): void {
    const saga = this.wallets.sagas.get(txId)
    const fen = this.centralBank.done(txId, 'burn')
    if (fen === undefined) return
    if (saga?.kind !== 'redemption' || saga.back || saga.fen !== fen) {
      this.#violation(`central bank: ${fen} fen of ${txId} were burnt, but no wallet gave them`)
    }
  }

  /** Money that people can spend is never more than what is issued, and that never more than the reserve. */
  #weigh(after: string): void {
    const spendable = this.wallets.walletsFen + this.wallets.inFlightFen + this.holds.fen
    const issued = this.centralBank.sum(issuedPrefix)
    const reserve = this.centralBank.sum(reservePrefix)
    if (spendable > issued) this.#violation(`after ${after}: ${spendable} fen in wallets, only ${issued} issued`)
    // A burn makes two entries: the issuance goes first, so that it is never above the reserve either.
    if (issued > reserve) this.#violation(`after ${after}: ${issued} fen issued against a reserve of ${reserve}`)
  }

  /** Two replicas that have applied the same entries must hold the same state. */
  applied(word: ReplicaWord): void {
    const key = `${word.shard}/${word.seq}/${word.epoch}`
    const before = this.#digests.get(key)
    if (before === undefined) {
      this.#digests.set(key, word)
      return
    }
    this.digestsCompared += 1
    if (before.digest === word.digest) return
    this.#violation(
      `shard ${word.shard} at ${word.seq}: ${before.who} has ${before.digest}, ${word.who} ${word.digest}`,
    )
  }

  /** Once everything has come to rest: what the replicas of one region, of every shard one, say of themselves. */
  tellAll(words: readonly ShardWord[]): void {
    this.#closeBalances(words)
    const times = words.flatMap(({ balances, logTimeMs }) =>
      [...balances.keys()].map((wallet) => [wallet, logTimeMs] as const),
    )
    const timeOf = new Map(times)
    this.holds.close((wallet) => timeOf.get(wallet) ?? 0)
    this.payouts.close(this.wallets.balances, (wallet) => timeOf.get(wallet) ?? 0)
    for (const word of words) {
      if (word.openSagas > 0) this.#violation(`shard ${word.shard} has ${word.openSagas} sagas open at the end`)
    }
    const sent = words.reduce((sum, word) => sum + word.sentFen - word.receivedFen, 0)
    if (sent !== 0) this.#violation(`${sent} fen are between shards at the end`)
  }

  close(openings: ReadonlyMap<string, number>): void {
    for (const open of this.requests.unfinished()) this.#violation(`no last word about ${open}`)
    for (const key of this.wallets.inFlight()) this.#violation(`payment ${key} left and never arrived`)
    this.#closeRequests()
    this.#closeBanks(openings)
  }

  /** Every request that was answered stands in the wallets as it was answered, and nothing else does. */
  #closeRequests(): void {
    // What a rule pays out nobody asks for, and nobody is told of.
    const answered = new Set(this.payouts.closeBanks(this))
    for (const { request, outcome } of this.requests.decided()) {
      const { kind, wallet, id, fen, to } = request
      if (kind !== 'payment') {
        const txId = `${wallet}.${id}`
        answered.add(txId)
        judgeSaga({ kind, txId, fen, outcome }, this, this.#violation)
        continue
      }
      this.orders.decided(request, outcome)
      const payment = this.wallets.payments.get(`${wallet}/${id}`)
      const arrived = payment?.in ?? 0
      if (outcome === 'done' && (arrived !== 1 || payment!.fen !== fen || payment!.to !== to)) {
        this.#violation(`payment ${wallet}/${id} of ${fen} fen was acknowledged and is not there`)
      }
      if (outcome !== 'done' && outcome !== 'forgotten' && arrived > 0) {
        this.#violation(`payment ${wallet}/${id} was answered "${outcome}" and yet executed`)
      }
    }
    for (const txId of this.centralBank.transactions.keys()) {
      if (!answered.has(txId) && txId.includes('.')) this.#violation(`central bank: ${txId} belongs to no request`)
    }
    for (const txId of this.bank.transactions.keys()) {
      if (!answered.has(txId) && txId.includes('.')) this.#violation(`bank: ${txId} belongs to no request`)
    }
  }

  #closeBalances(words: readonly ShardWord[]): void {
    const told = new Map(words.flatMap(({ balances }) => [...balances]))
    for (const [wallet, fen] of this.wallets.balances) {
      if ((told.get(wallet) ?? 0) !== fen) {
        this.#violation(`wallet ${wallet} should hold ${fen} fen, its shard says ${told.get(wallet) ?? 0}`)
      }
    }
    for (const [wallet, fen] of told) {
      if (fen !== 0 && !this.wallets.balances.has(wallet))
        this.#violation(`wallet ${wallet} holds ${fen} fen from nowhere`)
    }
  }

  #closeBanks(openings: ReadonlyMap<string, number>): void {
    const issued = this.centralBank.sum(issuedPrefix)
    const reserve = this.centralBank.sum(reservePrefix)
    const walletsFen = this.wallets.walletsFen + this.holds.fen
    if (walletsFen !== issued) this.#violation(`${walletsFen} fen in wallets, ${issued} issued at the end`)
    if (issued !== reserve) this.#violation(`${issued} fen issued, ${reserve} in reserve at the end`)
    const settlement = this.centralBank.sum('money:settlement:')
    const known = -this.bank.fen('own:settlement')
    if (settlement !== known) this.#violation(`bank: holds ${known} fen at the central bank, which says ${settlement}`)
    const suspense = this.bank.fen('own:suspense')
    if (suspense !== 0) this.#violation(`bank: ${suspense} fen are in suspense at the end`)
    const deposits = [...openings.values()].reduce((sum, fen) => sum + fen, 0)
    const customers = this.bank.sum('customer:') + this.bank.fen('own:unclaimed')
    if (customers + walletsFen !== deposits) {
      this.#violation(`customers had ${deposits} fen; now ${customers} at the bank and ${walletsFen} in wallets`)
    }
  }
}
