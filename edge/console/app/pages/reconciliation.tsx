import { Badge, Card, Empty, Failed, Loading, Money, PageHead, Time } from '../parts/parts.tsx'
import { useRead } from '../parts/useRead.ts'
import { wordOf, words } from '../words/words.ts'

type Run = {
  ended_at: string
  verdict: string
  difference: string
  figures: { name: string; value: string }[]
  notes: string[]
}

function RunItem({ ended_at, verdict, difference, figures, notes }: Run) {
  const w = words.value
  return (
    <details class="run">
      <summary>
        <Badge of={verdict} text={wordOf('verdict', verdict)} />
        <Time of={ended_at} />
        <span>
          {w.difference} <Money of={difference} />
        </span>
      </summary>
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
      <dl class="figures">
        {figures.map(({ name, value }) => (
          <div key={name}>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

export function ReconciliationPage() {
  const w = words.value
  const { data, problem, reload } = useRead<{ reconciliations: Run[] }>('/v1/reconciliations')
  return (
    <>
      <PageHead title={w.reconciliation} />
      <Card>
        {problem === undefined ? null : <Failed problem={problem} retry={reload} />}
        {data === undefined && problem === undefined ? <Loading /> : null}
        {data?.reconciliations.length === 0 ? <Empty>{w.noRuns}</Empty> : null}
        {data?.reconciliations.map((run) => (
          <RunItem key={run.ended_at} {...run} />
        ))}
      </Card>
    </>
  )
}
