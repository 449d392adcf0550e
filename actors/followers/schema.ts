import { sql } from 'drizzle-orm'
import { bigint, index, integer, pgTable, primaryKey, smallint, text, timestamp } from 'drizzle-orm/pg-core'
import { bytes, int8 } from './columnTypes.ts'

export * from './merchantSchema.ts'
export * from './peopleSchema.ts'

/** How far each shard's log has been followed; changed in the same transaction as what was followed. */
export const positions = pgTable('positions', {
  shard: smallint('shard').primaryKey(),
  seq: int8('seq').notNull(),
  chain: bytes('chain').notNull(),
  logTimeMs: int8('log_time_ms').notNull(),
  followedAt: timestamp('followed_at', { withTimezone: true }).notNull().defaultNow(),
  /** Of the frame there: with the position it says whether a cut lies below it. */
  epoch: integer('epoch').notNull().default(0),
})

/** The journal: one row a posting to a wallet. Partitioned by business day (days since 1970-01-01 in Shanghai). */
export const entries = pgTable(
  'entries',
  {
    day: integer('day').notNull(),
    wallet: int8('wallet').notNull(),
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    kind: smallint('kind').notNull(),
    delta: int8('delta_fen').notNull(),
    counterparty: int8('counterparty').notNull(),
    commandId: bytes('command_id').notNull(),
    logTimeMs: int8('log_time_ms').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.day, t.wallet, t.seq, t.index, t.kind] }),
    index('entries_wallet').on(t.wallet, t.seq),
  ],
)

/** Every payment whose outcome is final under its id, from the payer's shard. Partitioned by business day. */
export const payments = pgTable(
  'payments',
  {
    day: integer('day').notNull(),
    payer: int8('payer').notNull(),
    id: bytes('id').notNull(),
    payee: int8('payee').notNull(),
    amount: int8('amount_fen').notNull(),
    code: smallint('code').notNull(),
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    /** Shard of the payee + 1 and transit number, when the payment left the shard. */
    destination: smallint('destination').notNull(),
    transit: int8('transit').notNull(),
    digest: bytes('digest').notNull(),
    logTimeMs: int8('log_time_ms').notNull(),
    /** How many versions of limits and risk rules had come into force when it was judged. */
    ruleVersion: integer('rule_version').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.day, t.payer, t.id] }),
    index('payments_payer').on(t.payer, t.id),
    index('payments_id').on(t.id),
    index('payments_time').on(t.logTimeMs),
  ],
)

/** Payments that came back, with the reason the payee's shard gave. */
export const returns = pgTable(
  'returns',
  {
    payer: int8('payer').notNull(),
    id: bytes('id').notNull(),
    reason: smallint('reason').notNull(),
    seq: int8('seq').notNull(),
  },
  (t) => [primaryKey({ columns: [t.payer, t.id] })],
)

/**
 * What one shard has taken in from another. A payment is complete once its transit number is below `received` and the
 * source has applied every return that was issued up to there: one row a pair instead of one a credit.
 */
export const lanes = pgTable(
  'lanes',
  {
    source: smallint('source').notNull(),
    destination: smallint('destination').notNull(),
    incarnation: integer('incarnation').notNull().default(0),
    received: int8('received').notNull().default(0n),
    returnsIssued: int8('returns_issued').notNull().default(0n),
    returnsApplied: int8('returns_applied').notNull().default(0n),
  },
  (t) => [primaryKey({ columns: [t.source, t.destination] })],
)

/** Evidence of a frame's records as it was sealed by the edge, with the header bytes it is bound to. */
export const evidence = pgTable(
  'evidence',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    day: integer('day').notNull(),
    frameHead: bytes('frame_head').notNull(),
    sealed: bytes('sealed').notNull(),
  },
  (t) => [primaryKey({ columns: [t.day, t.shard, t.seq] })],
)

/** Wallets as they stand at their shard's position; the balance is sealed for its wallet alone. */
export const wallets = pgTable(
  'wallets',
  {
    number: int8('number').primaryKey(),
    user: int8('user_number').notNull(),
    shard: smallint('shard').notNull(),
    institution: smallint('institution').notNull(),
    class: smallint('class').notNull(),
    kind: smallint('kind').notNull(),
    state: text('state').notNull(),
    risk: smallint('risk').notNull(),
    keyVersion: integer('key_version').notNull(),
    balanceSealed: bytes('balance_sealed').notNull(),
    seq: int8('seq').notNull(),
  },
  // Merchants are few among them, and are listed.
  (t) => [index('wallets_merchants').on(t.number).where(sql`kind = 2`)],
)

export const users = pgTable('users', {
  number: int8('number').primaryKey(),
  institution: smallint('institution').notNull(),
  kyc: smallint('kyc').notNull(),
  risk: smallint('risk').notNull(),
})

/** Linked accounts, masked; the full number exists only sealed in the log. */
export const links = pgTable(
  'links',
  {
    shard: smallint('shard').notNull(),
    link: integer('link').notNull(),
    wallet: int8('wallet').notNull(),
    type: smallint('type').notNull(),
    masked: text('masked').notNull(),
    active: smallint('active').notNull(),
    limit: int8('limit_fen').notNull(),
  },
  (t) => [primaryKey({ columns: [t.shard, t.link] }), index('links_wallet').on(t.wallet)],
)

/** Recharges (kind 1) and redemptions (kind 2) at their newest step. */
export const sagas = pgTable(
  'sagas',
  {
    wallet: int8('wallet').notNull(),
    id: bytes('id').notNull(),
    kind: smallint('kind').notNull(),
    institution: smallint('institution').notNull(),
    amount: int8('amount_fen').notNull(),
    step: smallint('step').notNull(),
    reason: smallint('reason').notNull(),
    balanceAfter: int8('balance_after_fen').notNull(),
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    requestedMs: int8('requested_ms').notNull(),
    changedMs: int8('changed_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.wallet, t.id] }), index('sagas_step').on(t.step)],
)

/** What payers hold aside for payees, as it stands. */
export const holds = pgTable(
  'holds',
  {
    wallet: int8('wallet').notNull(),
    id: bytes('id').notNull(),
    shard: smallint('shard').notNull(),
    /** Place of its placing in the log. */
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    payee: int8('payee').notNull(),
    amount: int8('amount_fen').notNull(),
    captured: int8('captured_fen').notNull(),
    /** 1 held, 2 captured, 3 voided, 4 expired. */
    state: smallint('state').notNull(),
    placedMs: int8('placed_ms').notNull(),
    expiresMs: int8('expires_ms').notNull(),
    changedMs: int8('changed_ms').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.wallet, t.id] }),
    index('holds_newest').on(t.wallet, t.seq, t.index),
    index('holds_payee').on(t.payee, t.seq),
  ],
)

/** What payers have allowed payees to be paid, as it stands. */
export const mandates = pgTable(
  'mandates',
  {
    wallet: int8('wallet').notNull(),
    id: bytes('id').notNull(),
    shard: smallint('shard').notNull(),
    /** Place of its signing in the log. */
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    payee: int8('payee').notNull(),
    scheduled: smallint('scheduled').notNull(),
    /** 0 once, 1 day, 2 week, 3 month. */
    period: smallint('period').notNull(),
    amount: int8('amount_fen').notNull(),
    periodAmount: int8('period_amount_fen').notNull(),
    taken: int8('taken_fen').notNull(),
    payments: int8('payments').notNull(),
    missed: int8('missed').notNull(),
    countMax: int8('count_max').notNull(),
    firstMs: int8('first_ms').notNull(),
    endsMs: int8('ends_ms').notNull(),
    nextMs: int8('next_ms').notNull(),
    tries: smallint('tries').notNull(),
    lastCode: smallint('last_code').notNull(),
    /** 1 active, 2 cancelled, 3 over. */
    state: smallint('state').notNull(),
    signedMs: int8('signed_ms').notNull(),
    changedMs: int8('changed_ms').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.wallet, t.id] }),
    index('mandates_newest').on(t.wallet, t.seq, t.index),
    index('mandates_payee_newest').on(t.payee, t.signedMs, t.shard, t.seq, t.index),
  ],
)

/** What a mandate is for. */
export const mandateTexts = pgTable(
  'mandate_texts',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    content: text('content').notNull(),
  },
  (t) => [primaryKey({ columns: [t.shard, t.seq, t.index] })],
)

/** Which payments were made by which mandate, or tried. */
export const mandatePayments = pgTable(
  'mandate_payments',
  {
    wallet: int8('wallet').notNull(),
    mandate: bytes('mandate').notNull(),
    id: bytes('id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.wallet, t.mandate, t.id] })],
)

/** Changes of rules that operators proposed, as the first shard heard of them. */
export const proposals = pgTable(
  'proposals',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    id: bytes('id').notNull(),
    proposer: integer('proposer').notNull(),
    /** The command that is proposed, and what follows its head. */
    op: smallint('op').notNull(),
    change: bytes('change').notNull(),
    content: text('content').notNull(),
    openedMs: int8('opened_ms').notNull(),
    expiresMs: int8('expires_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.shard, t.seq, t.index] }), index('proposals_id').on(t.id)],
)

/** What became of them, and who said so. */
export const proposalDecisions = pgTable(
  'proposal_decisions',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    proposal: bytes('proposal').notNull(),
    agreed: smallint('agreed').notNull(),
    decider: integer('decider').notNull(),
    decidedMs: int8('decided_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.shard, t.seq, t.index] }), index('proposal_decisions_proposal').on(t.proposal)],
)

/** Every change of whether a wallet may be paid. */
export const standings = pgTable(
  'standings',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    wallet: int8('wallet').notNull(),
    /** 0 good, 1 suspended, 2 blacklisted. */
    standing: smallint('standing').notNull(),
    reason: smallint('reason').notNull(),
    principal: integer('principal').notNull(),
    changedMs: int8('changed_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.shard, t.seq, t.index] }), index('standings_wallet').on(t.wallet, t.seq)],
)

/** What a reconciliation could not explain, for people to work off. */
export const reviewCases = pgTable('review_cases', {
  id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  openedAt: timestamp('opened_at', { withTimezone: true }).notNull().defaultNow(),
  difference: int8('difference_fen').notNull(),
  report: text('report').notNull(),
  state: text('state').notNull().default('open'),
})

/** What operators did: one row a command and shard, refused ones too. */
export const audit = pgTable(
  'audit',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    operator: integer('operator').notNull(),
    op: smallint('op').notNull(),
    id: bytes('id').notNull(),
    /** The wallet that it was about, 0 for none. */
    wallet: int8('wallet').notNull(),
    code: smallint('code').notNull(),
    /** What the command said, by the names of its record's fields, as JSON. */
    fields: text('fields').notNull(),
    /** The text that came with it. */
    reason: text('reason').notNull(),
    logTimeMs: int8('log_time_ms').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shard, t.seq, t.index] }),
    index('audit_time').on(t.logTimeMs, t.shard, t.seq, t.index),
    index('audit_wallet').on(t.wallet, t.logTimeMs),
    index('audit_id').on(t.operator, t.id),
  ],
)

/** Every reconciliation that ran, whatever it found. */
export const reconciliations = pgTable('reconciliations', {
  id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  endedAt: timestamp('ended_at', { withTimezone: true }).notNull().defaultNow(),
  verdict: text('verdict').notNull(),
  difference: int8('difference_fen').notNull(),
  report: text('report').notNull(),
})
