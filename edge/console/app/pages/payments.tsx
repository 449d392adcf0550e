import { useState } from 'preact/hooks'
import {
  Badge,
  Card,
  type Column,
  Empty,
  Failed,
  Loading,
  Money,
  More,
  PageHead,
  type Place,
  Position,
  Table,
  Time,
  WalletLink,
} from '../parts/parts.tsx'
import { usePages } from '../parts/useRead.ts'
import { go, hrefOf, place } from '../router.ts'
import { words } from '../words/words.ts'

export type Payment = {
  payment_id: string
  payer_wallet: string
  payee_wallet: string
  amount: string
  status: string
  reason?: string
  executed_at?: string
  position?: Place
}
type Page = { payments: Payment[]; next_cursor: string | null }

const idPattern = /^([0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]\d{9,30})$/
const walletPattern = /^[WM][1-9]\d{0,15}$/
const fields = ['q', 'from', 'to', 'amount_min', 'amount_max', 'outcome'] as const

/** What was typed is an id, a wallet or else an order number. */
function queryOf(asked: URLSearchParams): string {
  const query = new URLSearchParams()
  const text = asked.get('q')?.trim() ?? ''
  if (walletPattern.test(text)) query.set('wallet_id', text)
  else if (idPattern.test(text)) query.set('payment_id', text)
  else if (text !== '') query.set('order_no', text)
  for (const name of ['from', 'to'] as const) {
    const value = asked.get(name)
    if (value) query.set(name, new Date(value).toISOString())
  }
  for (const name of ['amount_min', 'amount_max', 'outcome'] as const) {
    const value = asked.get(name)
    if (value) query.set(name, value)
  }
  return query.toString()
}

export function paymentColumns(): Column<Payment>[] {
  const w = words.value
  return [
    { head: w.time, cell: ({ executed_at }) => <Time of={executed_at} /> },
    {
      head: w.payment,
      cell: ({ payment_id, payer_wallet }) => (
        <a class="id" href={hrefOf(`/payments/${payer_wallet}/${payment_id}`)}>
          {payment_id}
        </a>
      ),
    },
    { head: w.payer, cell: ({ payer_wallet }) => <WalletLink id={payer_wallet} /> },
    { head: w.payee, cell: ({ payee_wallet }) => <WalletLink id={payee_wallet} /> },
    { head: w.amount, right: true, cell: ({ amount }) => <Money of={amount} /> },
    {
      head: w.status,
      cell: ({ status, reason }) => (
        <>
          <Badge of={status} /> {reason === undefined ? null : <code>{reason}</code>}
        </>
      ),
    },
    { head: w.position, cell: ({ position }) => <Position of={position} /> },
  ]
}

function SearchForm() {
  const w = words.value
  const asked = place.value.query
  const [values, setValues] = useState(Object.fromEntries(fields.map((name) => [name, asked.get(name) ?? ''])))
  const set = (name: string) => (event: { currentTarget: { value: string } }) =>
    setValues({ ...values, [name]: event.currentTarget.value })
  const submit = (event: Event): void => {
    event.preventDefault()
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''))
    go(`/payments${query.size === 0 ? '' : `?${query}`}`)
  }
  const field = (
    name: (typeof fields)[number],
    label: string,
    type: 'search' | 'text' | 'datetime-local',
    more: object = {},
  ) => (
    <label>
      <span>{label}</span>
      <input name={name} type={type as 'text'} value={values[name] ?? ''} onInput={set(name)} {...more} />
    </label>
  )
  return (
    <form class="search" onSubmit={submit}>
      <div class="wide-field">{field('q', w.search, 'search', { placeholder: w.searchHint, autocomplete: 'off' })}</div>
      {field('from', w.from, 'datetime-local', { step: 1 })}
      {field('to', w.to, 'datetime-local', { step: 1 })}
      {field('amount_min', w.amountFrom, 'text', { inputmode: 'decimal', placeholder: '0.00' })}
      {field('amount_max', w.amountTo, 'text', { inputmode: 'decimal', placeholder: '0.00' })}
      <label>
        <span>{w.outcome}</span>
        <select name="outcome" value={values.outcome} onChange={set('outcome')}>
          <option value="">{w.any}</option>
          <option value="accepted">{w.accepted}</option>
          <option value="refused">{w.refused}</option>
        </select>
      </label>
      <div class="actions">
        <button type="submit" class="primary">
          {w.search}
        </button>
        <a class="button quiet" href={hrefOf('/payments')}>
          {w.clear}
        </a>
      </div>
    </form>
  )
}

export function PaymentsPage() {
  const w = words.value
  const query = queryOf(place.value.query)
  const list = usePages<Payment, Page>(`/v1/payments${query === '' ? '' : `?${query}`}`, ({ payments }) => payments)
  return (
    <>
      <PageHead title={w.payments} about={w.searchAbout} />
      <Card>
        <SearchForm />
      </Card>
      <Card title={w.payments}>
        {list.problem === undefined ? null : <Failed problem={list.problem} retry={list.reload} />}
        {list.items === undefined && list.problem === undefined ? <Loading /> : null}
        {list.items?.length === 0 ? <Empty>{w.noPayments}</Empty> : null}
        {list.items !== undefined && list.items.length > 0 ? (
          <Table
            caption={w.payments}
            columns={paymentColumns()}
            rows={list.items}
            keyOf={(one) => one.payer_wallet + one.payment_id}
          />
        ) : null}
        <More {...list} />
      </Card>
    </>
  )
}
