import { Card, Failed, Loading, Money, PageHead, Table, Time } from '../parts/parts.tsx'
import { useRead } from '../parts/useRead.ts'
import { words } from '../words/words.ts'

type Class = { class: number; effective_at: string } & Record<'balance' | 'single' | 'day' | 'year', string | null>
type Risk = {
  level: number
  effective_at: string
  percent: number
  recharges_per_day_max: number
  payments_per_day_max: number
}
type Limits = { classes: Class[]; risk_levels: Risk[]; refund_periods: { days: number; effective_at: string }[] }

function Amount({ of }: { of: string | null }) {
  return of === null ? <span class="soft">{words.value.unlimited}</span> : <Money of={of} />
}

/** Every version there was, newest first: what was in force stays to be read. */
const newestFirst = <T extends { effective_at: string }>(rows: readonly T[], keyOf: (row: T) => number): T[] =>
  rows.toSorted((a, b) => keyOf(a) - keyOf(b) || b.effective_at.localeCompare(a.effective_at))

/** Rules that hold from the beginning have no date to speak of. */
const Since = ({ of }: { of: string }) => (of.startsWith('1970-01-01') ? <span class="soft">—</span> : <Time of={of} />)

export function LimitsPage() {
  const w = words.value
  const { data, problem, reload } = useRead<Limits>('/v1/limits')
  return (
    <>
      <PageHead title={w.limits} about={w.limitsAbout} />
      {problem === undefined ? null : <Failed problem={problem} retry={reload} />}
      {data === undefined && problem === undefined ? <Loading /> : null}
      {data === undefined ? null : (
        <>
          <Card title={w.classes}>
            <Table
              caption={w.classes}
              rows={newestFirst(data.classes, (one) => one.class)}
              keyOf={(one) => `${one.class}.${one.effective_at}`}
              columns={[
                { head: w.class, cell: (one) => <b>{one.class}</b> },
                { head: w.effective, cell: (one) => <Since of={one.effective_at} /> },
                { head: w.balanceLimit, right: true, cell: (one) => <Amount of={one.balance} /> },
                { head: w.singleLimit, right: true, cell: (one) => <Amount of={one.single} /> },
                { head: w.dayLimit, right: true, cell: (one) => <Amount of={one.day} /> },
                { head: w.yearLimit, right: true, cell: (one) => <Amount of={one.year} /> },
              ]}
            />
          </Card>
          <Card title={w.riskLevels}>
            <Table
              caption={w.riskLevels}
              rows={newestFirst(data.risk_levels, (one) => one.level)}
              keyOf={(one) => `${one.level}.${one.effective_at}`}
              columns={[
                { head: w.riskLevel, cell: (one) => <b>{one.level}</b> },
                { head: w.effective, cell: (one) => <Since of={one.effective_at} /> },
                { head: w.percent, right: true, cell: (one) => `${one.percent} %` },
                { head: w.rechargesPerDay, right: true, cell: (one) => one.recharges_per_day_max.toLocaleString() },
                { head: w.paymentsPerDay, right: true, cell: (one) => one.payments_per_day_max.toLocaleString() },
              ]}
            />
          </Card>
          <Card title={w.refundPeriod}>
            <Table
              caption={w.refundPeriod}
              rows={newestFirst(data.refund_periods, () => 0)}
              keyOf={(one) => one.effective_at}
              columns={[
                { head: w.refundPeriod, cell: (one) => `${one.days} ${w.days}` },
                { head: w.effective, cell: (one) => <Since of={one.effective_at} /> },
              ]}
            />
          </Card>
        </>
      )}
    </>
  )
}
