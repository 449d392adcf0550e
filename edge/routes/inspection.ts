import type { Executed } from '../gateway/submission.ts'
import type { Found, JournalPayment } from './journal.ts'

/** Where a page of payments or acts ended: they are listed by time, over all shards. */
export type TimeCursor = {
  readonly timeMs: number
  readonly shard: number
  readonly seq: number
  readonly index: number
}

/** Something that an operator did, or tried to do. */
export type Act = {
  readonly executed: Executed
  readonly operator: number
  readonly op: number
  readonly id: Uint8Array
  /** The wallet that it was about, 0 for none; and what kind of wallet, 0 when that is not known. */
  readonly wallet: number
  readonly walletKind: number
  readonly code: number
  readonly fields: string
  readonly reason: string
}
export type ActFilter = { readonly wallet?: number; readonly operator?: number; readonly op?: number }
export type ActPage = { readonly acts: readonly Act[]; readonly more: boolean }

export type PaymentFilter = {
  readonly fromMs: number
  readonly toMs: number
  readonly id?: Uint8Array
  readonly wallet?: number
  readonly orderNo?: string
  readonly amountMinFen?: number
  readonly amountMaxFen?: number
  readonly refused?: boolean
}
export type PaymentPage = { readonly payments: readonly JournalPayment[]; readonly more: boolean }

/** Where money moved in a payment's saga. */
export type Leg = { readonly executed: Executed; readonly deltaFen: number; readonly wallet: number }

/** All that the journal knows of how a payment went. */
export type PaymentTrail = {
  readonly payment: JournalPayment
  /** What the debit in the payer's shard took; absent when the payment was refused there. */
  readonly debit: Leg | undefined
  readonly credit: Leg | undefined
  /** The payer's shard took the money back, and why the payee's had not. */
  readonly returned: (Leg & { readonly code: number }) | undefined
  /** When it went to another shard: its number on that way, and up to which number that shard has taken in. */
  readonly lane: { readonly destination: number; readonly transit: number; readonly received: number } | undefined
  readonly order: { readonly merchant: number; readonly orderNo: string; readonly refund: boolean } | undefined
}

export type Reconciliation = {
  readonly endedMs: number
  readonly verdict: string
  readonly differenceFen: bigint
  readonly report: string
}

/** A merchant as a list shows it, with what it says of itself. */
export type ListedMerchant = {
  readonly wallet: number
  readonly institution: number
  readonly state: string
  readonly standing: number
  readonly profileVersion: number
  readonly changedMs: number
  readonly content: string | undefined
}
/** The first digits of a wallet's number, or a part of a name. */
export type MerchantFilter = { readonly prefix?: string; readonly name?: string }
export type MerchantPage = { readonly merchants: readonly ListedMerchant[]; readonly more: boolean }

/** What people look for in the journal when they want to know how something went. Read only, like the journal. */
export interface Inspection {
  /** Newest first; `before` is where the last page ended. */
  acts(filter: ActFilter, before: TimeCursor | undefined, count: number): Promise<Found<ActPage>>
  payments(filter: PaymentFilter, before: TimeCursor | undefined, count: number): Promise<Found<PaymentPage>>
  trail(payer: number, id: Uint8Array): Promise<Found<PaymentTrail>>
  /** By the numbers of their wallets; `after` is where the last page ended, 0 for the first. */
  merchants(filter: MerchantFilter, after: number, count: number): Promise<Found<MerchantPage>>
  reconciliations(count: number): Promise<Found<readonly Reconciliation[]>>
}
