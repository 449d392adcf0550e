import type { NatsConnection } from '@nats-io/nats-core'
import type { Logger } from 'pino'
import type { TransactionSql } from 'postgres'
import { decodeJson, encodeJson } from '../../log/jsonBytes.ts'
import type { OwnerDirectory } from '../../log/ownerDirectory.ts'
import { messageOf } from '../../log/process.ts'
import { hookSubject } from '../../log/subjects.ts'
import { webhookStates } from '../../log/webhookEvents.ts'
import type { RenewedPool } from '../database.ts'

const tellEveryMs = 1_000
const timeoutMs = 5_000
/** Of each pair of shards; beyond it nothing is said, and what nothing is said of stays as it is. */
const pendingMax = 500

const listText = (values: readonly (number | string)[]): string => `{${values.join(',')}}`

/**
 * What a region says of the events that it tells: of the merchants in `own`, everything up to position `upTo[shard]` of
 * each log has ended, but for what is `pending`. It says all of it each time, so that no message is missed for good.
 */
export type ToldEvents = {
  readonly own: readonly number[]
  readonly upTo: readonly number[]
  /** By log: in which epoch the positions count. */
  readonly epochs: readonly number[]
  readonly pending: readonly string[]
}

export class PeerDeliveries {
  readonly #pool: RenewedPool
  readonly #owners: OwnerDirectory
  readonly #region: string
  readonly #shardCount: number
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #newest: ToldEvents | undefined

  constructor(pool: RenewedPool, owners: OwnerDirectory, region: string, shardCount: number, logger: Logger) {
    this.#pool = pool
    this.#owners = owners
    this.#region = region
    this.#shardCount = shardCount
    this.#logger = logger
  }

  start(connection: NatsConnection, peer: string): void {
    connection.subscribe(hookSubject(peer), {
      callback: (error, message) => {
        if (error !== null) this.#logger.warn({ error: messageOf(error) }, 'the other region cannot be heard')
        else this.#newest = decodeJson(message.data) as ToldEvents
      },
    })
    this.#timer = setInterval(() => {
      this.#working ??= this.#turn(connection).finally(() => {
        this.#working = undefined
      })
    }, tellEveryMs)
  }

  async #turn(connection: NatsConnection): Promise<void> {
    try {
      const told = await this.told()
      if (told.own.length > 0) connection.publish(hookSubject(this.#region), encodeJson(told))
      const heard = this.#newest
      this.#newest = undefined
      if (heard !== undefined) await this.take(heard)
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'what was told cannot be shared with the other region')
    }
  }

  #epochs(): number[] {
    return Array.from({ length: this.#shardCount }, (_, shard) => this.#owners.ownerOf(shard)?.epoch ?? -1)
  }

  /** What this region has ended and what it has not, in one moment of the database. */
  async told(): Promise<ToldEvents> {
    const epochs = this.#epochs()
    const own = epochs.flatMap((_, shard) => (this.#owners.ownerOf(shard)?.region === this.#region ? [shard] : []))
    if (own.length === 0) return { own, epochs, upTo: [], pending: [] }
    const read = async (tx: TransactionSql) => {
      const positions = await tx<{ shard: number; seq: bigint }[]>`select shard, seq from positions`
      const rows = await tx<{ log: number; seq: bigint; id: string }[]>`
        select log.shard as log, e.seq, encode(e.event_id, 'hex') as id
        from unnest(${listText(own)}::text::int[]) as own (shard)
        cross join positions log
        cross join lateral (select seq, event_id from webhook_events
          where state = 0 and merchant_shard = own.shard and shard = log.shard order by seq limit ${pendingMax}) e`
      // Their events are made when what began them has been followed: until then nothing stands for them.
      const waiting = await tx<{ log: number; seq: bigint }[]>`
        select shard as log, min(seq) as seq from refund_ends
        where merchant_shard = any (${listText(own)}::text::int[]) group by shard`
      return { positions, rows, waiting }
    }
    const { positions, rows, waiting } = await this.#pool.ask(
      (sql) => sql.begin('isolation level repeatable read read only', read),
      timeoutMs,
      'what is not told yet',
    )
    const upTo = epochs.map((_, shard) => Number(positions.find((one) => one.shard === shard)?.seq ?? 0n))
    for (const { log, seq } of waiting) upTo[log] = Math.min(upTo[log]!, Number(seq) - 1)
    const counts = new Map<number, number>()
    for (const { log, seq } of rows) {
      counts.set(log, (counts.get(log) ?? 0) + 1)
      // There may be more behind the last one that was read.
      if (counts.get(log)! >= pendingMax) upTo[log] = Math.min(upTo[log]!, Number(seq) - 1)
    }
    return { own, epochs, upTo, pending: rows.map(({ id }) => id) }
  }

  /** Takes the other region's word for what it has ended, as long as it owns those merchants and the logs are the same. */
  async take({ own, upTo, epochs, pending }: ToldEvents): Promise<void> {
    const here = this.#epochs()
    const theirs = own.filter((shard) => this.#owners.ownerOf(shard)?.region !== this.#region)
    if (theirs.length === 0) return
    // Whatever made it count as ended: it would be told by nobody if the other region were lost now.
    await this.#pool.ask(
      (sql) => sql`
        update webhook_events set state = ${webhookStates.pending}
        where state = ${webhookStates.elsewhere} and merchant_shard = any (${listText(theirs)}::text::int[])
          and event_id in (select decode(id, 'hex') from unnest(${listText(pending)}::text::text[]) as pending (id))`,
      timeoutMs,
      'what the other region has not told',
    )
    for (const [log, seq] of upTo.entries()) {
      if (epochs[log] !== here[log]) continue
      await this.#pool.ask(
        (sql) => sql`
          update webhook_events set state = ${webhookStates.elsewhere}
          where state = 0 and merchant_shard = any (${listText(theirs)}::text::int[]) and shard = ${log}
            and seq <= ${seq} and encode(event_id, 'hex') <> all (${listText(pending)}::text::text[])`,
        timeoutMs,
        'what the other region has told',
      )
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#working
  }
}
