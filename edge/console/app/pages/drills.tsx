import { Badge, Card, Empty, Facts, Failed, Loading, Money, PageHead, Table, Time } from '../parts/parts.tsx'
import { useRead } from '../parts/useRead.ts'
import { hrefOf } from '../router.ts'
import { wordOf, words } from '../words/words.ts'

type Drill = {
  name: string
  drill: string
  verdict: string
  ended_at: string
  seconds: number | null
  rto_ms: number | null
  after_word_ms: number | null
  rpo_payments: number | null
  rpo_amount: string | null
  doubled: number | null
  answered: number | null
  difference: string | null
}
type Report = Drill & {
  checks: { name: string; verdict: string; detail: string }[]
  figures: { name: string; value: string }[]
  notes: string[]
}

const none = <span class="soft">—</span>
const Verdict = ({ of }: { of: string }) => <Badge of={of} text={wordOf('drill', of)} />
const count = (n: number | null) => (n === null ? none : n.toLocaleString())
const seconds = (ms: number | null) => (ms === null ? none : `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`)

/** What was acknowledged and is lost: the payments, and their sum where there are any. */
function Lost({ of }: { of: Drill }) {
  if (of.rpo_payments === null) return none
  return (
    <>
      {of.rpo_payments.toLocaleString()} {of.rpo_payments === 0 ? null : <Money of={of.rpo_amount} />}
    </>
  )
}

/** What drills have shown, newest first. */
export function DrillsPage() {
  const w = words.value
  const { data, problem, reload } = useRead<{ drills: Drill[] }>('/v1/drills')
  return (
    <>
      <PageHead title={w.drills} about={w.drillsAbout} />
      <Card>
        {problem === undefined ? null : <Failed problem={problem} retry={reload} />}
        {data === undefined && problem === undefined ? <Loading /> : null}
        {data?.drills.length === 0 ? <Empty>{w.noDrills}</Empty> : null}
        {data !== undefined && data.drills.length > 0 ? (
          <Table
            caption={w.drills}
            rows={data.drills}
            keyOf={({ name }) => name}
            columns={[
              { head: w.drill, cell: ({ name, drill }) => <a href={hrefOf(`/drills/${name}`)}>{drill}</a> },
              { head: w.verdict, cell: ({ verdict }) => <Verdict of={verdict} /> },
              { head: w.ended, cell: ({ ended_at }) => <Time of={ended_at} /> },
              { head: w.rto, right: true, cell: ({ rto_ms }) => seconds(rto_ms) },
              { head: w.rpo, right: true, cell: (one) => <Lost of={one} /> },
              { head: w.difference, right: true, cell: ({ difference }) => <Money of={difference} /> },
              { head: w.answered, right: true, cell: ({ answered }) => count(answered) },
            ]}
          />
        ) : null}
      </Card>
    </>
  )
}

function ReportCards({ of }: { of: Report }) {
  const w = words.value
  return (
    <>
      <Card>
        <Facts
          inRow
          of={[
            [w.verdict, <Verdict key="verdict" of={of.verdict} />],
            [w.ended, <Time key="ended" of={of.ended_at} />],
            [w.rto, seconds(of.rto_ms)],
            [w.afterWord, seconds(of.after_word_ms)],
            [w.rpo, <Lost key="rpo" of={of} />],
            [w.doubled, count(of.doubled)],
            [w.difference, <Money key="difference" of={of.difference} />],
            [w.answered, count(of.answered)],
          ]}
        />
      </Card>
      <Card title={w.checks}>
        <Table
          caption={w.checks}
          rows={of.checks}
          keyOf={({ name }) => name}
          columns={[
            { head: w.verdict, cell: ({ verdict }) => <Verdict of={verdict} /> },
            { head: w.check, cell: ({ name }) => <span class="check">{name}</span> },
            { head: w.found, wide: true, cell: ({ detail }) => detail },
          ]}
        />
      </Card>
      <Card title={w.figures}>
        <dl class="figures">
          {of.figures.map(({ name, value }) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
              </dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <div class="notes">
          {of.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </div>
      </Card>
    </>
  )
}

/** One drill, and the way to the page that it wrote. */
export function DrillPage({ name }: { name: string }) {
  const w = words.value
  const { data, problem, reload } = useRead<Report>(`/v1/drills/${encodeURIComponent(name)}`)
  return (
    <>
      <PageHead title={data?.drill ?? w.drill} about={w.drillAbout}>
        {data === undefined ? null : (
          <a class="button primary" href={hrefOf(`/reports/${name}`)} target="_blank" rel="noopener noreferrer">
            {w.openReport}
          </a>
        )}
      </PageHead>
      {problem === undefined ? null : <Failed problem={problem} retry={reload} />}
      {data === undefined && problem === undefined ? <Loading /> : null}
      {data === undefined ? null : <ReportCards of={data} />}
    </>
  )
}
