import type postgres from 'postgres'
import type { JournalProposal, JournalStanding } from './journal.ts'

type ProposalRow = {
  id: Uint8Array
  proposer: number
  op: number
  change: Uint8Array
  content: string
  opened: bigint
  expires: bigint
  seq: bigint
  index: number
  agreed: number | null
  decider: number | null
  decided: bigint | null
}

/** Proposals, newest first. Of two decisions about one the first counts: the ledger refuses the other. */
export async function selectProposals(
  sql: postgres.Sql,
  before: { seq: number; index: number },
  count: number,
): Promise<JournalProposal[]> {
  const rows = await sql<ProposalRow[]>`
    select p.id, p.proposer, p.op, p.change, p.content, p.opened_ms as opened, p.expires_ms as expires, p.seq, p.index,
      d.agreed, d.decider, d.decided_ms as decided
    from proposals p left join proposal_decisions d on d.proposal = p.id
    where (p.seq, p.index) < (${before.seq}, ${before.index}) order by p.seq desc, p.index desc limit ${count}`
  return rows.map(({ id, proposer, op, change, content, opened, expires, seq, index, agreed, decider, decided }) => ({
    id,
    proposer,
    op,
    change,
    content,
    openedMs: Number(opened),
    expiresMs: Number(expires),
    seq: Number(seq),
    index,
    decided:
      decider === null ? undefined : { agreed: agreed === 1, decider: Number(decider), decidedMs: Number(decided) },
  }))
}

type StandingRow = {
  standing: number
  reason: number
  principal: number
  shard: number
  seq: bigint
  index: number
  time: bigint
}

/** How a wallet's standing was changed, newest first. */
export async function selectStandings(sql: postgres.Sql, wallet: number, count: number): Promise<JournalStanding[]> {
  const rows = await sql<StandingRow[]>`
    select standing, reason, principal, shard, seq, index, changed_ms as time from standings
    where wallet = ${wallet} order by seq desc, index desc limit ${count}`
  return rows.map(({ standing, reason, principal, shard, seq, index, time }) => ({
    standing,
    reason,
    principal,
    executed: { shard, seq: Number(seq), index, timeMs: Number(time) },
  }))
}
