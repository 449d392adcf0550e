import { nameValueLines, textTable } from './textTable.ts'

/** The answer of the API that this prints; unknown members are left alone. */
type WalletBody = {
  wallet_id: string
  user_id: string
  balance: string
  held: string
  pending_in: string
  class: number
  kind: string
  risk_level: number
  status: string
  key_version: number
  linked_accounts: LinkBody[]
  limits: Record<'balance' | 'single' | 'day' | 'year', string | null> & { day_used: string; year_used: string }
  as_of: { shard: number; seq: number; time: string; age_ms?: number }
}

export type LinkBody = {
  link_id: number
  account_type: string
  account_no: string
  balance_limit: number | string
  drawn_today?: string
  status?: string
}

export function linkTable(links: readonly LinkBody[]): string {
  return textTable({
    head: ['link', 'type', 'account', 'limit a day', 'drawn today'],
    rows: links.map((link) => [
      String(link.link_id),
      link.account_type,
      link.account_no,
      String(link.balance_limit),
      link.drawn_today ?? '',
    ]),
    right: [0, 3, 4],
  })
}

const used = (limit: string | null, drawn: string): string => (limit === null ? 'none' : `${limit}, used ${drawn}`)

export function walletText(body: Record<string, unknown>): string {
  const wallet = body as unknown as WalletBody
  const { limits, linked_accounts: links, as_of: asOf } = wallet
  const facts = nameValueLines([
    ['wallet', wallet.wallet_id],
    ['user', wallet.user_id],
    ['balance', `${wallet.balance} yuan`],
    ['held for payees', wallet.held === '0.00' ? undefined : `${wallet.held} yuan`],
    ['recharges under way', wallet.pending_in === '0.00' ? undefined : `${wallet.pending_in} yuan`],
    ['status', wallet.status],
    ['kind', wallet.kind],
    ['class', wallet.class],
    ['risk level', wallet.risk_level],
    ['key version', wallet.key_version],
    ['balance limit', limits.balance],
    ['limit of a payment', limits.single],
    ['limit of a day', used(limits.day, limits.day_used)],
    ['limit of a year', used(limits.year, limits.year_used)],
    ['as of', `${asOf.time}, shard ${asOf.shard}, frame ${asOf.seq}`],
    ['age', asOf.age_ms === undefined ? undefined : `this region last heard from the owner ${asOf.age_ms} ms ago`],
  ])
  return links.length === 0 ? facts : `${facts}\n\n${linkTable(links)}`
}
