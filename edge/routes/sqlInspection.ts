import type {
  Act,
  ActFilter,
  Inspection,
  MerchantFilter,
  PaymentFilter,
  Reconciliation,
  TimeCursor,
} from './inspection.ts'
import type { Found } from './journal.ts'
import type { SqlJournal } from './sqlJournal.ts'
import { selectMerchants } from './sqlMerchantList.ts'
import { searchPayments } from './sqlPaymentSearch.ts'
import { readTrail } from './sqlPaymentTrail.ts'

type ActRow = {
  shard: number
  seq: bigint
  index: number
  operator: number
  op: number
  id: Uint8Array
  wallet: bigint
  wallet_kind: number | null
  code: number
  fields: string
  reason: string
  time: bigint
}

/** The inspection in the region's Postgres, through the journal's connections. */
export class SqlInspection implements Inspection {
  readonly #journal: Pick<SqlJournal, 'ask'>
  readonly #shardCount: number

  constructor(journal: Pick<SqlJournal, 'ask'>, shardCount: number) {
    this.#journal = journal
    this.#shardCount = shardCount
  }

  /** What went to every shard is one act: the first shard that has it speaks for all. */
  acts(filter: ActFilter, before: TimeCursor | undefined, count: number) {
    return this.#journal.ask(async (sql) => {
      const { timeMs, shard, seq, index } = before ?? afterAll
      const { wallet, operator, op } = filter
      const rows = await sql<ActRow[]>`
        select a.shard, a.seq, a.index, a.operator, a.op, a.id, a.wallet, w.kind as wallet_kind, a.code, a.fields,
          a.reason, a.log_time_ms as time
        from audit a left join wallets w on w.number = a.wallet
        where (a.log_time_ms, a.shard, a.seq, a.index) < (${timeMs}, ${shard}, ${seq}, ${index})
          ${wallet === undefined ? sql`` : sql`and a.wallet = ${wallet}`}
          ${operator === undefined ? sql`` : sql`and a.operator = ${operator}`}
          ${op === undefined ? sql`` : sql`and a.op = ${op}`}
          and not exists (
            select from audit b where b.operator = a.operator and b.id = a.id and b.op = a.op and b.shard < a.shard)
        order by a.log_time_ms desc, a.shard desc, a.seq desc, a.index desc limit ${count + 1}`
      return { kind: 'found', record: { acts: rows.slice(0, count).map(actOf), more: rows.length > count } }
    })
  }

  payments(filter: PaymentFilter, before: TimeCursor | undefined, count: number) {
    return this.#journal.ask(async (sql) => {
      const payments = await searchPayments(sql, filter, before ?? afterAll, count + 1)
      return { kind: 'found', record: { payments: payments.slice(0, count), more: payments.length > count } }
    })
  }

  trail(payer: number, id: Uint8Array) {
    return this.#journal.ask((sql) => readTrail(sql, payer, id, this.#shardCount))
  }

  merchants(filter: MerchantFilter, after: number, count: number) {
    return this.#journal.ask(async (sql) => {
      const merchants = await selectMerchants(sql, filter, after, count + 1)
      return { kind: 'found', record: { merchants: merchants.slice(0, count), more: merchants.length > count } }
    })
  }

  reconciliations(count: number): Promise<Found<readonly Reconciliation[]>> {
    return this.#journal.ask(async (sql) => {
      const rows = await sql<{ ended: Date; verdict: string; difference: bigint; report: string }[]>`
        select ended_at as ended, verdict, difference_fen as difference, report
        from reconciliations order by id desc limit ${count}`
      const record = rows.map(({ ended, verdict, difference, report }) => {
        return { endedMs: ended.getTime(), verdict, differenceFen: difference, report }
      })
      return { kind: 'found', record }
    })
  }
}

const afterAll: TimeCursor = { timeMs: Number.MAX_SAFE_INTEGER, shard: 0, seq: 0, index: 0 }

function actOf({ shard, seq, index, time, wallet, wallet_kind, ...act }: ActRow): Act {
  const executed = { shard, seq: Number(seq), index, timeMs: Number(time) }
  return { ...act, executed, wallet: Number(wallet), walletKind: wallet_kind ?? 0 }
}
