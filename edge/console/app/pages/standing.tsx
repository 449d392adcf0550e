import { ActButton } from '../parts/actButton.tsx'
import { Badge, Empty, Failed, Loading, type Place, Position, Table, Time } from '../parts/parts.tsx'
import { useRead } from '../parts/useRead.ts'
import { wordOf, words } from '../words/words.ts'

type Change = { standing: string; cause: string; by: string; changed_at: string; position: Place }
type Standing = { standing: string; changes: Change[] }

const causes = ['fraud', 'complaints', 'authority', 'institution', 'resolved', 'other']
const tones: Readonly<Record<string, 'good' | 'warn' | 'bad'>> = { good: 'good', suspended: 'warn', blacklisted: 'bad' }
/** The projector is at most this far behind what was just done. */
const settleMs = 1_200

export const StandingBadge = ({ of }: { of: string }) => (
  <Badge of={of} text={wordOf('standing', of)} tone={tones[of] ?? 'plain'} />
)

/** To suspend is urgent and one person's; anything else is proposed to a second one. */
function Acts({ id, standing, onDone }: { id: string; standing: string; onDone: () => void }) {
  const w = words.value
  const choicesOf = (prefix: string, of: readonly string[]) => of.map((one) => [one, wordOf(prefix, one)] as const)
  const cause = { name: 'cause', label: w.cause, kind: 'choice', choices: choicesOf('cause', causes) } as const
  const others = ['blacklisted', 'good'].filter((one) => one !== standing)
  const to = { name: 'standing', label: w.standing, kind: 'choice', choices: choicesOf('standing', others) } as const
  const suspend = { title: w.suspend, about: w.suspendAbout, path: `/v1/wallets/${id}/standing`, danger: true }
  const propose = { title: w.proposeStanding, about: w.proposeAbout, path: '/v1/proposals', danger: false }
  const because = { ...cause, first: causes[0]! }
  return (
    <div class="actions">
      {standing === 'good' ? (
        <ActButton
          by="operator"
          tone="quiet"
          plan={{ ...suspend, method: 'PUT', body: { standing: 'suspended' }, fields: [because] }}
          onDone={onDone}
        />
      ) : null}
      <ActButton
        by="operator"
        tone="quiet"
        plan={{
          ...propose,
          body: { change: 'standing', wallet_id: id },
          fields: [{ ...to, first: others[0]! }, because],
        }}
        onDone={onDone}
      />
    </div>
  )
}

/** Whether a wallet may be paid, and what was said about that before. */
export function StandingPart({ id }: { id: string }) {
  const w = words.value
  const { data, problem, reload } = useRead<Standing>(`/v1/wallets/${id}/standing`)
  if (problem !== undefined) return <Failed problem={problem} retry={reload} />
  if (data === undefined) return <Loading />
  const again = (): void => {
    reload()
    setTimeout(reload, settleMs)
  }
  return (
    <>
      <div class="standing">
        <StandingBadge of={data.standing} />
        <Acts key={data.standing} id={id} standing={data.standing} onDone={again} />
      </div>
      {data.changes.length === 0 ? (
        <Empty>{w.noStanding}</Empty>
      ) : (
        <Table
          caption={w.standing}
          rows={data.changes}
          keyOf={({ position }) => `${position.seq}.${position.index}`}
          columns={[
            { head: w.time, cell: ({ changed_at }) => <Time of={changed_at} /> },
            { head: w.standing, cell: (one) => <StandingBadge of={one.standing} /> },
            { head: w.cause, cell: (one) => wordOf('cause', one.cause) },
            { head: w.operator, cell: ({ by }) => <code>{by}</code> },
            { head: w.position, cell: ({ position }) => <Position of={position} /> },
          ]}
        />
      )}
    </>
  )
}
