import { useEffect, useState } from 'preact/hooks'
import {
  Badge,
  Card,
  Empty,
  Failed,
  Loading,
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
import { wordOf, words } from '../words/words.ts'

type Act = {
  operator: string
  act: string
  wallet_id: string | null
  details: { name: string; value: string }[]
  reason: string | null
  outcome: string
  request_id: string
  time: string
  position: Place
}
type Page = { acts: Act[]; next_cursor: string | null }

/** The projector is at most this far behind what was just done. */
const settleMs = 1_500
const acts = [
  'walletStatus',
  'standingPut',
  'proposalOpen',
  'proposalDecide',
  'riskPolicyPut',
  'limitsPut',
  'riskRulePut',
  'refundRulePut',
  'recoveryRulePut',
  'userUpdate',
  'recoveryStop',
  'mandateCancel',
  'holdVoid',
  'principalPut',
  'webhookReplay',
] as const

/** @param round another one reads the list anew, now and once more when what was done has been written down */
export function Acts({ query, round = 0 }: { query: string; round?: number }) {
  const w = words.value
  const list = usePages<Act, Page>(`/v1/audit?${query}`, (page) => page.acts)
  useEffect(() => {
    if (round === 0) return
    list.reload()
    const timer = setTimeout(list.reload, settleMs)
    return () => clearTimeout(timer)
  }, [round])
  if (list.problem !== undefined) return <Failed problem={list.problem} retry={list.reload} />
  if (list.items === undefined) return <Loading />
  if (list.items.length === 0) return <Empty>{w.noActs}</Empty>
  return (
    <>
      <Table
        caption={w.audit}
        rows={list.items}
        keyOf={({ position }) => `${position.shard}.${position.seq}.${position.index}`}
        columns={[
          { head: w.time, cell: ({ time }) => <Time of={time} /> },
          { head: w.operator, cell: ({ operator }) => <code>{operator}</code> },
          {
            head: w.act,
            cell: (one) => (
              <>
                {wordOf('act', one.act)} <WalletLinkOf id={one.wallet_id} />
              </>
            ),
          },
          {
            head: w.details,
            wide: true,
            cell: ({ details }) => (
              <span class="details">
                {details
                  .filter(({ name }) => name !== 'wallet')
                  .map(({ name, value }) => (
                    <span key={name}>
                      <i>{name}</i> {value.length > 40 ? `${value.slice(0, 12)}…` : value}
                    </span>
                  ))}
              </span>
            ),
          },
          { head: w.why, wide: true, cell: ({ reason }) => reason ?? <span class="soft">—</span> },
          {
            head: w.outcome,
            cell: ({ outcome }) =>
              outcome === 'accepted' ? (
                <Badge of="accepted" text={w.accepted} />
              ) : (
                <Badge of="refused" text={outcome} />
              ),
          },
          { head: w.position, cell: ({ position }) => <Position of={position} /> },
        ]}
      />
      <More {...list} />
    </>
  )
}

const WalletLinkOf = ({ id }: { id: string | null }) => (id === null ? null : <WalletLink id={id} />)

export function AuditPage() {
  const w = words.value
  const asked = place.value.query
  const [values, setValues] = useState({
    wallet_id: asked.get('wallet_id') ?? '',
    operator: asked.get('operator') ?? '',
    act: asked.get('act') ?? '',
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value.trim() !== ''))
    go(`/audit${query.size === 0 ? '' : `?${query}`}`)
  }
  const set = (name: keyof typeof values) => (event: { currentTarget: { value: string } }) =>
    setValues({ ...values, [name]: event.currentTarget.value })
  return (
    <>
      <PageHead title={w.audit} />
      <Card>
        <form class="search" onSubmit={submit}>
          <label>
            <span>{w.wallets}</span>
            <input
              name="wallet_id"
              type="search"
              placeholder="W1048576"
              value={values.wallet_id}
              onInput={set('wallet_id')}
            />
          </label>
          <label>
            <span>{w.operator}</span>
            <input
              name="operator"
              type="search"
              inputMode="numeric"
              placeholder="1"
              value={values.operator}
              onInput={set('operator')}
            />
          </label>
          <label>
            <span>{w.act}</span>
            <select name="act" value={values.act} onChange={set('act')}>
              <option value="">{w.any}</option>
              {acts.map((name) => (
                <option key={name} value={name}>
                  {wordOf('act', name)}
                </option>
              ))}
            </select>
          </label>
          <div class="actions">
            <button type="submit" class="primary">
              {w.search}
            </button>
            <a class="button quiet" href={hrefOf('/audit')}>
              {w.clear}
            </a>
          </div>
        </form>
      </Card>
      <Card title={w.audit}>
        <Acts query={asked.toString()} />
      </Card>
    </>
  )
}
