import { useEffect, useState } from 'preact/hooks'
import { session } from '../api.ts'
import { ActButton } from '../parts/actButton.tsx'
import { LookUp } from '../parts/lookUp.tsx'
import {
  Badge,
  Card,
  Empty,
  Facts,
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
import { usePages, useRead } from '../parts/useRead.ts'
import { words } from '../words/words.ts'
import { Acts } from './audit.tsx'
import { StandingPart } from './standing.tsx'

/** A linked account's limit is a number where it is whole yuan. */
export type Wallet = {
  user_id: string
  wallet_id: string
  linked_accounts: { link_id: number; account_type: string; account_no: string; balance_limit: string | number }[]
  balance: string
  held: string
  pending_in: string
  class: number
  kind: 'personal' | 'merchant'
  risk_level: number
  status: 'open' | 'frozen' | 'closed'
  institution_id: number
  limits: Record<'balance' | 'single' | 'day' | 'year', string | null> & { day_used: string; year_used: string }
  as_of: Place & { time: string }
}
type Entry = { id: string; kind: string; amount: string; counterparty: string | null; position: Place; time: string }
type EntryPage = { entries: Entry[]; next_cursor: string | null }

/** Only for a bar's length: amounts themselves are shown as the server wrote them. */
const share = (used: string, limit: string): number => Math.min(1, Number(used) / Math.max(0.01, Number(limit)))

function LimitBar({ name, used, limit }: { name: string; used: string | undefined; limit: string | null }) {
  const w = words.value
  const part = used === undefined || limit === null ? undefined : share(used, limit)
  return (
    <div class="limit">
      <dt>{name}</dt>
      <dd>
        {used === undefined ? null : <Money of={used} />}
        {limit === null ? (
          <span class="soft">{w.unlimited}</span>
        ) : (
          <span class="soft">
            {used === undefined ? '' : `${w.of} `}
            <Money of={limit} />
          </span>
        )}
        {part === undefined ? null : (
          <meter min={0} max={1} low={0.8} high={0.95} optimum={0} value={part} aria-label={name} />
        )}
      </dd>
    </div>
  )
}

/** Freezing and unfreezing, for who may; others see that it exists and that it is not theirs. */
export function WalletActs({ wallet, onDone }: { wallet: Wallet; onDone: () => void }) {
  const w = words.value
  const frozen = wallet.status === 'frozen'
  if (wallet.status === 'closed') return null
  const plan = {
    title: frozen ? w.unfreeze : w.freeze,
    about: frozen ? w.unfreezeAbout : w.freezeAbout,
    path: `/v1/wallets/${wallet.wallet_id}/${frozen ? 'unfreeze' : 'freeze'}`,
    danger: !frozen,
  }
  return (
    <>
      {session.value?.role === 'operator' ? null : <small class="soft">{w.viewersOnly}</small>}
      <ActButton key={plan.title} by="operator" plan={plan} onDone={onDone} />
    </>
  )
}

export function WalletCards({ wallet }: { wallet: Wallet }) {
  const w = words.value
  const { limits } = wallet
  return (
    <div class="grid side-by-side">
      <Card>
        <p class="headline">
          <Money of={wallet.balance} />
          <Badge of={wallet.status} />
        </p>
        <Facts
          of={[
            [w.held, <Money key="held" of={wallet.held} />],
            [w.pendingIn, <Money key="pending" of={wallet.pending_in} />],
            [w.user, <code key="user">{wallet.user_id}</code>],
            [w.kind, wallet.kind === 'merchant' ? w.kind_merchant : w.kind_personal],
            [w.class, wallet.class],
            [w.riskLevel, wallet.risk_level],
            [w.institution, wallet.institution_id],
            [w.position, <Position key="position" of={wallet.as_of} />],
          ]}
        />
      </Card>
      <Card title={w.limitsAndUse}>
        <dl class="limits">
          <LimitBar name={w.balanceLimit} used={wallet.balance} limit={limits.balance} />
          <LimitBar name={w.dayLimit} used={limits.day_used} limit={limits.day} />
          <LimitBar name={w.yearLimit} used={limits.year_used} limit={limits.year} />
          <LimitBar name={w.singleLimit} used={undefined} limit={limits.single} />
        </dl>
        <h3>{w.accounts}</h3>
        {wallet.linked_accounts.length === 0 ? <Empty>{w.noAccounts}</Empty> : null}
        <ul class="plain">
          {wallet.linked_accounts.map(({ link_id, account_no, balance_limit }) => (
            <li key={link_id}>
              <code>{account_no}</code>
              <Money of={typeof balance_limit === 'number' ? `${balance_limit}.00` : balance_limit} />
            </li>
          ))}
        </ul>
      </Card>
    </div>
  )
}

export function Entries({ id, round }: { id: string; round: number }) {
  const w = words.value
  const list = usePages<Entry, EntryPage>(`/v1/wallets/${id}/entries?limit=20`, ({ entries }) => entries)
  useEffect(() => (round === 0 ? undefined : list.reload()), [round])
  if (list.problem !== undefined) return <Failed problem={list.problem} retry={list.reload} />
  if (list.items === undefined) return <Loading />
  if (list.items.length === 0) return <Empty>{w.noEntries}</Empty>
  return (
    <>
      <Table
        caption={w.entries}
        keyOf={({ position, kind }) => `${position.seq}.${position.index}.${kind}`}
        rows={list.items}
        columns={[
          { head: w.time, cell: ({ time }) => <Time of={time} /> },
          { head: w.kind, cell: ({ kind }) => <code>{kind}</code> },
          {
            head: w.counterparty,
            cell: ({ counterparty }) => (counterparty === null ? w.bank : <WalletLink id={counterparty} />),
          },
          { head: w.amount, right: true, cell: ({ amount }) => <Money of={amount} sign /> },
          { head: w.position, cell: ({ position }) => <Position of={position} /> },
          { head: 'id', cell: ({ id: of }) => <code class="id">{of}</code> },
        ]}
      />
      <More {...list} />
    </>
  )
}

export function WalletPage({ id }: { id: string | undefined }) {
  const w = words.value
  const { data, problem, reload } = useRead<Wallet>(id === undefined ? undefined : `/v1/wallets/${id}`)
  const [round, setRound] = useState(0)
  const again = (): void => {
    reload()
    setRound((n) => n + 1)
  }
  if (id === undefined) {
    return (
      <>
        <PageHead title={w.wallets} about={w.walletAbout} />
        <Card>
          <LookUp folder="wallets" letter="WM" hint={w.walletHint} />
        </Card>
      </>
    )
  }
  return (
    <>
      <PageHead title={id}>{data === undefined ? null : <WalletActs wallet={data} onDone={again} />}</PageHead>
      {problem === undefined ? null : <Failed problem={problem} retry={again} />}
      {data === undefined && problem === undefined ? <Loading /> : null}
      {data === undefined ? null : (
        <>
          <WalletCards wallet={data} />
          <Card title={w.entries}>
            <Entries id={id} round={round} />
          </Card>
          <Card title={w.standing}>
            <StandingPart id={id} />
          </Card>
          <Card title={w.actsOnWallet}>
            <Acts query={`wallet_id=${id}`} round={round} />
          </Card>
        </>
      )}
    </>
  )
}
