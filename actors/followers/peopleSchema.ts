import { index, integer, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core'
import { bytes, int8 } from './columnTypes.ts'

/**
 * Legal names as the edge sealed them, for the command that brought each: the newest of a user counts, and the one
 * before counts again where a cut of the log voids it.
 */
export const userNames = pgTable(
  'user_names',
  {
    user: int8('user_number').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    /** Whose command it was, and its id. */
    actor: int8('actor').notNull(),
    commandId: bytes('command_id').notNull(),
    sealed: bytes('name_sealed').notNull(),
  },
  (t) => [primaryKey({ columns: [t.user, t.seq, t.index] })],
)

/** Recoveries of wallets whose key was lost, as they stand. */
export const recoveries = pgTable(
  'recoveries',
  {
    wallet: int8('wallet').notNull(),
    /** Place of its start in the log. */
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    shard: smallint('shard').notNull(),
    startedMs: int8('started_ms').notNull(),
    effectiveMs: int8('effective_ms').notNull(),
    changedMs: int8('changed_ms').notNull(),
    /** 1 waiting, 2 done, 3 stopped. */
    state: smallint('state').notNull(),
  },
  (t) => [primaryKey({ columns: [t.wallet, t.seq, t.index] })],
)

/** Cases of wrong transfers as they stand. */
export const disputes = pgTable(
  'disputes',
  {
    /** Of the payee, in whose shard the case lives. */
    wallet: int8('wallet').notNull(),
    payer: int8('payer').notNull(),
    paymentId: bytes('payment_id').notNull(),
    shard: smallint('shard').notNull(),
    /** Place of its opening in the log. */
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    amount: int8('amount_fen').notNull(),
    payerInstitution: smallint('payer_institution').notNull(),
    /** 1 open, 2 returned, 3 declined, 4 expired, 5 withdrawn, 6 bounced. */
    state: smallint('state').notNull(),
    openedMs: int8('opened_ms').notNull(),
    expiresMs: int8('expires_ms').notNull(),
    changedMs: int8('changed_ms').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.wallet, t.payer, t.seq, t.index] }),
    index('disputes_payer').on(t.payer, t.openedMs),
  ],
)

/** What payers say in their cases, as the edge sealed it. */
export const disputeTexts = pgTable(
  'dispute_texts',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    sealed: bytes('text_sealed').notNull(),
  },
  (t) => [primaryKey({ columns: [t.shard, t.seq, t.index] })],
)

/** What the holder of a wallet is told of besides what moved in it; its kinds are `noticeKinds`. */
export const notices = pgTable(
  'notices',
  {
    wallet: int8('wallet').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    kind: smallint('kind').notNull(),
    shard: smallint('shard').notNull(),
    /** JSON: what there is to say besides the kind. */
    about: text('about').notNull(),
    logTimeMs: int8('log_time_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.wallet, t.seq, t.index, t.kind] })],
)
