/** What a shard's frames since the last transaction leave behind. Rows of growing tables are COPY text already. */
export class ShardRows {
  readonly shard: number
  /** Position before the first of these frames: the transaction holds only if the database still stands there. */
  readonly fromSeq: number
  readonly days = new Set<number>()
  readonly entries: string[] = []
  readonly payments: string[] = []
  readonly evidence: string[] = []
  readonly returns: { payer: number; id: string; reason: number; seq: number }[] = []
  /** Rows of the state that changed: written as they stand when the transaction begins. */
  readonly wallets = new Set<number>()
  readonly users = new Set<number>()
  readonly links = new Set<number>()
  /** COPY text of each saga that changed, by row number and request: the newest counts. */
  readonly sagas = new Map<string, string>()
  /** Of each order that changed, by its number and creation; and the texts of those that were made. */
  readonly orders = new Map<string, string>()
  /** Of each hold that changed, by its wallet and id. */
  readonly holds = new Map<string, string>()
  /** Of each split by its order and place, and of each mandate by its wallet and id. */
  readonly splits = new Map<string, string>()
  readonly mandates = new Map<string, string>()
  readonly mandateTexts: string[] = []
  readonly mandatePayments: string[] = []
  /** Names of users as they were entered. */
  readonly userNames: string[] = []
  /** Of each recovery of a wallet that changed, by its wallet and start; and what holders are told of. */
  readonly recoveries = new Map<string, string>()
  readonly notices: string[] = []
  /** Of each case that changed, by its parties and opening. */
  readonly disputes = new Map<string, string>()
  readonly disputeTexts: string[] = []
  /** Proposals, what was decided about them, and how payees stand. */
  readonly proposals: string[] = []
  readonly decisions: string[] = []
  readonly standings: string[] = []
  readonly orderTexts: string[] = []
  readonly refunds: string[] = []
  /** Rows of merchants that changed, and what they said of themselves. */
  readonly merchants = new Set<number>()
  readonly merchantTexts: string[] = []
  /** Of each sub-user of a merchant that changed, by merchant, number and version; and what merchants call them. */
  readonly merchantUsers = new Map<string, string>()
  readonly merchantUserLabels: string[] = []
  /** What operators did. */
  readonly audit: string[] = []
  /** What merchants are told of, refunds that came to an end, and what is to be told again. */
  readonly webhookEvents: string[] = []
  readonly refundEnds: string[] = []
  readonly webhookReplays: { merchant: number; event: string; atMs: number }[] = []

  constructor(shard: number, fromSeq: number) {
    this.shard = shard
    this.fromSeq = fromSeq
  }

  get size(): number {
    const { wallets, users, sagas, orders, holds, merchants, splits, mandates } = this
    const all = [wallets, users, sagas, orders, holds, merchants, splits, mandates]
    const states = all.reduce((sum, { size }) => sum + size, 0)
    const added = this.entries.length + this.payments.length + this.audit.length + this.webhookEvents.length
    return added + states
  }
}
