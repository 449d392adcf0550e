import { ActButton } from '../parts/actButton.tsx'
import { Badge, Card, Empty, Failed, Loading, More, PageHead, Time } from '../parts/parts.tsx'
import { usePages } from '../parts/useRead.ts'
import { wordOf, words } from '../words/words.ts'

type Proposal = {
  proposal_id: string
  change: string
  status: 'open' | 'done' | 'given-up' | 'expired'
  reason: string
  proposed_by: string
  opened_at: string
  expires_at: string
  decided_by?: string
  decided_at?: string
  details: { name: string; value: string }[]
}
type Page = { proposals: Proposal[]; next_cursor: string | null }

/** What was just proposed or decided is written down a moment later, and others do it elsewhere. */
const everyMs = 1_500
const tones = { open: 'warn', done: 'good', 'given-up': 'plain', expired: 'plain' } as const

/** Two people: one proposed it, another decides. */
function Decision({ proposal, onDone }: { proposal: Proposal; onDone: () => void }) {
  const w = words.value
  const path = `/v1/proposals/${proposal.proposal_id}`
  const title = wordOf('change', proposal.change)
  return (
    <div class="actions">
      <ActButton
        by="approver"
        tone="quiet"
        plan={{ title: w.reject, about: `${title}. ${w.rejectAbout}`, path: `${path}/reject`, danger: true }}
        onDone={onDone}
      />
      <ActButton
        by="approver"
        plan={{ title: w.approve, about: `${title}. ${w.approveAbout}`, path: `${path}/approve`, danger: false }}
        onDone={onDone}
      />
    </div>
  )
}

function ProposalItem({ proposal, onDone }: { proposal: Proposal; onDone: () => void }) {
  const w = words.value
  const { change, status, details, reason, proposed_by, opened_at, expires_at, decided_by, decided_at } = proposal
  return (
    <article class="proposal">
      <header>
        <h2>{wordOf('change', change)}</h2>
        <Badge of={status} text={wordOf('proposal', status)} tone={tones[status]} />
      </header>
      <p class="details">
        {details.map(({ name, value }) => (
          <span key={name}>
            <i>{name}</i> <b>{value.length > 40 ? `${value.slice(0, 12)}…` : value}</b>
          </span>
        ))}
      </p>
      <p class="quote">{reason}</p>
      <footer>
        <p>
          <code>{proposed_by}</code> <Time of={opened_at} />
          {decided_by === undefined ? (
            <span>
              {w.expires} <Time of={expires_at} />
            </span>
          ) : (
            <span>
              {w.decided} <code>{decided_by}</code> <Time of={decided_at} />
            </span>
          )}
        </p>
        {status === 'open' ? <Decision proposal={proposal} onDone={onDone} /> : null}
      </footer>
    </article>
  )
}

export function ProposalsPage() {
  const w = words.value
  const list = usePages<Proposal, Page>('/v1/proposals?limit=20', ({ proposals }) => proposals, everyMs)
  return (
    <>
      <PageHead title={w.proposals} about={w.proposalsAbout} />
      <Card>
        {list.problem === undefined ? null : <Failed problem={list.problem} retry={list.reload} />}
        {list.items === undefined && list.problem === undefined ? <Loading /> : null}
        {list.items?.length === 0 ? <Empty>{w.noProposals}</Empty> : null}
        {list.items?.map((one) => (
          <ProposalItem key={one.proposal_id} proposal={one} onDone={list.reload} />
        ))}
        <More {...list} />
      </Card>
    </>
  )
}
