import { readRecord } from '../ledger/layout.ts'
import { readChange } from '../ledger/proposals.ts'
import { commandOps, commandRecords } from '../ledger/records.ts'
import { changeBytes } from '../ledger/riskRecords.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { escaped, hex } from './copyText.ts'
import type { ShardRows } from './shardRows.ts'

/** Proposals are the same in every shard: what the first one says of them is written down. */
const writtenShard = 0

const bytea = (bytes: Uint8Array): string => `\\\\x${hex(bytes, 0, bytes.length)}`
const line = (...cells: (string | number)[]): string => `${cells.join('\t')}\n`

/** What an accepted command about risk leaves behind. */
export function addRisk(rows: ShardRows, state: State, applied: Applied, i: number, at: number, name: string): void {
  if (name === 'standingPut') {
    const command = readRecord(commandRecords.standingPut, applied.frame.view, at)
    addStanding(rows, state, applied, i, command)
  } else if (name === 'proposalOpen' && rows.shard === writtenShard) addProposal(rows, state, applied, i, at)
  else if (name === 'proposalDecide') addDecision(rows, state, applied, i, at)
}

type Standing = { wallet: number; standing: number; reason: number; principal: number }

function addStanding(rows: ShardRows, state: State, { entry }: Applied, i: number, command: Standing): void {
  const { wallet, standing, reason, principal } = command
  rows.standings.push(line(rows.shard, entry.seq, i, wallet, standing, reason, principal, state.logTimeMs))
}

function addProposal(rows: ShardRows, state: State, { frame, entry }: Applied, i: number, at: number): void {
  const record = commandRecords.proposalOpen
  const { id, principal, changeOp, change, expiresMs, textLength } = readRecord(record, frame.view, at)
  const text = new TextDecoder().decode(frame.u8.subarray(at + record.size, at + record.size + textLength))
  // PostgreSQL's text holds no zero byte.
  const content = escaped(text.replaceAll('\0', ''))
  const cells = [bytea(id), principal, changeOp, bytea(change), content, state.logTimeMs, expiresMs]
  rows.proposals.push(line(rows.shard, entry.seq, i, ...cells))
}

/** Who agreed to a proposal or gave it up; and what it was about, when that is a payee of this shard. */
function addDecision(rows: ShardRows, state: State, applied: Applied, i: number, at: number): void {
  const { frame, entry, out } = applied
  const command = readRecord(commandRecords.proposalDecide, frame.view, at)
  const { proposal, agreed, principal } = command
  if (rows.shard === writtenShard) {
    rows.decisions.push(line(rows.shard, entry.seq, i, bytea(proposal), agreed, principal, state.logTimeMs))
  }
  const { op, change } = state.proposals.at
  const row = out.value[i]!
  if (agreed !== 1 || op[row] !== commandOps.standingPut) return
  const done = readChange('standingPut', change, row * changeBytes, command) as unknown as Standing
  if (state.shardOf(done.wallet) === rows.shard) addStanding(rows, state, applied, i, done)
}
