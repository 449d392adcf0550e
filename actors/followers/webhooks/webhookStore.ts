import type { TransactionSql } from 'postgres'
import { type WebhookEvent, type WebhookEventRow, webhookEventOf, webhookStates } from '../../log/webhookEvents.ts'
import type { SecretGenerations } from '../../log/webhookSecrets.ts'
import type { Database, RenewedPool } from '../database.ts'
import { patienceMs } from './retryRule.ts'

const queryTimeoutMs = 10_000
/** Of one sweep: more are left when it finds as many. */
export const sweptMax = 10_000

/** An event whose turn it is, with all that it takes to tell it. */
export type DueEvent = {
  readonly id: bigint
  readonly replay: number
  readonly attempts: number
  readonly sinceMs: number
  readonly merchantShard: number
  readonly event: WebhookEvent
  /** Where its merchant wants to be called; undefined when it never said. */
  readonly url: string | undefined
  readonly secrets: SecretGenerations
}

export type Attempt = {
  readonly eventId: Uint8Array
  readonly replay: number
  readonly attempt: number
  readonly atMs: number
  readonly url: string
  readonly status: number
  readonly error: string
  readonly durationMs: number
  readonly response: string
  /** What comes of the event: a number of `webhookStates`, and when it is tried again if it is pending still. */
  readonly state: number
  readonly nextMs: number
}

type DueRow = WebhookEventRow & {
  id: bigint
  merchant_shard: number
  since: bigint
  attempts: number
  replays: number
  order_text: string | null
  profile: string | null
  generation: number | null
  rotated: bigint | null
  earlier: bigint | null
}

/** A list as PostgreSQL reads it: types of arrays are not asked for, and none of these holds anything but numbers. */
const listText = (numbers: Iterable<number | bigint>): string => `{${[...numbers].join(',')}}`

/** What the webhook program reads and writes in the journal. */
export class WebhookStore {
  readonly #pool: RenewedPool
  readonly #timeoutMs: number

  /** @param timeoutMs what a query may take before it is given up */
  constructor(pool: RenewedPool, timeoutMs = queryTimeoutMs) {
    this.#pool = pool
    this.#timeoutMs = timeoutMs
  }

  /**
   * Events whose turn it is, at most `perMerchant` of a merchant: the first undelivered one of each order, whose time
   * has come and that is not too old to be told. Merchants are looked up one after the other in an index, so that a long
   * backlog of one hides none. The first of an order is a subquery of its own, since a join might go through all that a
   * merchant has not been told, once for each of its events.
   * @param shards whose merchants are ours to tell
   * @param busy ids that are being told
   * @param full merchants that are not to be told anything now
   */
  async due(
    nowMs: number,
    ask: {
      shards: readonly number[]
      busy: Iterable<bigint>
      full: Iterable<number>
      perMerchant: number
      count: number
    },
  ): Promise<DueEvent[]> {
    const work = (sql: Database): Promise<DueRow[]> => sql<DueRow[]>`
      with recursive waiting as (
        (select merchant from webhook_events where state = 0 order by merchant limit 1)
        union all
        select (select e.merchant from webhook_events e where e.state = 0 and e.merchant > w.merchant
          order by e.merchant limit 1)
        from waiting w where w.merchant is not null
      )
      select d.id, d.event_id, d.type, d.merchant, d.merchant_shard, d.order_no, d.amount_fen as amount,
        d.created_ms as created, d.expires_ms as expires, d.shard, d.seq, d.index, d.at_ms as at, d.payer,
        p.kind as payer_kind, d.payment_id, d.refund_id, d.refund_fen as refund, d.reason, d.since_ms as since,
        d.attempts, d.replays, o.content as order_text, t.content as profile, m.secret_generation as generation,
        m.rotated_ms as rotated, m.earlier_rotated_ms as earlier
      from waiting w
      cross join lateral (
        select e.* from webhook_events e
        where e.state = 0 and e.merchant = w.merchant and e.next_ms <= ${nowMs}
          and e.since_ms >= ${nowMs - patienceMs}
          and e.merchant_shard = any (${listText(ask.shards)}::text::int[])
          and e.id <> all (${listText(ask.busy)}::text::bigint[])
          and e.id = (select b.id from webhook_events b where b.state = 0 and b.merchant = e.merchant
            and b.order_no = e.order_no and b.order_seq = e.order_seq order by b.id limit 1)
        order by e.next_ms, e.id limit ${ask.perMerchant}
      ) d
      left join wallets p on p.number = d.payer
      left join order_texts o on o.shard = d.merchant_shard and o.seq = d.order_seq and o.index = d.order_index
      left join merchants m on m.wallet = d.merchant
      left join merchant_texts t on t.shard = m.shard and t.seq = m.profile_seq and t.index = m.profile_index
      where w.merchant is not null and w.merchant <> all (${listText(ask.full)}::text::bigint[])
      order by random() limit ${ask.count}`
    return (await this.#pool.ask(work, this.#timeoutMs, 'what is due')).map(dueOf)
  }

  /** Writes down what was tried. What somebody asked to be told again meanwhile stays due. */
  async record(attempts: readonly Attempt[]): Promise<void> {
    const rows = attempts.map(({ eventId, url, error, response, ...rest }) => {
      const texts = { url: storable(url), error: storable(error), response: storable(response) }
      return { ...rest, ...texts, eventId: Buffer.from(eventId).toString('hex') }
    })
    const text = JSON.stringify(rows)
    const write = async (tx: TransactionSql): Promise<void> => {
      await tx`
        insert into webhook_attempts
        select decode(r."eventId", 'hex'), r.replay, r.attempt, r."atMs", r.url, r.status, r.error, r."durationMs", r.response
        from json_to_recordset(${text}::text::json) as r("eventId" text, replay int, attempt int, "atMs" bigint,
          url text, status smallint, error text, "durationMs" int, response text)
        where r.attempt > 0
        on conflict do nothing`
      await tx`
        update webhook_events e set state = r.state, attempts = r.attempt, next_ms = r."nextMs",
          ended_ms = case when r.state = 0 then null else r."atMs" end
        from json_to_recordset(${text}::text::json) as r("eventId" text, replay int, attempt int, "atMs" bigint,
          state smallint, "nextMs" bigint)
        where e.event_id = decode(r."eventId", 'hex') and e.replays = r.replay and e.state = 0`
    }
    await this.#pool.ask((sql) => sql.begin(write), this.#timeoutMs, 'what was told')
  }

  /**
   * Whatever waited longer than anybody has patience is dead, tried or not: an order's next event must not wait on. What
   * has come to its end does not come back, so that a clock that runs ahead must not say so alone: the logs' time has to
   * have passed too.
   */
  async sweep(nowMs: number, shards: readonly number[]): Promise<number> {
    const { count } = await this.#pool.ask(
      (sql) => sql`
        update webhook_events set state = ${webhookStates.dead}, ended_ms = ${nowMs}
        where id in (select id from webhook_events where state = 0
          and since_ms < least(${nowMs}::bigint, (select max(log_time_ms) from positions)) - ${patienceMs}
          and merchant_shard = any (${listText(shards)}::text::int[]) limit ${sweptMax})`,
      this.#timeoutMs,
      'what is dead',
    )
    return count
  }
}

/** PostgreSQL's text holds no zero byte and no half of a character; what merchants give and answer may. */
const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '')

function dueOf(row: DueRow): DueEvent {
  return {
    id: row.id,
    replay: row.replays,
    attempts: row.attempts,
    sinceMs: Number(row.since),
    merchantShard: row.merchant_shard,
    event: webhookEventOf(row),
    url: urlIn(row.order_text) ?? urlIn(row.profile),
    secrets: {
      wallet: Number(row.merchant),
      secretGeneration: row.generation ?? 1,
      rotatedMs: Number(row.rotated ?? 0n),
      earlierRotatedMs: Number(row.earlier ?? 0n),
    },
  }
}

/** What an edge wrote; one that is damaged names no address. */
function urlIn(content: string | null): string | undefined {
  if (content === null) return undefined
  try {
    const { callback_url } = JSON.parse(content) as { callback_url?: unknown }
    return typeof callback_url === 'string' ? callback_url : undefined
  } catch {
    return undefined
  }
}
