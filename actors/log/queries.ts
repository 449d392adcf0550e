import type { HoldView } from '../ledger/holdViews.ts'
import type { MandateView } from '../ledger/mandateViews.ts'
import type { MerchantUserView } from '../ledger/merchantUserViews.ts'
import type { MerchantView } from '../ledger/merchantViews.ts'
import type { OrderView } from '../ledger/orderViews.ts'
import type { PayoutView } from '../ledger/payouts.ts'
import type { ProposalView } from '../ledger/proposals.ts'
import type { RiskRuleVersion } from '../ledger/riskRules.ts'
import type { ClassLimits, RecoveryRule, RefundRule, RiskRule } from '../ledger/rules.ts'
import type { BatchView, CommandView, SagaView, UserView, WalletView } from '../ledger/views.ts'

/** Reads of one shard's memory, asked on a region's query subject and answered by the replica that holds its lease. */
export type Query =
  | { type: 'wallet'; number: number }
  | { type: 'user'; number: number }
  /** How a command or payment ended, by who sent it and its 16 byte id. */
  | { type: 'command'; actor: number; id: Uint8Array }
  /** How an institution's batch ended, as far as this shard carries it out. */
  | { type: 'batch'; institution: number; id: Uint8Array }
  | { type: 'saga'; wallet: number; id: Uint8Array }
  /** A payer's hold by its 16 byte id. */
  | { type: 'hold'; wallet: number; id: Uint8Array }
  /** A payer's mandate by its 16 byte id. */
  | { type: 'mandate'; wallet: number; id: Uint8Array }
  /** A merchant's order by its 32 byte number. */
  | { type: 'order'; wallet: number; orderNo: Uint8Array }
  /** Which profile of a merchant holds, and which secret. */
  | { type: 'merchant'; wallet: number }
  /** A sub-user of a merchant who may sign, and its merchant's wallet. */
  | { type: 'merchantUser'; wallet: number; number: number }
  | { type: 'merchantUsers'; wallet: number }
  /** A merchant's payout rule. */
  | { type: 'payout'; wallet: number }
  | { type: 'principals' }
  | { type: 'rules' }
  /** Versions of the risk rules, and which proposals wait. */
  | { type: 'riskRules' }
  | { type: 'proposals' }
  /** Sums, digest and lanes: what a reconciliation and a backup compare. */
  | { type: 'totals' }
  /** Balances of a range of wallet rows, for a comparison wallet by wallet. */
  | { type: 'balances'; fromRow: number; count: number }

/**
 * Where in the log the answer holds. `ageMs` stands there when the replica of a region that does not own the shard
 * answers: how long ago it last heard from the owner; or an owner that is cut off: how long ago it surely was the owner.
 * Whatever happened since is not in the answer.
 */
export type AsOf = { shard: number; seq: number; timeMs: number; ageMs?: number }

export type PrincipalView = { number: number; role: number; active: boolean; publicKey: Uint8Array }

export type TotalsView = {
  /** In wallets, what is held aside in them included. */
  wallets: number
  held: number
  walletCount: number
  issuance: number[]
  redeeming: number[]
  transitOut: number[]
  transitIn: number[]
  pendingIn: number
  /** By peer: next transit number to be sent, and next awaited. */
  sent: number[]
  received: number[]
  openSagas: number
  digest: string
  chain: string
}

export type QueryResults = {
  wallet: WalletView | null
  user: UserView | null
  /** `complete` is false while the payment's credit, or its return, is not known here. */
  command: (CommandView & { complete: boolean }) | null
  /** `complete` is false while a credit of it, or its return, is not known here. */
  batch: (BatchView & { complete: boolean }) | null
  saga: SagaView | null
  order: OrderView | null
  hold: HoldView | null
  merchant: MerchantView | null
  merchantUser: { user: MerchantUserView; wallet: WalletView } | null
  merchantUsers: MerchantUserView[]
  mandate: MandateView | null
  payout: PayoutView | null
  principals: PrincipalView[]
  rules: { limits: ClassLimits[]; risk: RiskRule[]; refunds: RefundRule[]; recoveries: RecoveryRule[] }
  riskRules: { versions: RiskRuleVersion[]; secondPerson: boolean; ruleVersion: number }
  proposals: ProposalView[]
  totals: TotalsView
  balances: { numbers: number[]; balances: number[] }
}

export type QueryAnswer<T extends Query['type'] = Query['type']> =
  | { ok: true; asOf: AsOf; result: QueryResults[T] }
  | { ok: false; error: string }
