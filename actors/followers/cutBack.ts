import { businessDay } from '../ledger/businessTime.ts'
import { disputeAt } from '../ledger/disputes.ts'
import { bucketCount } from '../ledger/ids.ts'
import { recoveryAt } from '../ledger/recoveries.ts'
import type { State } from '../ledger/state.ts'
import type { Blobs } from '../log/blobs.ts'
import type { Replica } from '../log/replica.ts'
import { batchOf, writeWithin } from './batch.ts'
import { type Database, withinMs } from './database.ts'
import { addDispute } from './disputeRows.ts'
import { addHold } from './holdRows.ts'
import { addMandate } from './mandateRows.ts'
import { addMerchantUser } from './merchantUserRows.ts'
import { addRecovery } from './noticeRows.ts'
import { addOrder } from './orderRows.ts'
import type { Position } from './shardFollowing.ts'
import { ShardRows } from './shardRows.ts'
import { sagaLine } from './stateRows.ts'

const timeoutMs = 120_000

/**
 * Takes out of the database what it holds of a shard beyond a cut of its log, all in one transaction. Rows that are only
 * ever added go by their position; rows that stand for the state are written as they were at the cut.
 * @param position where the database stands
 * @param replica stands at the cut
 */
export async function cutBack(sql: Database, position: Position, replica: Replica, blobs: Blobs): Promise<void> {
  const work = sql.begin(async (transaction) => {
    const tx = transaction as unknown as Database
    const rows = rowsOf(position, replica.ledger.state)
    await addChangedWallets(tx, rows, replica)
    const batch = batchOf([{ rows, replica }], blobs)
    await removeBeyond(tx, replica)
    await writeWithin(tx, batch)
  })
  await withinMs(work, timeoutMs, 'what a cut has voided')
}

/** Everything that a cut may have changed and that says nothing of where it last did. What is no more never changes. */
function rowsOf({ shard, seq }: Position, state: State): ShardRows {
  const rows = new ShardRows(shard, seq)
  for (let row = 0; row < state.users.count; row++) rows.users.add(row)
  for (let row = 0; row < state.links.count; row++) rows.links.add(row)
  for (let row = 0; row < state.merchants.columns.count; row++) rows.merchants.add(row)
  for (let row = 0; row < state.merchantUsers.columns.count; row++) addMerchantUser(rows, state, row)
  for (const [key, row] of state.sagaRows) rows.sagas.set(key, sagaLine(shard, state, row))
  for (const [table, add] of [
    [state.orders, addOrder],
    [state.holds, addHold],
    [state.mandates, addMandate],
  ] as const) {
    for (const row of usedRows(table)) add(rows, state, row)
  }
  for (const row of usedRows(state.disputes)) addDispute(rows, disputeAt(state, row))
  for (const row of usedRows(state.recoveries)) addRecovery(rows, recoveryAt(state, row))
  return rows
}

type StateTable = { readonly columns: { readonly count: number; readonly at: { readonly state: Uint8Array } } }

function* usedRows({ columns }: StateTable): Generator<number> {
  for (let row = 0; row < columns.count; row++) if (columns.at.state[row] !== 0) yield row
}

async function addChangedWallets(tx: Database, rows: ShardRows, { shard, seq, ledger }: Replica): Promise<void> {
  const changed = await tx<{ number: bigint }[]>`select number from wallets where shard = ${shard} and seq > ${seq}`
  for (const { number } of changed) {
    const row = ledger.state.walletRows.row(Number(number))
    if (row >= 0) rows.wallets.add(row)
  }
}

/** What is told by another table's rows goes before those. Log time never goes back: older days have nothing beyond. */
async function removeBeyond(tx: Database, { shard, seq, ledger }: Replica): Promise<void> {
  const { logTimeMs, genesis } = ledger.state
  const day = businessDay(logTimeMs)
  await tx`delete from refunds f using payments p
    where p.payer = f.merchant and p.id = f.id and p.day >= ${day} and p.shard = ${shard} and p.seq > ${seq}`
  await tx`delete from mandate_payments m using payments p
    where p.payer = m.wallet and p.id = m.id and p.day >= ${day} and p.shard = ${shard} and p.seq > ${seq}`
  await tx`delete from order_splits s using orders o
    where o.merchant = s.merchant and o.order_no = s.order_no and o.seq = s.order_seq and o.shard = ${shard}
      and o.seq > ${seq}`
  await tx`delete from returns r using wallets w where w.number = r.payer and w.shard = ${shard} and r.seq > ${seq}`
  for (const table of ['entries', 'payments', 'evidence']) {
    await tx`delete from ${tx(table)} where day >= ${day} and shard = ${shard} and seq > ${seq}`
  }
  for (const table of [
    'webhook_events',
    'refund_ends',
    'order_texts',
    'merchant_texts',
    'merchant_users',
    'merchant_user_labels',
    'mandate_texts',
    'proposals',
    'proposal_decisions',
    'standings',
    'orders',
    'holds',
    'mandates',
    'recoveries',
    'disputes',
    'dispute_texts',
    'notices',
    'sagas',
    'wallets',
    'audit',
  ]) {
    await tx`delete from ${tx(table)} where shard = ${shard} and seq > ${seq}`
  }
  // A user lives in the shard of the bucket that issued the number.
  const userLivesHere = (user: string) => tx`${tx(user)} % ${bucketCount} % ${genesis.shardCount} = ${shard}`
  await tx`delete from user_names where ${userLivesHere('user_number')} and seq > ${seq}`
  await tx`delete from users where ${userLivesHere('number')}`
  await tx`delete from links where shard = ${shard}`
  await tx`delete from merchants where shard = ${shard}`
}
