import type postgres from 'postgres'
import { bucketOf } from '../../actors/ledger/ids.ts'
import {
  type WebhookEventRow,
  type WebhookState,
  webhookEventOf,
  webhookStateOf,
  webhookStates,
} from '../../actors/log/webhookEvents.ts'
import type { Followed } from './journal.ts'
import type { SqlJournal } from './sqlJournal.ts'
import { followedRows } from './sqlStanding.ts'
import type { JournalWebhook, WebhookJournal } from './webhookJournal.ts'

/** Of one event; what came before these is of no use to anybody any more. */
const deliveriesMax = 200

type Row = WebhookEventRow & {
  id: bigint
  state: number
  attempts: number
  replays: number
  next: bigint
  ended: bigint | null
}

type DeliveryRow = {
  replay: number
  attempt: number
  at: bigint
  url: string
  status: number
  error: string
  duration: number
  response: string
}

/** In the region's Postgres, through the journal's connections. */
export class SqlWebhooks implements WebhookJournal {
  readonly #journal: Pick<SqlJournal, 'ask'>
  readonly #shardCount: number

  constructor(journal: Pick<SqlJournal, 'ask'>, shardCount: number) {
    this.#journal = journal
    this.#shardCount = shardCount
  }

  ofMerchant(
    merchant: number,
    { state, orderNo }: { state?: WebhookState; orderNo?: string },
    before: number | undefined,
    count: number,
  ) {
    return this.#journal.ask(async (sql) => {
      // The position is read first: the page may know more than it says, never less.
      const followed = await this.#followed(sql, merchant)
      if (followed === undefined) return { kind: 'away' }
      const ofState = state === undefined ? sql`` : sql`and e.state = ${webhookStates[state]}`
      const ofOrder = orderNo === undefined ? sql`` : sql`and e.order_no = ${orderNo}`
      const where = sql`e.merchant = ${merchant} and e.id < ${before ?? Number.MAX_SAFE_INTEGER} ${ofState} ${ofOrder}`
      const found = await select(sql, where, count + 1)
      return { kind: 'found', record: { webhooks: found.slice(0, count), followed, more: found.length > count } }
    })
  }

  one(merchant: number, eventId: Uint8Array) {
    return this.#journal.ask(async (sql) => {
      const followed = await this.#followed(sql, merchant)
      if (followed === undefined) return { kind: 'away' }
      const id = Buffer.from(eventId)
      const [webhook] = await select(sql, sql`e.event_id = ${id} and e.merchant = ${merchant}`, 1)
      if (webhook === undefined) return { kind: 'none' }
      const rows = await sql<DeliveryRow[]>`
        select replay, attempt, at_ms as at, url, status, error, duration_ms as duration, response from webhook_attempts
        where event_id = ${id} order by replay desc, attempt desc limit ${deliveriesMax}`
      const deliveries = rows.map(({ at, duration, ...rest }) => ({ ...rest, atMs: Number(at), durationMs: duration }))
      return { kind: 'found', record: { webhook, deliveries, followed } }
    })
  }

  dead(before: number | undefined, count: number) {
    return this.#journal.ask(async (sql) => {
      const where = sql`e.state = 2 and e.id < ${before ?? Number.MAX_SAFE_INTEGER}`
      const found = await select(sql, where, count + 1)
      return { kind: 'found', record: { webhooks: found.slice(0, count), more: found.length > count } }
    })
  }

  async #followed(sql: postgres.Sql, merchant: number): Promise<Followed | undefined> {
    return (await followedRows(sql, sql`where shard = ${bucketOf(merchant) % this.#shardCount}`))[0]
  }
}

async function select(
  sql: postgres.Sql,
  where: postgres.PendingQuery<postgres.Row[]>,
  count: number,
): Promise<JournalWebhook[]> {
  const rows = await sql<Row[]>`
    select e.id, e.event_id, e.type, e.merchant, e.order_no, e.amount_fen as amount, e.created_ms as created,
      e.expires_ms as expires, e.shard, e.seq, e.index, e.at_ms as at, e.payer, p.kind as payer_kind, e.payment_id,
      e.refund_id, e.refund_fen as refund, e.reason, e.state, e.attempts, e.replays, e.next_ms as next,
      e.ended_ms as ended
    from webhook_events e left join wallets p on p.number = e.payer
    where ${where} order by e.id desc limit ${count}`
  return rows.map(webhookOf)
}

function webhookOf(row: Row): JournalWebhook {
  return {
    place: Number(row.id),
    event: webhookEventOf(row),
    state: webhookStateOf(row.state),
    attempts: row.attempts,
    replays: row.replays,
    nextMs: Number(row.next),
    endedMs: row.ended === null ? undefined : Number(row.ended),
  }
}
