import { Badge, Card, Empty, Facts, Failed, Loading, PageHead, Table, Time } from '../parts/parts.tsx'
import { useRead } from '../parts/useRead.ts'
import { wordOf, words } from '../words/words.ts'

type Shard = {
  shard: number
  owner: string | null
  epoch: number | null
  mode: string | null
  role: string | null
  worker: string | null
  seq: number | null
  open_sagas: number | null
  mark_lag: number | null
  mirror_lag: number | null
  peer_heard_ms_ago: number | null
  differs: boolean
  followed_seq: number | null
}
type Region = {
  region: string
  peer: string | null
  time: string
  shards: Shard[]
  processes: { name: string; ready: boolean; detail: string | null }[]
}

const everyMs = 2_000
const none = <span class="soft">—</span>
const count = (n: number | null) => (n === null ? none : n.toLocaleString())

function ShardTable({ shards }: { shards: readonly Shard[] }) {
  const w = words.value
  return (
    <Table
      caption={w.shards}
      rows={shards}
      keyOf={({ shard }) => String(shard)}
      columns={[
        { head: w.shard, cell: ({ shard }) => <b>{shard}</b> },
        {
          head: w.owner,
          cell: ({ owner, role }) => (owner === null ? none : `${owner}${role === null ? '' : ` · ${role}`}`),
        },
        {
          head: w.mode,
          cell: ({ mode, differs }) =>
            differs ? (
              <Badge of="fail" text={w.differs} />
            ) : mode === null ? (
              none
            ) : (
              <Badge of={mode} text={wordOf('mode', mode)} />
            ),
        },
        { head: w.epoch, right: true, cell: ({ epoch }) => count(epoch) },
        { head: w.worker, cell: ({ worker }) => (worker === null ? none : <code>{worker}</code>) },
        { head: w.sequence, right: true, cell: ({ seq }) => count(seq) },
        {
          head: w.journalLag,
          right: true,
          cell: ({ seq, followed_seq }) =>
            seq === null || followed_seq === null ? none : count(Math.max(0, seq - followed_seq)),
        },
        { head: w.markLag, right: true, cell: ({ mark_lag }) => count(mark_lag) },
        { head: w.mirrorLag, right: true, cell: ({ mirror_lag }) => count(mirror_lag) },
        {
          head: w.peerHeard,
          right: true,
          cell: ({ peer_heard_ms_ago: ms }) => (ms === null ? none : `${(ms / 1_000).toFixed(1)} ${w.secondsAgo}`),
        },
      ]}
    />
  )
}

/** The shards, who owns them and how far the others follow; and the processes. */
export function RegionPage() {
  const w = words.value
  const { data, problem, reload } = useRead<Region>('/v1/region', everyMs)
  return (
    <>
      <PageHead title={w.region} />
      {problem === undefined ? null : <Failed problem={problem} retry={reload} />}
      {data === undefined && problem === undefined ? <Loading /> : null}
      {data === undefined ? null : (
        <>
          <Card>
            <Facts
              inRow
              of={[
                [w.region, <b key="region">{data.region}</b>],
                [w.peer, data.peer ?? '—'],
                [w.shards, data.shards.length],
                [w.time, <Time key="time" of={data.time} />],
              ]}
            />
          </Card>
          <Card title={w.shards}>
            <ShardTable shards={data.shards} />
          </Card>
          {data.peer === null ? null : (
            <Card title={w.changeOwner}>
              <p class="soft">{w.changeOwnerAbout}</p>
              <ul class="commands">
                <li>
                  <code>
                    npx jiaozi owners move {'<shard>'} --to {data.peer}
                  </code>
                  <small>{w.ownersMove}</small>
                </li>
                <li>
                  <code>
                    npx jiaozi owners takeover {'<shard>'} --to {data.region}
                  </code>
                  <small>{w.ownersTakeover}</small>
                </li>
              </ul>
            </Card>
          )}
          <Card title={w.processes}>
            {data.processes.length === 0 ? <Empty>{w.noProcesses}</Empty> : null}
            <ul class="processes">
              {data.processes.map(({ name, ready, detail }) => (
                <li key={name}>
                  <code>{name}</code>
                  <Badge of={ready ? 'ready' : 'notReady'} text={ready ? w.ready : w.notReady} />
                  {detail === null ? null : <small>{detail}</small>}
                </li>
              ))}
            </ul>
          </Card>
        </>
      )}
    </>
  )
}
