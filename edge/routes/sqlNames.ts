import type postgres from 'postgres'
import type { JournalName } from './journal.ts'

type NameRow = { actor: bigint; command_id: Uint8Array; name_sealed: Uint8Array }

/** The name that a user was given last. */
export async function selectName(sql: postgres.Sql, user: number): Promise<JournalName | undefined> {
  const [row] = await sql<NameRow[]>`
    select actor, command_id, name_sealed from user_names where user_number = ${user}
    order by seq desc, index desc limit 1`
  return row && { actor: Number(row.actor), commandId: row.command_id, sealed: row.name_sealed }
}
