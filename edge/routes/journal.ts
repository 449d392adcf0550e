import type { HoldView } from '../../actors/ledger/holdViews.ts'
import type { MandateView } from '../../actors/ledger/mandateViews.ts'
import type { MerchantUserView } from '../../actors/ledger/merchantUserViews.ts'
import type { MerchantView } from '../../actors/ledger/merchantViews.ts'
import type { OrderView } from '../../actors/ledger/orderViews.ts'
import type { EventCursor } from '../events/eventPlace.ts'
import type { Executed } from '../gateway/submission.ts'
import type { TimeCursor } from './inspection.ts'
import type { Days } from './statementDays.ts'

/** A payment as the journal keeps it, long after the ledger has forgotten its id. */
export type JournalPayment = {
  readonly code: number
  readonly executed: Executed
  /** First bytes of the SHA-256 of its canonical bytes. */
  readonly digest: Uint8Array
  /** False while its credit or return has not been followed. */
  readonly complete: boolean
  readonly payer: number
  readonly payee: number
  readonly amountFen: number
  readonly id: Uint8Array
  /** How many versions of rules had come into force when it was judged; absent where nobody asked. */
  readonly ruleVersion?: number
}

/** `away`: the database does not answer, or has not followed far enough to say that there is nothing. */
export type Found<T> =
  | { kind: 'found'; record: T }
  | { kind: 'none' }
  /** `lastFollowed`: how far it had followed each shard when it was last heard. */
  | { kind: 'away'; lastFollowed?: readonly Followed[] }

/** How far the journal has followed one shard's log. */
export type Followed = { readonly shard: number; readonly seq: number; readonly timeMs: number }

export type JournalEntry = {
  /** Place of the posting in the wallet's shard, and its part of the next page's cursor. */
  readonly executed: Executed
  readonly kind: number
  readonly deltaFen: number
  /** Number of the other wallet, 0 for banks. */
  readonly counterparty: number
  /** As in the ledger: 1 personal, 2 merchant; 0 when the journal has not heard of it yet. */
  readonly counterpartyKind: number
  readonly id: Uint8Array
}

export type EntriesPage = {
  readonly entries: readonly JournalEntry[]
  readonly followed: Followed
  readonly more: boolean
}

/** A recharge or redemption as the journal keeps it. */
export type JournalSaga = {
  readonly kind: 'recharge' | 'redemption'
  readonly walletNumber: number
  readonly amountFen: number
  readonly step: number
  readonly code: number
  readonly balanceAfterFen: number
  readonly requestedMs: number
  readonly changedMs: number
}

/** How an order stands, wherever that is read. */
export type OrderStanding = Pick<
  OrderView,
  | 'amount'
  | 'refunded'
  | 'state'
  | 'payer'
  | 'paymentId'
  | 'createdMs'
  | 'expiresMs'
  | 'changedMs'
  | 'splits'
  | 'user'
  | 'userVersion'
>

/** An order as the journal keeps it, long after its shard has forgotten it. */
export type JournalOrder = OrderStanding &
  Pick<OrderView, 'seq' | 'index'> & {
    readonly orderNo: string
    /** Its texts as the edge wrote them; absent when they were not followed. */
    readonly content: string | undefined
  }

export type OrdersPage = {
  readonly orders: readonly JournalOrder[]
  readonly followed: Followed
  readonly more: boolean
}

/** A case of a wrong transfer as the journal keeps it; of its states `disputeStates` has the numbers. */
export type JournalDispute = {
  readonly payee: number
  readonly payer: number
  readonly paymentId: Uint8Array
  readonly amountFen: number
  readonly state: number
  readonly openedMs: number
  readonly expiresMs: number
  readonly changedMs: number
  /** What the payer says, sealed. */
  readonly sealed: Uint8Array | undefined
}
export type DisputesRead = { readonly disputes: readonly JournalDispute[]; readonly followed: Followed }

/** What moved in a wallet on some business days, oldest first, and what it held before. */
export type StatementRead = {
  readonly openingFen: number
  readonly lines: readonly (JournalEntry & { readonly orderNo: string | undefined })[]
  readonly followed: Followed
}

/** Something that the holder of a wallet is told of: a posting, or what else happened to it. */
export type JournalEvent = {
  readonly seq: number
  readonly index: number
  readonly kind: number
  readonly timeMs: number
  readonly deltaFen: number
  /** Number of the other wallet, 0 when there is none. */
  readonly counterparty: number
  readonly counterpartyKind: number
  readonly id: Uint8Array
  /** JSON of what is no posting. */
  readonly about: string | undefined
  readonly orderNo: string | undefined
}
export type EventsRead = {
  readonly followed: readonly Followed[]
  readonly events: readonly (readonly JournalEvent[])[]
}

/** A user's legal name as it was sealed for the command that brought it. */
export type JournalName = { readonly actor: number; readonly commandId: Uint8Array; readonly sealed: Uint8Array }

/** A hold as the journal keeps it. */
export type JournalHold = Pick<
  HoldView,
  'id' | 'payee' | 'amount' | 'captured' | 'state' | 'placedMs' | 'expiresMs' | 'changedMs' | 'seq' | 'index'
>
export type HoldsPage = {
  readonly holds: readonly JournalHold[]
  readonly followed: Followed
  readonly more: boolean
}

/** What a merchant says of itself as the journal keeps it. */
export type JournalMerchant = Pick<MerchantView, 'profileVersion' | 'profileSeq' | 'profileIndex' | 'changedMs'> & {
  /** As the edge wrote it; absent while there is none, or it was not followed. */
  readonly content: string | undefined
}

/** A mandate as the journal keeps it, with what it is for. */
export type JournalMandate = Omit<MandateView, 'walletNumber' | 'payeeInstitution' | 'periodTaken' | 'tries'> & {
  readonly purpose: string | undefined
}
export type MandatesPage = {
  readonly mandates: readonly JournalMandate[]
  readonly followed: Followed
  readonly more: boolean
}
/** A mandate as its payee finds it: of whom, and in which shard it was signed. */
export type PayeeMandate = JournalMandate & { readonly payer: number; readonly shard: number }
export type PayeeMandatesPage = {
  readonly mandates: readonly PayeeMandate[]
  /** Of every shard: anybody's payers may be in any. */
  readonly followed: readonly Followed[]
  readonly more: boolean
}
export type MandatePaymentsPage = { readonly payments: readonly JournalPayment[]; readonly followed: Followed }

/** A refund, and which sub-user signed it; 0 when its merchant or institution did. */
export type JournalRefund = JournalPayment & Pick<OrderView, 'user' | 'userVersion'>
export type RefundsPage = { readonly refunds: readonly JournalRefund[]; readonly followed: Followed }

/** A sub-user of a merchant as it was entered once, and what became of that. */
export type JournalMerchantUser = Pick<MerchantUserView, 'number' | 'version' | 'role' | 'limit' | 'changedMs'> & {
  readonly removed: boolean
  /** What the merchant calls it, sealed for the command that brought it. */
  readonly label: { readonly commandId: Uint8Array; readonly sealed: Uint8Array } | undefined
}

/** A change of rules that somebody proposed, and what became of it. */
export type JournalProposal = {
  readonly id: Uint8Array
  readonly proposer: number
  readonly op: number
  readonly change: Uint8Array
  readonly content: string
  readonly openedMs: number
  readonly expiresMs: number
  readonly seq: number
  readonly index: number
  readonly decided: { readonly agreed: boolean; readonly decider: number; readonly decidedMs: number } | undefined
}
export type ProposalsPage = {
  readonly proposals: readonly JournalProposal[]
  readonly followed: Followed
  readonly more: boolean
}

/** What an operator said of whether a wallet may be paid. */
export type JournalStanding = {
  readonly standing: number
  readonly reason: number
  readonly principal: number
  readonly executed: Executed
}

/** What the followers have written down, read only. Payments and reads of balances never need it. */
export interface Journal {
  payment(payer: number, id: Uint8Array): Promise<Found<JournalPayment>>
  /** All payments under an id, whoever paid. */
  paymentsById(id: Uint8Array): Promise<Found<readonly JournalPayment[]>>
  /**
   * The records of every batch of this id, whoever paid, each a payment under an id of its own. Found or none only once
   * no more of them can come.
   */
  paymentsOfBatch(id: Uint8Array): Promise<Found<readonly JournalPayment[]>>
  saga(wallet: number, id: Uint8Array): Promise<Found<JournalSaga>>
  /** Newest first; `before` is where the last page ended. */
  entries(
    wallet: number,
    before: { seq: number; index: number; kind: number } | undefined,
    count: number,
  ): Promise<Found<EntriesPage>>
  /** The newest of a merchant's orders with this number. */
  order(merchant: number, orderNo: string): Promise<Found<JournalOrder>>
  /** Newest first; `before` is where the last page ended. */
  orders(
    merchant: number,
    before: { seq: number; index: number } | undefined,
    count: number,
  ): Promise<Found<OrdersPage>>
  /** Refunds of the newest order with this number that left the merchant, oldest first. */
  refunds(merchant: number, orderNo: string): Promise<Found<RefundsPage>>
  /** A payer's holds, newest first; `before` is where the last page ended. */
  holds(wallet: number, before: { seq: number; index: number } | undefined, count: number): Promise<Found<HoldsPage>>
  merchant(wallet: number): Promise<Found<JournalMerchant>>
  /** A merchant's sub-users as they were last entered, or all that ever was entered under one number, newest first. */
  merchantUsers(merchant: number, number?: number): Promise<Found<readonly JournalMerchantUser[]>>
  /** Cases of a wallet, as payer and as payee, newest first. */
  disputes(wallet: number, count: number): Promise<Found<DisputesRead>>
  /** @param count lines at most; one more than are shown says that there are more */
  statement(wallet: number, days: Days, count: number): Promise<Found<StatementRead>>
  /** The number of the order that a payment paid; undefined also when the journal cannot say. */
  orderOfPayment(payer: number, payee: number, id: Uint8Array): Promise<string | undefined>
  /** Behind each cursor what happened since, oldest first, at most so many of each. */
  events(after: readonly EventCursor[], count: number): Promise<Found<EventsRead>>
  /** The newest name that was entered for a user. */
  userName(user: number): Promise<Found<JournalName>>
  /** A payer's mandate. */
  mandate(wallet: number, id: Uint8Array): Promise<Found<JournalMandate>>
  /** A payer's mandates, newest first; `before` is where the last page ended. */
  mandates(
    wallet: number,
    before: { seq: number; index: number } | undefined,
    count: number,
  ): Promise<Found<MandatesPage>>
  /** Mandates by which a wallet is paid, newest first; `before` is where the last page ended. */
  mandatesFor(
    payee: number,
    status: MandateView['state'] | undefined,
    before: TimeCursor | undefined,
    count: number,
  ): Promise<Found<PayeeMandatesPage>>
  /** Payments by a mandate, refused ones too, newest first. */
  mandatePayments(wallet: number, id: Uint8Array): Promise<Found<MandatePaymentsPage>>
  /** Newest first; `before` is where the last page ended. */
  proposals(before: { seq: number; index: number } | undefined, count: number): Promise<Found<ProposalsPage>>
  /** Newest first. */
  standings(wallet: number, count: number): Promise<Found<readonly JournalStanding[]>>
  followed(): Promise<Found<readonly Followed[]>>
  close(): Promise<void>
}
