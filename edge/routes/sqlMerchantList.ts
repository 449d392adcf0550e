import type postgres from 'postgres'
import type { ListedMerchant, MerchantFilter } from './inspection.ts'

type Row = {
  wallet: bigint
  institution: number
  state: string
  standing: number | null
  version: number | null
  changed: bigint | null
  content: string | null
}

/** Escapes in JSON of what PostgreSQL's text cannot hold: a zero byte and halves of characters. One such fails the whole query. */
const unreadable = '(?<!\\\\)((?:\\\\\\\\)*)\\\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})'

const escaped = (text: string): string => text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)

/** Merchants, whose wallets are of kind 2, in the order of the wallets' numbers, behind one of them. */
export async function selectMerchants(
  sql: postgres.Sql,
  { prefix, name }: MerchantFilter,
  after: number,
  count: number,
): Promise<ListedMerchant[]> {
  const named = `%${escaped(name ?? '')}%`
  // A text that is damaged names nobody; what is no JSON must not be read as such.
  const said = (member: string) => sql`case when t.content is json object then
    regexp_replace(t.content, ${unreadable}, ${'\\1'}, 'g')::jsonb ->> ${member} end`
  const rows = await sql<Row[]>`
    select w.number as wallet, w.institution, w.state, s.standing, m.profile_version as version,
      m.changed_ms as changed, t.content
    from wallets w
    left join merchants m on m.wallet = w.number
    left join merchant_texts t on t.shard = m.shard and t.seq = m.profile_seq and t.index = m.profile_index
    left join lateral (
      select standing from standings where wallet = w.number order by seq desc, index desc limit 1) s on true
    where w.kind = 2 and w.number > ${after}
      ${prefix === undefined ? sql`` : sql`and w.number::text like ${`${prefix}%`}`}
      ${name === undefined ? sql`` : sql`and (${said('name_zh')} ilike ${named} or ${said('name_en')} ilike ${named})`}
    order by w.number limit ${count}`
  return rows.map(({ wallet, institution, state, standing, version, changed, content }) => ({
    wallet: Number(wallet),
    institution,
    state,
    standing: standing ?? 0,
    profileVersion: version ?? 0,
    changedMs: Number(changed ?? 0),
    content: content ?? undefined,
  }))
}
