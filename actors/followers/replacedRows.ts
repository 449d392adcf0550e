import { getTableColumns } from 'drizzle-orm'
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core'
import type postgres from 'postgres'
import type { Database } from './database.ts'
import {
  disputes,
  holds,
  lanes,
  links,
  mandates,
  merchants,
  merchantUsers,
  orderSplits,
  orders,
  recoveries,
  sagas,
  users,
  wallets,
} from './schema.ts'

/** How rows that replace what stood there get into their table: through a temporary one, in two statements. */
type Replacement = { create: string; copy: string; merge: string }

const columnsOf = (table: PgTable): string[] => Object.values(getTableColumns(table)).map((column) => column.name)

function replacement(table: PgTable, key: readonly string[], columns = columnsOf(table)): Replacement {
  const { name } = getTableConfig(table)
  const arrived = `arrived_${name}`
  const list = columns.map((column) => `"${column}"`).join(', ')
  const set = columns.filter((column) => !key.includes(column)).map((column) => `"${column}" = excluded."${column}"`)
  return {
    create: `create temp table if not exists ${arrived} (like ${name} including defaults) on commit delete rows`,
    copy: `copy ${arrived} (${list}) from stdin`,
    merge: `insert into ${name} (${list}) select ${list} from ${arrived} on conflict (${key.join(', ')}) do update set ${set.join(', ')}`,
  }
}

export const replacements = {
  wallets: replacement(wallets, ['number']),
  users: replacement(users, ['number']),
  links: replacement(links, ['shard', 'link']),
  sagas: replacement(sagas, ['wallet', 'id']),
  holds: replacement(holds, ['wallet', 'id']),
  splits: replacement(orderSplits, ['merchant', 'order_no', 'order_seq', 'place']),
  mandates: replacement(mandates, ['wallet', 'id']),
  disputes: replacement(disputes, ['wallet', 'payer', 'seq', 'index']),
  recoveries: replacement(recoveries, ['wallet', 'seq', 'index']),
  orders: replacement(orders, ['merchant', 'order_no', 'seq']),
  merchants: replacement(merchants, ['wallet']),
  merchant_users: replacement(merchantUsers, ['merchant', 'number', 'version']),
  received: replacement(
    lanes,
    ['source', 'destination'],
    ['source', 'destination', 'incarnation', 'received', 'returns_issued'],
  ),
  applied: replacement(lanes, ['source', 'destination'], ['source', 'destination', 'returns_applied']),
} as const

export type ReplacedTable = keyof typeof replacements

/** @param text COPY text in the order of the replacement's columns */
export async function replaceRows(sql: Database, table: ReplacedTable, text: string): Promise<void> {
  if (text === '') return
  const { create, copy, merge } = replacements[table]
  await sql.unsafe(create)
  await copyIn(sql, copy, text)
  await sql.unsafe(merge)
  // Both lane replacements share one temporary table.
  if (table === 'received') await sql.unsafe('delete from arrived_lanes')
}

/** @throws PostgresError when the database does not take the rows */
export async function copyIn(sql: Database, statement: string, text: string): Promise<void> {
  if (text === '') return
  const query = sql.unsafe(statement) as postgres.PendingQuery<postgres.Row[]> & { reject: (error: Error) => void }
  const target = await query.writable()
  await new Promise<void>((resolve, reject) => {
    // The stream does not hear why its rows are refused once all are sent, and never finishes then: the library gives
    // the reason to the query, which has come to its end by handing out the stream.
    query.reject = reject
    target.once('error', reject)
    target.once('finish', resolve)
    target.end(text)
  })
}
