import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { listen } from '../api.ts'
import { Chart } from '../parts/chart.tsx'
import { Card, Empty, Loading, Money, PageHead } from '../parts/parts.tsx'
import { useRead } from '../parts/useRead.ts'
import { words } from '../words/words.ts'

type Second = {
  time: string
  completed: number
  refused: number
  pending: number
  failed: number
  p50_ms: number | null
  p99_ms: number | null
  reasons: Record<string, number>
}
type Shard = { shard: number; commands_per_s: number | null; mark_lag: number | null }
type Event = { seconds: Second[]; shards: Shard[] }
type Moment = Second & { shards: Shard[] }
type Totals = { issuance: string; wallets: string; in_flight: string; redeeming: string }

const secondsShown = 60
const againMs = 2_000
const colors = ['--line-a', '--line-b', '--line-c', '--line-d']

/** The last minute, fed by the stream; it is begun again when it breaks off. */
function useLive(): { moments: readonly Moment[]; broken: boolean } {
  const [moments, setMoments] = useState<readonly Moment[]>([])
  const [broken, setBroken] = useState(false)
  useEffect(() => {
    const ended = new AbortController()
    const take = ({ seconds, shards }: Event): void => {
      setBroken(false)
      setMoments((before) => {
        const known = before.filter(({ time }) => !seconds.some((second) => second.time === time))
        return [...known, ...seconds.map((second) => ({ ...second, shards }))].slice(-secondsShown)
      })
    }
    const go = (): void => {
      listen<Event>('/v1/region/live', ended.signal, take).catch(() => {
        if (ended.signal.aborted) return
        setBroken(true)
        setTimeout(go, againMs)
      })
    }
    go()
    return () => ended.abort()
  }, [])
  return { moments, broken }
}

const total = ({ completed, refused, pending, failed }: Second): number => completed + refused + pending + failed

function Tile({ name, unit, children }: { name: string; unit?: string; children: ComponentChildren }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>
        {children}
        {unit === undefined ? null : <small>{unit}</small>}
      </dd>
    </div>
  )
}

function Tiles({ moments }: { moments: readonly Moment[] }) {
  const w = words.value
  const recent = moments.slice(-5)
  const rate = recent.reduce((sum, one) => sum + total(one), 0) / Math.max(1, recent.length)
  const all = moments.reduce((sum, one) => sum + total(one), 0)
  const refused = moments.reduce((sum, { refused: n }) => sum + n, 0)
  const latest = moments.findLast(({ p50_ms }) => p50_ms !== null)
  const ms = (value: number | null | undefined): string =>
    value == null ? '—' : value < 10 ? value.toFixed(1) : value.toFixed(0)
  return (
    <dl class="tiles">
      <Tile name={w.paymentsPerSecond}>{rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString()}</Tile>
      <Tile name={`${w.latency} · ${w.median}`} unit="ms">
        {ms(latest?.p50_ms)}
      </Tile>
      <Tile name={`${w.latency} · ${w.p99}`} unit="ms">
        {ms(latest?.p99_ms)}
      </Tile>
      <Tile name={`${w.refusedShare} · ${w.lastMinute}`} unit="%">
        {all === 0 ? '—' : ((refused / all) * 100).toFixed(1)}
      </Tile>
    </dl>
  )
}

function Reasons({ moments }: { moments: readonly Moment[] }) {
  const counts = new Map<string, number>()
  for (const { reasons } of moments) {
    for (const [reason, n] of Object.entries(reasons)) counts.set(reason, (counts.get(reason) ?? 0) + n)
  }
  const ranked = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, 6)
  if (ranked.length === 0) return <Empty>{words.value.noRefusals}</Empty>
  return (
    <ol class="ranking">
      {ranked.map(([reason, n]) => (
        <li key={reason}>
          <code>{reason}</code>
          <meter min={0} max={ranked[0]![1]} value={n} aria-label={reason} />
          <b>{n}</b>
        </li>
      ))}
    </ol>
  )
}

function Sums() {
  const { data } = useRead<Totals>('/v1/totals', 5_000)
  const w = words.value
  if (data === undefined) return <Loading />
  return (
    <dl class="sums">
      {[
        [w.issuance, data.issuance],
        [w.inWallets, data.wallets],
        [w.inFlight, data.in_flight],
        [w.redeeming, data.redeeming],
      ].map(([name, amount]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Money of={amount} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

export function LivePage() {
  const { moments, broken } = useLive()
  const w = words.value
  const times = moments.map(({ time }) => Date.parse(time) / 1_000)
  const shards = moments.at(-1)?.shards ?? []
  const line = (label: string, color: string, read: (one: Moment) => number | null, fill = false) => {
    return { label, color, fill, values: moments.map(read) }
  }
  return (
    <>
      <PageHead title={w.live} />
      {broken ? (
        <p class="notice" role="status">
          {w.interrupted}
        </p>
      ) : null}
      <Tiles moments={moments} />
      <div class="grid two">
        <Card title={w.paymentsPerSecond}>
          <Chart
            label={w.paymentsPerSecond}
            times={times}
            lines={[
              line(w.completed, '--line-a', ({ completed }) => completed, true),
              line(w.refused, '--line-b', ({ refused }) => refused),
              line(w.failedOnes, '--line-c', ({ failed }) => failed),
            ]}
          />
        </Card>
        <Card title={w.latencyMs}>
          <Chart
            label={w.latencyMs}
            times={times}
            lines={[
              line(w.median, '--line-a', ({ p50_ms }) => p50_ms),
              line(w.p99, '--line-d', ({ p99_ms }) => p99_ms),
            ]}
          />
        </Card>
        <Card title={w.commandsPerShard}>
          <Chart
            label={w.commandsPerShard}
            times={times}
            lines={shards.map(({ shard }) =>
              line(
                `${w.shard} ${shard}`,
                colors[shard % colors.length]!,
                (one) => one.shards.find((of) => of.shard === shard)?.commands_per_s ?? null,
              ),
            )}
          />
        </Card>
        <div class="stack">
          <Card title={w.whyRefused}>
            <Reasons moments={moments} />
          </Card>
          <Card title={w.totals}>
            <Sums />
          </Card>
        </div>
      </div>
    </>
  )
}
