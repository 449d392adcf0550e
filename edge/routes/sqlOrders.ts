import type postgres from 'postgres'
import { refusalOf } from '../../actors/ledger/refusals.ts'
import { splitStates } from '../../actors/ledger/splitTable.ts'
import type { JournalOrder } from './journal.ts'

/** Fen that a wallet can hold are exact in JSON. */
type SplitRow = { payee: number; amount: number; weight: number; state: number; reason: number; payment_id: string }

type OrderRow = {
  order_no: string
  seq: bigint
  index: number
  amount: bigint
  refunded: bigint
  state: number
  payer: bigint
  payment_id: Uint8Array
  created: bigint
  expires: bigint
  changed: bigint
  content: string | null
  splits: readonly SplitRow[] | null
  by_user: number
  by_user_version: number
  log_time: bigint | null
}

const stateNames = ['free', 'created', 'paid', 'expired', 'closed'] as const
const created = 1

const splitStateNames = Object.keys(splitStates) as (keyof typeof splitStates)[]

const splitsOf = (sql: postgres.Sql) => sql`(
  select json_agg(json_build_object('payee', s.payee, 'amount', s.amount_fen, 'weight', s.weight, 'state', s.state,
    'reason', s.reason, 'payment_id', encode(s.payment_id, 'hex')) order by s.place)
  from order_splits s where s.merchant = o.merchant and s.order_no = o.order_no and s.order_seq = o.seq)`

/** Orders of a merchant that `where` chooses, newest first. */
export async function selectOrders(
  sql: postgres.Sql,
  where: postgres.PendingQuery<postgres.Row[]>,
  count: number,
): Promise<JournalOrder[]> {
  const rows = await sql<OrderRow[]>`
    select o.order_no, o.seq, o.index, o.amount_fen as amount, o.refunded_fen as refunded, o.state, o.payer,
      o.payment_id, o.created_ms as created, o.expires_ms as expires, o.changed_ms as changed, o.by_user,
      o.by_user_version, t.content,
      ${splitsOf(sql)} as splits,
      p.log_time_ms as log_time
    from orders o
    left join order_texts t on t.shard = o.shard and t.seq = o.seq and t.index = o.index
    left join positions p on p.shard = o.shard
    where ${where} order by o.seq desc, o.index desc limit ${count}`
  return rows.map(orderOf)
}

/** A deadline counts from its time on, whether a frame has carried it out yet or not. */
function orderOf(row: OrderRow): JournalOrder {
  const expired = row.state === created && row.log_time !== null && row.expires <= row.log_time
  return {
    orderNo: row.order_no,
    seq: Number(row.seq),
    index: row.index,
    amount: Number(row.amount),
    refunded: Number(row.refunded),
    state: expired ? 'expired' : stateNames[row.state]!,
    payer: Number(row.payer),
    paymentId: row.payment_id,
    createdMs: Number(row.created),
    expiresMs: Number(row.expires),
    changedMs: Number(expired ? row.expires : row.changed),
    user: row.by_user,
    userVersion: row.by_user_version,
    content: row.content ?? undefined,
    splits: (row.splits ?? []).map(({ payee, amount, weight, state, reason, payment_id }) => ({
      payee,
      amount,
      weight,
      state: splitStateNames[state]!,
      reason: refusalOf(reason),
      paymentId: Buffer.from(payment_id, 'hex'),
    })),
  }
}
