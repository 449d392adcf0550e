import type postgres from 'postgres'
import { merchantUserStates } from '../../actors/ledger/merchantUserTable.ts'
import { merchantRoles } from '../../actors/ledger/records.ts'
import type { JournalMerchantUser } from './journal.ts'

/** Of one number no more entries are shown than these, the newest. */
const entriesMax = 100
const roleNames = Object.keys(merchantRoles) as JournalMerchantUser['role'][]
const roleOf = (code: number) => roleNames.find((name) => merchantRoles[name] === code)!

type UserRow = {
  number: number
  version: number
  role: number
  limit: bigint
  state: number
  changed: bigint
  command_id: Uint8Array | null
  label: Uint8Array | null
}

/** A merchant's sub-users as they were last entered, or all that ever was entered under one number, newest first. */
export async function selectMerchantUsers(
  sql: postgres.Sql,
  merchant: number,
  number: number | undefined,
): Promise<JournalMerchantUser[]> {
  const newest = sql`u.version = (select max(version) from merchant_users where merchant = u.merchant and number = u.number)`
  const rows = await sql<UserRow[]>`
    select u.number, u.version, u.role, u.limit_fen as limit, u.state, u.changed_ms as changed, l.command_id,
      l.label_sealed as label
    from merchant_users u
    left join merchant_user_labels l on l.shard = u.shard and l.seq = u.seq and l.index = u.index
    where u.merchant = ${merchant} and ${number === undefined ? newest : sql`u.number = ${number}`}
    order by u.number, u.version desc limit ${entriesMax}`
  return rows.map(({ number, version, role, limit, state, changed, command_id, label }) => ({
    number,
    version,
    role: roleOf(role),
    limit: Number(limit),
    changedMs: Number(changed),
    removed: state === merchantUserStates.removed,
    label: command_id === null || label === null ? undefined : { commandId: command_id, sealed: label },
  }))
}
