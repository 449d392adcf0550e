import { useState } from 'preact/hooks'
import { Badge, Card, Empty, Facts, Failed, Loading, Money, More, PageHead, Table, Time } from '../parts/parts.tsx'
import { usePages, useRead } from '../parts/useRead.ts'
import { hrefOf } from '../router.ts'
import { language, words } from '../words/words.ts'
import { Acts } from './audit.tsx'
import { StandingPart } from './standing.tsx'
import { Entries, type Wallet, WalletActs, WalletCards } from './wallet.tsx'
import { WebhookList } from './webhooks.tsx'

type Merchant = { name_zh?: string; name_en?: string; contact?: string; callback_url?: string; changed_at?: string }
type Order = {
  order_no: string
  status: string
  amount: string
  refunded: string
  created_at: string
  expires_at: string
  payer_wallet?: string
  payment_id?: string
  description?: string
}
type OrderPage = { orders: Order[]; next_cursor: string | null }

function Profile({ id }: { id: string }) {
  const w = words.value
  const { data, problem, reload } = useRead<Merchant>(`/v1/merchants/${id}`)
  if (problem !== undefined) return <Failed problem={problem} retry={reload} />
  if (data === undefined) return <Loading />
  const { name_zh, name_en, contact, callback_url, changed_at } = data
  if (name_zh === undefined && name_en === undefined) return <Empty>{w.noProfile}</Empty>
  return (
    <Facts
      of={[
        ['中文', name_zh ?? '—'],
        ['English', name_en ?? '—'],
        ['@', contact ?? '—'],
        [w.webhooks, callback_url === undefined ? '—' : <code key="url">{callback_url}</code>],
        [w.time, <Time key="time" of={changed_at} />],
      ]}
    />
  )
}

function Orders({ id }: { id: string }) {
  const w = words.value
  const list = usePages<Order, OrderPage>(`/v1/merchants/${id}/orders?limit=20`, ({ orders }) => orders)
  if (list.problem !== undefined) return <Failed problem={list.problem} retry={list.reload} />
  if (list.items === undefined) return <Loading />
  if (list.items.length === 0) return <Empty>{w.noOrders}</Empty>
  return (
    <>
      <Table
        caption={w.orders}
        rows={list.items}
        keyOf={({ order_no, created_at }) => order_no + created_at}
        columns={[
          { head: w.orderNo, cell: ({ order_no }) => <code class="id">{order_no}</code> },
          { head: w.status, cell: ({ status }) => <Badge of={status} /> },
          { head: w.amount, right: true, cell: ({ amount }) => <Money of={amount} /> },
          { head: w.refunded, right: true, cell: ({ refunded }) => <Money of={refunded} /> },
          { head: w.created, cell: ({ created_at }) => <Time of={created_at} /> },
          { head: w.expires, cell: ({ expires_at }) => <Time of={expires_at} /> },
          {
            head: w.payment,
            cell: ({ payer_wallet, payment_id }) =>
              payer_wallet === undefined || payment_id === undefined ? (
                <span class="soft">—</span>
              ) : (
                <a class="id" href={hrefOf(`/payments/${payer_wallet}/${payment_id}`)}>
                  {payment_id}
                </a>
              ),
          },
        ]}
      />
      <More {...list} />
    </>
  )
}

export function MerchantPage({ id }: { id: string }) {
  const w = words.value
  const { data, problem, reload } = useRead<Wallet>(`/v1/wallets/${id}`)
  const names = useRead<Merchant>(`/v1/merchants/${id}`)
  const [round, setRound] = useState(0)
  const again = (): void => {
    reload()
    setRound((n) => n + 1)
  }
  const name = language.value === 'zh' ? names.data?.name_zh : (names.data?.name_en ?? names.data?.name_zh)
  return (
    <>
      <PageHead title={name ?? id} {...(name === undefined ? {} : { about: id })}>
        {data === undefined ? null : <WalletActs wallet={data} onDone={again} />}
      </PageHead>
      {problem === undefined ? null : <Failed problem={problem} retry={again} />}
      {data === undefined && problem === undefined ? <Loading /> : null}
      {data === undefined ? null : (
        <>
          <WalletCards wallet={data} />
          <Card title={w.profile}>
            <Profile id={id} />
          </Card>
          <Card title={w.orders}>
            <Orders id={id} />
          </Card>
          <Card title={w.webhooks}>
            <WebhookList path={`/v1/merchants/${id}/webhooks?limit=20`} none={w.noWebhooks} />
          </Card>
          <Card title={w.standing}>
            <StandingPart id={id} />
          </Card>
          <Card title={w.entries}>
            <Entries id={id} round={round} />
          </Card>
          <Card title={w.actsOnWallet}>
            <Acts query={`wallet_id=${id}`} round={round} />
          </Card>
        </>
      )}
    </>
  )
}
