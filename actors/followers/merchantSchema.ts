import { sql } from 'drizzle-orm'
import { bigint, index, integer, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core'
import { bytes, int8 } from './columnTypes.ts'

/** Merchants' orders as they stand; one whose number was used again after it was forgotten has another place in the log. */
export const orders = pgTable(
  'orders',
  {
    merchant: int8('merchant').notNull(),
    orderNo: text('order_no').notNull(),
    shard: smallint('shard').notNull(),
    /** Place of its creation in the log. */
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    amount: int8('amount_fen').notNull(),
    refunded: int8('refunded_fen').notNull(),
    /** 1 created, 2 paid, 3 expired, 4 closed. */
    state: smallint('state').notNull(),
    payer: int8('payer').notNull(),
    paymentId: bytes('payment_id').notNull(),
    createdMs: int8('created_ms').notNull(),
    expiresMs: int8('expires_ms').notNull(),
    changedMs: int8('changed_ms').notNull(),
    /** Sub-user that made it, and the version of its key; 0 when its merchant or institution did. */
    byUser: smallint('by_user').notNull().default(0),
    byUserVersion: integer('by_user_version').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.merchant, t.orderNo, t.seq] }),
    index('orders_newest').on(t.merchant, t.seq, t.index),
    index('orders_payment').on(t.payer, t.paymentId),
    index('orders_order_no').on(t.orderNo),
  ],
)

/** Which payments are refunds, and of which order. */
export const refunds = pgTable(
  'refunds',
  {
    merchant: int8('merchant').notNull(),
    orderNo: text('order_no').notNull(),
    /** Place of the order's creation in the log. */
    orderSeq: int8('order_seq').notNull(),
    id: bytes('id').notNull(),
    /** Sub-user that signed it, and the version of its key; 0 when its merchant or institution did. */
    byUser: smallint('by_user').notNull().default(0),
    byUserVersion: integer('by_user_version').notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.merchant, t.orderNo, t.orderSeq, t.id] }), index('refunds_order_no').on(t.orderNo)],
)

/** What of an order's money goes on to others, as it stands. */
export const orderSplits = pgTable(
  'order_splits',
  {
    merchant: int8('merchant').notNull(),
    orderNo: text('order_no').notNull(),
    /** Place of the order's creation in the log. */
    orderSeq: int8('order_seq').notNull(),
    place: smallint('place').notNull(),
    payee: int8('payee').notNull(),
    amount: int8('amount_fen').notNull(),
    /** Parts in ten thousand, 0 when its fen were named. */
    weight: smallint('weight').notNull(),
    /** 1 waiting, 2 paid, 3 returned. */
    state: smallint('state').notNull(),
    reason: smallint('reason').notNull(),
    paymentId: bytes('payment_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.merchant, t.orderNo, t.orderSeq, t.place] })],
)

/** What an order says beside its amount: its description, its lines, where its merchant wants to be called. */
export const orderTexts = pgTable(
  'order_texts',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    content: text('content').notNull(),
  },
  (t) => [primaryKey({ columns: [t.shard, t.seq, t.index] })],
)

/** What merchants say of themselves, as it stands: the number of the profile and where in the log its text is. */
export const merchants = pgTable('merchants', {
  wallet: int8('wallet').primaryKey(),
  shard: smallint('shard').notNull(),
  profileSeq: int8('profile_seq').notNull(),
  profileIndex: integer('profile_index').notNull(),
  profileVersion: integer('profile_version').notNull(),
  changedMs: int8('changed_ms').notNull(),
  /** Of the secret that signs what the merchant is told, and when it and the one before came. */
  secretGeneration: integer('secret_generation').notNull(),
  rotatedMs: int8('rotated_ms').notNull(),
  earlierRotatedMs: int8('earlier_rotated_ms').notNull(),
})

/** Every profile that a merchant ever had, by the place in the log at which it came. */
export const merchantTexts = pgTable(
  'merchant_texts',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    content: text('content').notNull(),
  },
  (t) => [primaryKey({ columns: [t.shard, t.seq, t.index] })],
)

/** Everybody whom a merchant ever gave a key of its own: a row for each time that it was entered, as it stands. */
export const merchantUsers = pgTable(
  'merchant_users',
  {
    merchant: int8('merchant').notNull(),
    number: smallint('number').notNull(),
    version: integer('version').notNull(),
    /** Place in the log at which it was entered, and at which its label is. */
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    /** 1 cashier, 2 refunder, 3 accountant. */
    role: smallint('role').notNull(),
    limit: int8('limit_fen').notNull(),
    /** 1 active until the next version, 2 removed. */
    state: smallint('state').notNull(),
    changedMs: int8('changed_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.merchant, t.number, t.version] })],
)

/** What merchants call them, as the edge sealed it for the command that brought it. */
export const merchantUserLabels = pgTable(
  'merchant_user_labels',
  {
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    commandId: bytes('command_id').notNull(),
    sealed: bytes('label_sealed').notNull(),
  },
  (t) => [primaryKey({ columns: [t.shard, t.seq, t.index] })],
)

/**
 * What merchants are told of. The projector writes what happened, exactly once; how the telling stands is kept by the
 * webhook program in the last columns.
 */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    /** Rises in the order of what happens to an order. */
    id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
    eventId: bytes('event_id').notNull().unique(),
    type: smallint('type').notNull(),
    merchant: int8('merchant').notNull(),
    merchantShard: smallint('merchant_shard').notNull(),
    orderNo: text('order_no').notNull(),
    /** Place of the order's creation in the log. */
    orderSeq: int8('order_seq').notNull(),
    orderIndex: integer('order_index').notNull(),
    amount: int8('amount_fen').notNull(),
    createdMs: int8('created_ms').notNull(),
    expiresMs: int8('expires_ms').notNull(),
    /** Where it happened: of a refund that arrived, the shard of who paid. */
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    atMs: int8('at_ms').notNull(),
    payer: int8('payer').notNull(),
    paymentId: bytes('payment_id').notNull(),
    refundId: bytes('refund_id'),
    refund: int8('refund_fen').notNull().default(0n),
    reason: smallint('reason').notNull().default(0),
    /** From when on the time counts in which it is tried. */
    sinceMs: int8('since_ms').notNull(),
    state: smallint('state').notNull().default(0),
    attempts: integer('attempts').notNull().default(0),
    /** How often somebody asked that it be told again. */
    replays: integer('replays').notNull().default(0),
    nextMs: int8('next_ms').notNull().default(0n),
    endedMs: int8('ended_ms'),
  },
  (t) => [
    index('webhook_events_newest').on(t.merchant, t.id),
    index('webhook_events_due').on(t.merchant, t.nextMs, t.id).where(sql`state = 0`),
    index('webhook_events_order').on(t.merchant, t.orderNo, t.orderSeq, t.id).where(sql`state = 0`),
    index('webhook_events_dead').on(t.id).where(sql`state = 2`),
    index('webhook_events_place').on(t.merchantShard, t.shard, t.seq).where(sql`state = 0`),
  ],
)

/** Refunds that came to an end and whose order's shard has not been followed as far as to their beginning. */
export const refundEnds = pgTable(
  'refund_ends',
  {
    merchant: int8('merchant').notNull(),
    id: bytes('id').notNull(),
    payer: int8('payer').notNull(),
    amount: int8('amount_fen').notNull(),
    reason: smallint('reason').notNull(),
    merchantShard: smallint('merchant_shard').notNull(),
    shard: smallint('shard').notNull(),
    seq: int8('seq').notNull(),
    index: integer('index').notNull(),
    atMs: int8('at_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.merchant, t.id] })],
)

/** Every try to tell a merchant, with what came back. */
export const webhookAttempts = pgTable(
  'webhook_attempts',
  {
    eventId: bytes('event_id').notNull(),
    replay: integer('replay').notNull(),
    attempt: integer('attempt').notNull(),
    atMs: int8('at_ms').notNull(),
    url: text('url').notNull(),
    /** Of the answer; 0 when there was none. */
    status: smallint('status').notNull(),
    error: text('error').notNull(),
    durationMs: integer('duration_ms').notNull(),
    /** The first bytes of the answer. */
    response: text('response').notNull(),
  },
  (t) => [primaryKey({ columns: [t.eventId, t.replay, t.attempt] })],
)
