import { webhookTypes } from '../log/webhookEvents.ts'
import type { Database } from './database.ts'
import { copyIn } from './replacedRows.ts'

/** What a transaction writes of what merchants are told. */
export type WebhookRows = {
  /** COPY text in the order of `columns`. */
  readonly events: string
  readonly refundEnds: string
  readonly replays: readonly { merchant: number; event: string; atMs: number }[]
}

const columns = [
  'event_id',
  'type',
  'merchant',
  'merchant_shard',
  'order_no',
  'order_seq',
  'order_index',
  'amount_fen',
  'created_ms',
  'expires_ms',
  'shard',
  'seq',
  'index',
  'at_ms',
  'payer',
  'payment_id',
  'since_ms',
]
  .map((name) => `"${name}"`)
  .join(', ')

/** @param refundsBegun whether the batch holds refunds that an end may have waited for */
export async function writeWebhookRows(tx: Database, rows: WebhookRows, refundsBegun: boolean): Promise<void> {
  if (rows.events !== '') await addEvents(tx, rows.events)
  if (rows.refundEnds !== '') await copyIn(tx, 'copy refund_ends from stdin', rows.refundEnds)
  if (rows.refundEnds !== '' || refundsBegun) await tellRefundEnds(tx)
  for (const { merchant, event, atMs } of rows.replays) {
    await tx`
      update webhook_events set state = 0, attempts = 0, replays = replays + 1, next_ms = 0, ended_ms = null,
        since_ms = ${atMs}
      where event_id = ${Buffer.from(event, 'hex')} and merchant = ${merchant}`
  }
}

/** By way of a temporary table, since the table itself numbers its rows and takes none twice. */
async function addEvents(tx: Database, text: string): Promise<void> {
  await tx.unsafe(`create temp table if not exists arrived_webhook_events on commit delete rows
    as select ${columns} from webhook_events with no data`)
  await copyIn(tx, `copy arrived_webhook_events (${columns}) from stdin`, text)
  await tx.unsafe(`insert into webhook_events (${columns}) select ${columns} from arrived_webhook_events
    order by shard, seq, index on conflict (event_id) do nothing`)
}

/**
 * A refund's end becomes an event once its beginning has been followed, which says of what order it is. So an order's
 * events are numbered in their order, however far one shard's log is ahead of the other's here.
 */
async function tellRefundEnds(tx: Database): Promise<void> {
  await tx`
    with ended as (
      delete from refund_ends e using refunds r where r.merchant = e.merchant and r.id = e.id
      returning e.*, r.order_no, r.order_seq
    )
    insert into webhook_events (event_id, type, merchant, merchant_shard, order_no, order_seq, order_index, amount_fen,
      created_ms, expires_ms, shard, seq, index, at_ms, payer, payment_id, since_ms, refund_id, refund_fen, reason)
    select substr(sha256(convert_to('jiaozi webhook|refund|' || e.merchant || '|', 'UTF8') || e.id), 1, 16),
      case when e.reason = 0 then ${webhookTypes['refund.completed']}::smallint
        else ${webhookTypes['refund.failed']}::smallint end,
      e.merchant, e.merchant_shard, e.order_no, e.order_seq, o.index, o.amount_fen, o.created_ms, o.expires_ms,
      e.shard, e.seq, e.index, e.at_ms, e.payer, o.payment_id, e.at_ms, e.id, e.amount_fen, e.reason
    from ended e
    join orders o on o.merchant = e.merchant and o.order_no = e.order_no and o.seq = e.order_seq
    order by e.at_ms, e.shard, e.seq, e.index
    on conflict (event_id) do nothing`
}
