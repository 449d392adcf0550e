import type { Logger } from 'pino'
import postgres from 'postgres'
import { makeRecordId } from '../../actors/ledger/batches.ts'
import { bucketOf } from '../../actors/ledger/ids.ts'
import type { MandateView } from '../../actors/ledger/mandateViews.ts'
import { messageOf } from '../../actors/log/process.ts'
import type { EventCursor } from '../events/eventPlace.ts'
import { ShardUnavailable } from '../gateway/ports.ts'
import type { TimeCursor } from './inspection.ts'
import type {
  DisputesRead,
  EntriesPage,
  EventsRead,
  Followed,
  Found,
  HoldsPage,
  Journal,
  JournalMandate,
  JournalMerchant,
  JournalMerchantUser,
  JournalName,
  JournalOrder,
  JournalPayment,
  JournalSaga,
  JournalStanding,
  MandatePaymentsPage,
  MandatesPage,
  OrdersPage,
  PayeeMandatesPage,
  ProposalsPage,
  RefundsPage,
  StatementRead,
} from './journal.ts'
import { selectDisputes } from './sqlDisputes.ts'
import { selectEntries } from './sqlEntries.ts'
import { selectEvents } from './sqlEvents.ts'
import { selectHolds } from './sqlHolds.ts'
import { selectMandates, selectMandatesFor } from './sqlMandates.ts'
import { selectMerchant } from './sqlMerchants.ts'
import { selectMerchantUsers } from './sqlMerchantUsers.ts'
import { selectName } from './sqlNames.ts'
import { selectOrders } from './sqlOrders.ts'
import { selectPayments } from './sqlPayments.ts'
import { selectRefunds } from './sqlRefunds.ts'
import { selectProposals, selectStandings } from './sqlRisk.ts'
import { selectSaga } from './sqlSagas.ts'
import { type EndOfLog, followedRows, reaches, type Standing, standingRows } from './sqlStanding.ts'
import { selectLines, selectOpening, selectOrderOfPayment } from './sqlStatements.ts'
import type { Days } from './statementDays.ts'

const queryTimeoutMs = 2_000
const recordIndexMax = 0xffff
/** Of one id: as many as it can have places, for two institutions that chose the same. */
const batchPaymentsMax = 2 * (recordIndexMax + 1)
const connections = 4
const lookEveryMs = 1_000
/** A mandate has no more payments than this shown. */
const mandatePaymentsMax = 1_000
/** Lies behind all that a log can hold: a list that begins with the newest is read backwards from here. */
const behindAll = { seq: Number.MAX_SAFE_INTEGER, index: 0, kind: 0 }

/** The journal in the region's Postgres. Whatever goes wrong there is an `away`: it holds up nothing else. */
export class SqlJournal implements Journal {
  readonly #url: string
  readonly #shardCount: number
  readonly #logger: Logger
  readonly #endOfLog: EndOfLog
  #sql: postgres.Sql
  #away = false
  #lastFollowed: readonly Followed[] = []
  readonly #looking: NodeJS.Timeout

  /** @param shardCount shards of the region */
  constructor(url: string, shardCount: number, logger: Logger, endOfLog: EndOfLog) {
    this.#url = url
    this.#shardCount = shardCount
    this.#logger = logger
    this.#endOfLog = endOfLog
    this.#sql = openPool(url)
    // Whoever asks for a list while the database is away is told how far it had come.
    this.#looking = setInterval(() => void this.followed(), lookEveryMs).unref()
  }

  payment(payer: number, id: Uint8Array): Promise<Found<JournalPayment>> {
    return this.#one(payer, async (sql) => {
      return (await this.#payments(sql, sql`p.payer = ${payer} and p.id = ${id}`))[0]
    })
  }

  paymentsById(id: Uint8Array): Promise<Found<readonly JournalPayment[]>> {
    return this.#lookUp(this.#everywhere(), async (sql) => {
      const payments = await this.#payments(sql, sql`p.id = ${id}`)
      return payments.length === 0 ? undefined : payments
    })
  }

  async paymentsOfBatch(id: Uint8Array): Promise<Found<readonly JournalPayment[]>> {
    const [first, last] = [Uint8Array.from(id), Uint8Array.from(id)]
    makeRecordId(first, 0)
    makeRecordId(last, recordIndexMax)
    // That no more can come is found out first: rows that come meanwhile may be seen, none may be missed.
    const known = await this.#lookUp<never>(this.#everywhere(), async () => undefined)
    if (known.kind === 'away') return known
    return this.#ask(async (sql) => {
      const record = await this.#payments(sql, sql`p.id between ${first} and ${last}`, batchPaymentsMax)
      return record.length === 0 ? { kind: 'none' } : { kind: 'found', record }
    })
  }

  #everywhere(): number[] {
    return Array.from({ length: this.#shardCount }, (_, shard) => shard)
  }

  #payments(sql: postgres.Sql, where: postgres.PendingQuery<postgres.Row[]>, count = 100): Promise<JournalPayment[]> {
    return selectPayments(sql, where, sql`p.seq, p.index`, count)
  }

  saga(wallet: number, id: Uint8Array): Promise<Found<JournalSaga>> {
    return this.#one(wallet, (sql) => selectSaga(sql, wallet, id))
  }

  entries(
    wallet: number,
    before: { seq: number; index: number; kind: number } | undefined,
    count: number,
  ): Promise<Found<EntriesPage>> {
    const shard = this.#shardOf(wallet)
    return this.#page(shard, async (sql) => {
      const found = await selectEntries(sql, wallet, shard, before ?? behindAll, count + 1)
      return { entries: found.slice(0, count), more: found.length > count }
    })
  }

  order(merchant: number, orderNo: string): Promise<Found<JournalOrder>> {
    return this.#one(merchant, async (sql) => {
      return (await selectOrders(sql, sql`o.merchant = ${merchant} and o.order_no = ${orderNo}`, 1))[0]
    })
  }

  orders(
    merchant: number,
    before: { seq: number; index: number } | undefined,
    count: number,
  ): Promise<Found<OrdersPage>> {
    return this.#page(this.#shardOf(merchant), async (sql) => {
      const { seq, index } = before ?? behindAll
      const where = sql`o.merchant = ${merchant} and (o.seq, o.index) < (${seq}, ${index})`
      const found = await selectOrders(sql, where, count + 1)
      return { orders: found.slice(0, count), more: found.length > count }
    })
  }

  refunds(merchant: number, orderNo: string): Promise<Found<RefundsPage>> {
    return this.#page(this.#shardOf(merchant), async (sql) => ({
      refunds: await selectRefunds(sql, merchant, orderNo),
    }))
  }

  holds(wallet: number, before: { seq: number; index: number } | undefined, count: number): Promise<Found<HoldsPage>> {
    return this.#page(this.#shardOf(wallet), async (sql) => {
      const { seq, index } = before ?? behindAll
      const where = sql`h.wallet = ${wallet} and (h.seq, h.index) < (${seq}, ${index})`
      const found = await selectHolds(sql, where, count + 1)
      return { holds: found.slice(0, count), more: found.length > count }
    })
  }

  merchant(wallet: number): Promise<Found<JournalMerchant>> {
    return this.#one(wallet, (sql) => selectMerchant(sql, wallet))
  }

  merchantUsers(merchant: number, number?: number): Promise<Found<readonly JournalMerchantUser[]>> {
    return this.#ask(async (sql) => ({ kind: 'found', record: await selectMerchantUsers(sql, merchant, number) }))
  }

  disputes(wallet: number, count: number): Promise<Found<DisputesRead>> {
    return this.#page(this.#shardOf(wallet), async (sql) => ({
      disputes: await selectDisputes(sql, sql`(d.wallet = ${wallet} or d.payer = ${wallet})`, count),
    }))
  }

  statement(wallet: number, days: Days, count: number): Promise<Found<StatementRead>> {
    const shard = this.#shardOf(wallet)
    return this.#page(shard, async (sql) => {
      // Both of one moment: what is written in between must be in neither.
      const [openingFen, lines] = await sql.begin('isolation level repeatable read', async (tx) => {
        const same = tx as unknown as postgres.Sql
        return [
          await selectOpening(same, wallet, days.from),
          await selectLines(same, wallet, days, count, shard),
        ] as const
      })
      return { openingFen, lines }
    })
  }

  async orderOfPayment(payer: number, payee: number, id: Uint8Array): Promise<string | undefined> {
    const found = await this.#ask<string | undefined>(async (sql) => {
      return { kind: 'found', record: await selectOrderOfPayment(sql, payer, payee, id) }
    })
    return found.kind === 'found' ? found.record : undefined
  }

  events(after: readonly EventCursor[], count: number): Promise<Found<EventsRead>> {
    return this.#ask(async (sql) => {
      // The positions are read first: what is told may be newer than they say, never older.
      const followed = await followedRows(sql, sql`order by shard`)
      return { kind: 'found', record: { followed, events: await selectEvents(sql, after, count) } }
    })
  }

  userName(user: number): Promise<Found<JournalName>> {
    return this.#one(user, (sql) => selectName(sql, user))
  }

  mandate(wallet: number, id: Uint8Array): Promise<Found<JournalMandate>> {
    return this.#one(wallet, async (sql) => {
      return (await selectMandates(sql, sql`m.wallet = ${wallet} and m.id = ${id}`, 1))[0]
    })
  }

  mandates(
    wallet: number,
    before: { seq: number; index: number } | undefined,
    count: number,
  ): Promise<Found<MandatesPage>> {
    return this.#page(this.#shardOf(wallet), async (sql) => {
      const { seq, index } = before ?? behindAll
      const where = sql`m.wallet = ${wallet} and (m.seq, m.index) < (${seq}, ${index})`
      const found = await selectMandates(sql, where, count + 1)
      return { mandates: found.slice(0, count), more: found.length > count }
    })
  }

  mandatesFor(
    payee: number,
    status: MandateView['state'] | undefined,
    before: TimeCursor | undefined,
    count: number,
  ): Promise<Found<PayeeMandatesPage>> {
    return this.#ask(async (sql) => {
      // The positions are read first: the page may know more than they say, never less.
      const followed = await followedRows(sql, sql`order by shard`)
      if (followed.length < this.#shardCount) return { kind: 'away' }
      const found = await selectMandatesFor(sql, payee, status, before, count + 1)
      return { kind: 'found', record: { mandates: found.slice(0, count), followed, more: found.length > count } }
    })
  }

  mandatePayments(wallet: number, id: Uint8Array): Promise<Found<MandatePaymentsPage>> {
    return this.#page(this.#shardOf(wallet), async (sql) => {
      const ids = sql`select id from mandate_payments where wallet = ${wallet} and mandate = ${id}`
      const where = sql`p.payer = ${wallet} and p.id in (${ids})`
      return { payments: await selectPayments(sql, where, sql`p.seq desc, p.index desc`, mandatePaymentsMax) }
    })
  }

  proposals(before: { seq: number; index: number } | undefined, count: number): Promise<Found<ProposalsPage>> {
    return this.#page(0, async (sql) => {
      const found = await selectProposals(sql, before ?? behindAll, count + 1)
      return { proposals: found.slice(0, count), more: found.length > count }
    })
  }

  standings(wallet: number, count: number): Promise<Found<readonly JournalStanding[]>> {
    return this.#ask(async (sql) => ({ kind: 'found', record: await selectStandings(sql, wallet, count) }))
  }

  followed(): Promise<Found<readonly Followed[]>> {
    return this.#ask(async (sql) => {
      this.#lastFollowed = await followedRows(sql, sql`order by shard`)
      return { kind: 'found', record: this.#lastFollowed }
    })
  }

  #shardOf(number: number): number {
    return bucketOf(number) % this.#shardCount
  }

  /**
   * What a shard brought, and how far it was followed. The position is read first: the page may know more than it says,
   * never less.
   */
  #page<T extends object>(
    shard: number,
    read: (sql: postgres.Sql) => Promise<T>,
  ): Promise<Found<T & { followed: Followed }>> {
    return this.#ask(async (sql) => {
      const [followed] = await followedRows(sql, sql`where shard = ${shard}`)
      if (followed === undefined) return { kind: 'away' }
      return { kind: 'found', record: { ...(await read(sql)), followed } }
    })
  }

  /** What only the shard of this wallet or user number can have brought. */
  #one<T>(number: number, select: (sql: postgres.Sql) => Promise<T | undefined>): Promise<Found<T>> {
    return this.#lookUp([this.#shardOf(number)], select)
  }

  /**
   * Whoever hears that there is nothing may pay again under another id: only a journal that stands where the logs end
   * says so. That it was written just now proves nothing, for so it is all the while that it catches up.
   * @param shards those whose logs may have brought what is looked for
   */
  async #lookUp<T>(
    shards: readonly number[],
    select: (sql: postgres.Sql) => Promise<T | undefined>,
  ): Promise<Found<T>> {
    const read = await this.#ask<{ standings: Standing[]; record: T | undefined }>(async (sql) => {
      // The positions are read first: the journal may know more than they say, never less.
      const standings = await standingRows(sql)
      return { kind: 'found', record: { standings, record: await select(sql) } }
    })
    if (read.kind !== 'found') return read
    const { standings, record } = read.record
    if (record !== undefined) return { kind: 'found', record }
    return (await this.#isUpToDate(shards, standings)) ? { kind: 'none' } : { kind: 'away' }
  }

  async #isUpToDate(shards: readonly number[], standings: readonly Standing[]): Promise<boolean> {
    if (!standings.some(({ heard }) => heard)) return false
    try {
      const ends = await Promise.all(shards.map((shard) => this.#endOfLog(shard)))
      return ends.every((end) => standings.some((one) => one.shard === end.shard && reaches(one, end)))
    } catch (error) {
      if (error instanceof ShardUnavailable) return false
      throw error
    }
  }

  /** For readers of other tables: the same pool, the same patience, the same word when the database is away. */
  ask<T>(question: (sql: postgres.Sql) => Promise<Found<T>>): Promise<Found<T>> {
    return this.#ask(question)
  }

  async #ask<T>(question: (sql: postgres.Sql) => Promise<Found<T>>): Promise<Found<T>> {
    const sql = this.#sql
    try {
      const found = await withinTimeout(question(sql))
      if (this.#away) this.#logger.info('the journal is back')
      this.#away = false
      return found
    } catch (error) {
      if (!this.#away) this.#logger.warn({ error: messageOf(error) }, 'the journal is away')
      this.#away = true
      this.#renew(sql)
      return { kind: 'away', lastFollowed: this.#lastFollowed }
    }
  }

  /** Connections that gave no answer would keep the next to ask waiting as well. */
  #renew(used: postgres.Sql): void {
    if (used !== this.#sql) return
    this.#sql = openPool(this.#url)
    void used.end({ timeout: 0 }).catch(() => undefined)
  }

  async close(): Promise<void> {
    clearInterval(this.#looking)
    await this.#sql.end({ timeout: 2 })
  }
}

function openPool(url: string): postgres.Sql {
  return postgres(url, {
    max: connections,
    connect_timeout: 2,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'edge', default_transaction_read_only: true },
    types: { bigint: postgres.BigInt },
  }) as unknown as postgres.Sql
}

function withinTimeout<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`the database did not answer within ${queryTimeoutMs} ms`))
    const timer = setTimeout(late, queryTimeoutMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
