import type { Blobs } from '../log/blobs.ts'
import type { Replica } from '../log/replica.ts'
import type { Database } from './database.ts'
import { merchantLines } from './merchantRows.ts'
import { copyIn, type ReplacedTable, replaceRows } from './replacedRows.ts'
import type { ShardRows } from './shardRows.ts'
import { appliedLines, linkLines, receivedLines, userLines, walletLines } from './stateRows.ts'
import { type WebhookRows, writeWebhookRows } from './webhookTables.ts'

type AddedTable =
  | 'entries'
  | 'payments'
  | 'evidence'
  | 'order_texts'
  | 'refunds'
  | 'merchant_texts'
  | 'merchant_user_labels'
  | 'mandate_texts'
  | 'mandate_payments'
  | 'user_names'
  | 'notices'
  | 'dispute_texts'
  | 'audit'
  | 'proposals'
  | 'proposal_decisions'
  | 'standings'

export type Step = {
  readonly shard: number
  readonly from: number
  readonly to: number
  readonly epoch: number
  readonly chain: Uint8Array
  readonly logTimeMs: number
}

/** One transaction's worth of what the logs brought: rows as COPY text, and the positions they lead to. */
export type Batch = {
  readonly steps: readonly Step[]
  readonly days: ReadonlySet<number>
  readonly added: Readonly<Record<AddedTable, string>>
  readonly returns: readonly { payer: number; id: string; reason: number; seq: number }[]
  readonly replaced: Readonly<Record<ReplacedTable, string>>
  readonly webhooks: WebhookRows
}

/** Another process has written past the position that this one goes on from. */
export class PositionTaken extends Error {}

/** Takes down the rows as the replicas stand now, all in one go: what is applied later belongs to the next batch. */
export function batchOf(followed: readonly { rows: ShardRows; replica: Replica }[], blobs: Blobs): Batch {
  const text = (linesOf: (part: (typeof followed)[number]) => string): string => followed.map(linesOf).join('')
  return {
    steps: followed.map(({ rows, replica }) => ({
      shard: rows.shard,
      from: rows.fromSeq,
      to: replica.seq,
      epoch: replica.epoch,
      chain: replica.chain,
      logTimeMs: replica.ledger.state.logTimeMs,
    })),
    days: new Set(followed.flatMap(({ rows }) => [...rows.days])),
    added: {
      entries: text(({ rows }) => rows.entries.join('')),
      payments: text(({ rows }) => rows.payments.join('')),
      evidence: text(({ rows }) => rows.evidence.join('')),
      order_texts: text(({ rows }) => rows.orderTexts.join('')),
      refunds: text(({ rows }) => rows.refunds.join('')),
      merchant_texts: text(({ rows }) => rows.merchantTexts.join('')),
      merchant_user_labels: text(({ rows }) => rows.merchantUserLabels.join('')),
      mandate_texts: text(({ rows }) => rows.mandateTexts.join('')),
      mandate_payments: text(({ rows }) => rows.mandatePayments.join('')),
      user_names: text(({ rows }) => rows.userNames.join('')),
      dispute_texts: text(({ rows }) => rows.disputeTexts.join('')),
      notices: text(({ rows }) => rows.notices.join('')),
      audit: text(({ rows }) => rows.audit.join('')),
      proposals: text(({ rows }) => rows.proposals.join('')),
      proposal_decisions: text(({ rows }) => rows.decisions.join('')),
      standings: text(({ rows }) => rows.standings.join('')),
    },
    returns: followed.flatMap(({ rows }) => rows.returns),
    replaced: {
      wallets: text(({ rows, replica }) => walletLines(rows, replica.ledger.state, blobs)),
      users: text(({ rows, replica }) => userLines(rows, replica.ledger.state)),
      links: text(({ rows, replica }) => linkLines(rows, replica.ledger.state)),
      sagas: text(({ rows }) => [...rows.sagas.values()].join('')),
      orders: text(({ rows }) => [...rows.orders.values()].join('')),
      holds: text(({ rows }) => [...rows.holds.values()].join('')),
      merchants: text(({ rows, replica }) => merchantLines(rows, replica.ledger.state)),
      merchant_users: text(({ rows }) => [...rows.merchantUsers.values()].join('')),
      splits: text(({ rows }) => [...rows.splits.values()].join('')),
      mandates: text(({ rows }) => [...rows.mandates.values()].join('')),
      disputes: text(({ rows }) => [...rows.disputes.values()].join('')),
      recoveries: text(({ rows }) => [...rows.recoveries.values()].join('')),
      received: text(({ rows, replica }) => receivedLines(rows.shard, replica.ledger.state)),
      applied: text(({ rows, replica }) => appliedLines(rows.shard, replica.ledger.state)),
    },
    webhooks: {
      events: text(({ rows }) => rows.webhookEvents.join('')),
      refundEnds: text(({ rows }) => rows.refundEnds.join('')),
      replays: followed.flatMap(({ rows }) => rows.webhookReplays),
    },
  }
}

/**
 * Writes a batch and its positions in one transaction. Safe to call again with the same batch after any failure: when
 * an earlier try was committed after all, nothing is done.
 * @throws PositionTaken when the database stands at another position than this batch goes on from.
 */
export async function writeBatch(sql: Database, batch: Batch): Promise<void> {
  await sql.begin((tx) => writeWithin(tx as unknown as Database, batch))
}

/** The same within a transaction that does more. */
export async function writeWithin(tx: Database, batch: Batch): Promise<void> {
  if (!(await stepForward(tx, batch.steps))) return
  for (const day of batch.days) await tx`select ensure_day_partitions(${day})`
  for (const [table, text] of Object.entries(batch.added)) await copyIn(tx, `copy ${table} from stdin`, text)
  for (const [table, text] of Object.entries(batch.replaced)) await replaceRows(tx, table as ReplacedTable, text)
  await addReturns(tx, batch)
  await writeWebhookRows(tx, batch.webhooks, batch.added.refunds !== '')
}

/** A shard that refuses all that comes sends back as many as it is sent: they go in together. */
async function addReturns(tx: Database, { returns }: Batch): Promise<void> {
  if (returns.length === 0) return
  const lines = returns.map(({ payer, id, reason, seq }) => `${payer}\t\\\\x${id}\t${reason}\t${seq}\n`)
  await tx.unsafe('create temp table if not exists arrived_returns (like returns) on commit delete rows')
  await copyIn(tx, 'copy arrived_returns (payer, id, reason, seq) from stdin', lines.join(''))
  await tx.unsafe(`insert into returns (payer, id, reason, seq) select payer, id, reason, seq from arrived_returns
    on conflict do nothing`)
}

/** @returns false when the batch is in the database already. */
async function stepForward(tx: Database, steps: readonly Step[]): Promise<boolean> {
  let moved = 0
  for (const { shard, from, to, epoch, chain, logTimeMs } of steps) {
    const { count } = await tx`
      update positions set seq = ${to}, epoch = ${epoch}, chain = ${chain}, log_time_ms = ${logTimeMs}, followed_at = now()
      where shard = ${shard} and seq = ${from}`
    moved += count
  }
  if (moved === steps.length) return true
  const stands = await tx<{ shard: number; seq: bigint; chain: Uint8Array }[]>`select shard, seq, chain from positions`
  const written = (step: Step): boolean =>
    stands.some(({ shard, seq, chain }) => {
      return shard === step.shard && Number(seq) === step.to && Buffer.compare(chain, step.chain) === 0
    })
  if (moved === 0 && steps.every(written)) return false
  const places = steps.map(({ shard, from }) => `${shard}:${from}`).join(' ')
  throw new PositionTaken(`another process follows into this database: it no longer stands at ${places}`)
}
