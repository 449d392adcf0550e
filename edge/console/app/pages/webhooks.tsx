import { ActButton } from '../parts/actButton.tsx'
import { LookUp } from '../parts/lookUp.tsx'
import {
  Badge,
  Card,
  type Column,
  Empty,
  Facts,
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
import { usePages, useRead } from '../parts/useRead.ts'
import { hrefOf } from '../router.ts'
import { wordOf, words } from '../words/words.ts'

type Delivery = {
  replay: number
  attempt: number
  at: string
  url: string
  status: number
  error?: string
  duration_ms: number
  response: string
}
type Webhook = {
  webhook_id: string
  wallet_id: string
  type: string
  order_no: string
  happened_at: string
  status: string
  attempts: number
  next_attempt_at?: string
  position: Place
  body?: string
  deliveries?: Delivery[]
}
type Page = { webhooks: Webhook[]; next_cursor: string | null }

const tones: Readonly<Record<string, 'good' | 'warn' | 'bad'>> = { delivered: 'good', pending: 'warn', dead: 'bad' }
/** What was asked for again is due at once: so often it is looked at anew. */
const againMs = 2_000

const State = ({ of }: { of: string }) => <Badge of={of} text={wordOf('webhook', of)} tone={tones[of] ?? 'plain'} />

function columns(): Column<Webhook>[] {
  const w = words.value
  return [
    { head: w.time, cell: ({ happened_at }) => <Time of={happened_at} /> },
    {
      head: w.event,
      cell: ({ type, wallet_id, webhook_id }) => <a href={hrefOf(`/webhooks/${wallet_id}/${webhook_id}`)}>{type}</a>,
    },
    { head: w.merchants, cell: ({ wallet_id }) => <WalletLink id={wallet_id} /> },
    { head: w.orderNo, cell: ({ order_no }) => <code class="id">{order_no}</code> },
    { head: w.status, cell: ({ status }) => <State of={status} /> },
    { head: w.tries, right: true, cell: ({ attempts }) => attempts },
    { head: w.nextTry, cell: ({ next_attempt_at }) => <Time of={next_attempt_at} /> },
    { head: w.position, cell: ({ position }) => <Position of={position} /> },
  ]
}

/** @param path of a list of them */
export function WebhookList({ path, none }: { path: string; none: string }) {
  const list = usePages<Webhook, Page>(path, ({ webhooks }) => webhooks)
  if (list.problem !== undefined) return <Failed problem={list.problem} retry={list.reload} />
  if (list.items === undefined) return <Loading />
  if (list.items.length === 0) return <Empty>{none}</Empty>
  const name = words.value.webhooks
  return (
    <>
      <Table caption={name} columns={columns()} rows={list.items} keyOf={({ webhook_id }) => webhook_id} />
      <More {...list} />
    </>
  )
}

function DeliveryItem({ at, url, status, error, duration_ms, response, replay, attempt }: Delivery) {
  return (
    <li class={`step ${status >= 200 && status < 300 ? 'credited' : 'refused'}`}>
      <div class="step-head">
        <b>{status === 0 ? (error ?? '—') : `HTTP ${status}`}</b>
        <span class="soft">{duration_ms} ms</span>
      </div>
      <p>
        <Time of={at} />
        <code class="position">
          {replay}.{attempt}
        </code>
        <code>{url}</code>
      </p>
      {response === '' ? null : <pre>{response}</pre>}
    </li>
  )
}

function WebhookPage({ wallet, id }: { wallet: string; id: string }) {
  const w = words.value
  const path = `/v1/merchants/${wallet}/webhooks/${id}`
  const { data, problem, reload } = useRead<Webhook>(path, againMs)
  const about = { title: w.replay, about: w.replayAbout, path: `${path}/replay`, danger: false }
  return (
    <>
      <PageHead title={data?.type ?? w.webhooks} about={id}>
        <ActButton by="operator" plan={{ ...about, withoutReason: true }} onDone={reload} />
      </PageHead>
      {problem === undefined ? null : <Failed problem={problem} retry={reload} />}
      {data === undefined && problem === undefined ? <Loading /> : null}
      {data === undefined ? null : (
        <div class="grid side-by-side">
          <Card>
            <p class="headline">
              <State of={data.status} />
            </p>
            <Facts
              of={[
                [w.merchants, <WalletLink key="merchant" id={data.wallet_id} />],
                [w.orderNo, <code key="order">{data.order_no}</code>],
                [w.time, <Time key="time" of={data.happened_at} />],
                [w.tries, data.attempts],
                [w.nextTry, <Time key="next" of={data.next_attempt_at} />],
                [w.position, <Position key="position" of={data.position} />],
              ]}
            />
            <h3>{w.sent}</h3>
            <pre>{data.body}</pre>
          </Card>
          <Card title={w.deliveries}>
            {data.deliveries?.length === 0 ? <Empty>{w.noDeliveries}</Empty> : null}
            <ol class="steps">
              {data.deliveries?.map((one) => (
                <DeliveryItem key={`${one.replay}.${one.attempt}`} {...one} />
              ))}
            </ol>
          </Card>
        </div>
      )}
    </>
  )
}

export function WebhooksPage({ wallet, id }: { wallet: string | undefined; id: string | undefined }) {
  const w = words.value
  if (wallet !== undefined && id !== undefined) return <WebhookPage wallet={wallet} id={id} />
  return (
    <>
      <PageHead title={w.webhooks} about={w.webhooksAbout} />
      <Card>
        <LookUp folder="merchants" letter="M" hint={w.merchantHint} />
      </Card>
      <Card title={w.deadOnes}>
        <WebhookList path="/v1/webhooks/dead" none={w.noDead} />
      </Card>
    </>
  )
}
