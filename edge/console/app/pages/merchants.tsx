import { useState } from 'preact/hooks'
import { Badge, Card, Empty, Failed, Loading, More, PageHead, Table, Time, WalletLink } from '../parts/parts.tsx'
import { usePages } from '../parts/useRead.ts'
import { go, hrefOf, place } from '../router.ts'
import { language, words } from '../words/words.ts'
import { StandingBadge } from './standing.tsx'

type Merchant = {
  wallet_id: string
  institution: number
  status: string
  standing: string
  name_zh?: string
  name_en?: string
  contact?: string
  profile_version: number
  changed_at: string | null
}
type Page = { merchants: Merchant[]; next_cursor: string | null }

function SearchForm() {
  const w = words.value
  const [text, setText] = useState(place.value.query.get('search') ?? '')
  const submit = (event: Event): void => {
    event.preventDefault()
    go(text.trim() === '' ? '/merchants' : `/merchants?${new URLSearchParams({ search: text.trim() })}`)
  }
  return (
    <form class="look-up" onSubmit={submit}>
      <label>
        <span class="sr">{w.merchantSearchHint}</span>
        <input
          name="search"
          type="search"
          maxLength={64}
          placeholder={w.merchantSearchHint}
          autocomplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        {w.search}
      </button>
    </form>
  )
}

function NameLink({ wallet_id, name_zh, name_en }: Merchant) {
  const name = language.value === 'zh' ? (name_zh ?? name_en) : (name_en ?? name_zh)
  if (name === undefined) return <span class="soft">{words.value.unnamed}</span>
  return <a href={hrefOf(`/merchants/${wallet_id}`)}>{name}</a>
}

/** All merchants, or those that somebody looks for. */
export function MerchantsPage() {
  const w = words.value
  const search = place.value.query.get('search') ?? ''
  const query = new URLSearchParams({ limit: '50', ...(search === '' ? {} : { search }) })
  const list = usePages<Merchant, Page>(`/v1/merchants?${query}`, ({ merchants }) => merchants)
  return (
    <>
      <PageHead title={w.merchants} about={w.merchantAbout} />
      <Card>
        <SearchForm />
      </Card>
      <Card title={w.merchants}>
        {list.problem === undefined ? null : <Failed problem={list.problem} retry={list.reload} />}
        {list.items === undefined && list.problem === undefined ? <Loading /> : null}
        {list.items?.length === 0 ? <Empty>{search === '' ? w.noMerchants : w.noMerchantFits}</Empty> : null}
        {list.items !== undefined && list.items.length > 0 ? (
          <Table
            caption={w.merchants}
            rows={list.items}
            keyOf={({ wallet_id }) => wallet_id}
            columns={[
              { head: w.name, cell: (one) => <NameLink {...one} /> },
              { head: w.wallet, cell: ({ wallet_id }) => <WalletLink id={wallet_id} /> },
              { head: w.status, cell: ({ status }) => <Badge of={status} /> },
              { head: w.standing, cell: ({ standing }) => <StandingBadge of={standing} /> },
              { head: w.contact, cell: ({ contact }) => contact ?? <span class="soft">—</span> },
              { head: w.institution, right: true, cell: ({ institution }) => institution },
              { head: w.profileChanged, cell: ({ changed_at }) => <Time of={changed_at} /> },
            ]}
          />
        ) : null}
        <More {...list} label={w.further} />
      </Card>
    </>
  )
}
