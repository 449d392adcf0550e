import {
  isLimits,
  isPrincipal,
  isRecoveryRule,
  isRefundRule,
  isRiskLevel,
  putLimits,
  putPrincipal,
  putRecoveryRule,
  putRefundRule,
  putRiskPolicy,
  putRiskRule,
  putSecondPerson,
  riskRuleOf,
} from './administration.ts'
import { mayOperator } from './authority.ts'
import { type Command, type Execute, type Executed, refuse } from './execution.ts'
import { idClass, idClasses } from './ids.ts'
import { type Layout, readRecord } from './layout.ts'
import { proposalStates, proposalsMax } from './proposalTable.ts'
import { type CommandOp, commandHeadRecord, commandOps, commandRecords, principalRoles } from './records.ts'
import { changeBytes } from './riskRecords.ts'
import { isRiskRule } from './riskRules.ts'
import { isStanding, putStanding, standings } from './standings.ts'
import type { State } from './state.ts'

/** How long somebody may take to agree. */
export const proposalLifeMsMax = 30 * 86_400_000

/** What may be proposed, how it is judged beforehand and how it is done. */
type Change<K extends CommandOp> = { execute: Execute<K>; isSound: (command: Command<K>) => boolean }
const changes = {
  principalPut: { execute: putPrincipal, isSound: isPrincipal },
  limitsPut: { execute: putLimits, isSound: isLimits },
  riskRulePut: { execute: putRiskRule, isSound: isRiskLevel },
  recoveryRulePut: { execute: putRecoveryRule, isSound: isRecoveryRule },
  refundRulePut: { execute: putRefundRule, isSound: isRefundRule },
  riskPolicyPut: { execute: putRiskPolicy, isSound: (command) => isRiskRule(riskRuleOf(command)) },
  standingPut: { execute: putStanding, isSound: isStanding },
  secondPersonPut: { execute: putSecondPerson, isSound: ({ required }) => required <= 1 },
} as const satisfies { [K in CommandOp]?: Change<K> }
export type ChangeOp = keyof typeof changes

const nameByOp = new Map<number, ChangeOp>(
  Object.keys(changes).map((name) => [commandOps[name as ChangeOp], name as ChangeOp]),
)

export function changeNamed(op: number): ChangeOp | undefined {
  return nameByOp.get(op)
}

/**
 * Whether an operator may not do this alone. With fewer than two operators there is nobody to ask.
 * To suspend a payee is urgent and easily undone: that needs nobody.
 */
export function needsSecondPerson(s: State, name: CommandOp, command: object): boolean {
  if (!s.risk.rules.secondPerson || !(name in changes)) return false
  if (name === 'standingPut' && (command as { standing: number }).standing === standings.suspended) return false
  return activeOperators(s) > 1
}

function activeOperators(s: State): number {
  const { role, active } = s.principals.at
  let count = 0
  for (let row = 0; row < s.principals.count; row++) {
    if (role[row] === principalRoles.operator && active[row] === 1) count += 1
  }
  return count
}

/** A command as it is proposed, under the head of another. */
export function readChange(name: ChangeOp, change: Uint8Array, changeAt: number, head: object): Command<ChangeOp> {
  const record = commandRecords[name] as Layout
  const bytes = new Uint8Array(record.size)
  const own = record.size - commandHeadRecord.size
  bytes.set(change.subarray(changeAt, changeAt + own), commandHeadRecord.size)
  const command = readRecord(record, new DataView(bytes.buffer), 0)
  const { fields } = commandHeadRecord
  const signed = Object.entries(head).filter(([field]) => field in fields)
  return { ...command, ...Object.fromEntries(signed) } as Command<ChangeOp>
}

/** An operator proposes a change of rules, which is looked at before anybody is asked to agree. */
export const openProposal: Execute<'proposalOpen'> = (s, command) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const { id, principal, changeOp, change, expiresMs } = command
  const name = changeNamed(changeOp)
  if (name === undefined || idClass(id, 0) !== idClasses.uuid) return refuse('rule-invalid')
  const inTime = Number.isSafeInteger(expiresMs) && expiresMs > s.logTimeMs
  if (!inTime || expiresMs > s.logTimeMs + proposalLifeMsMax) return refuse('expiry-invalid')
  const { isSound } = changes[name] as Change<CommandOp>
  if (!isSound(readChange(name, change, 0, command) as never)) return refuse('rule-invalid')
  if (findProposal(s, id) >= 0) return refuse('id-reused')
  const row = rowForProposal(s)
  if (row < 0) return refuse('proposals-full')
  const table = s.proposals
  if (row < table.count) table.hashRow(s.digest, row, -1)
  else table.count += 1
  table.at.id.set(id, row * 16)
  table.at.proposer[row] = principal
  table.at.op[row] = changeOp
  table.at.state[row] = proposalStates.open
  table.at.expiresMs[row] = expiresMs
  table.at.change.set(change, row * changeBytes)
  table.hashRow(s.digest, row, 1)
  return { refusal: 'accepted', value: row }
}

/** Row of a proposal that is remembered, or -1. */
function findProposal(s: State, id: Uint8Array): number {
  const { id: ids } = s.proposals.at
  for (let row = 0; row < s.proposals.count; row++) {
    let same = true
    for (let i = 0; i < 16 && same; i++) same = ids[row * 16 + i] === id[i]
    if (same) return row
  }
  return -1
}

/** A row that is new, or of which nobody can ask any more: the one that expires first. */
function rowForProposal(s: State): number {
  const { state, expiresMs } = s.proposals.at
  if (s.proposals.count < proposalsMax) return s.proposals.count
  let found = -1
  for (let row = 0; row < proposalsMax; row++) {
    const isOver = state[row] !== proposalStates.open || expiresMs[row]! <= s.logTimeMs
    if (isOver && (found < 0 || expiresMs[row]! < expiresMs[found]!)) found = row
  }
  return found
}

/** Another operator agrees, and the change is made with both their names in the log; or it is given up, by anybody. */
export const decideProposal: Execute<'proposalDecide'> = (s, command, out, place) => {
  const may = mayOperator(s, command)
  if (may !== 'accepted') return refuse(may)
  const row = findProposal(s, command.proposal)
  if (row < 0) return refuse('proposal-unknown')
  const { state, expiresMs, proposer, op, change } = s.proposals.at
  if (state[row] !== proposalStates.open) return refuse('proposal-ended')
  if (s.logTimeMs >= expiresMs[row]!) return refuse('proposal-expired')
  if (command.agreed !== 1) return end(s, row, proposalStates.givenUp)
  if (proposer[row] === command.principal) return refuse('second-person-required')
  if (s.activePrincipal(proposer[row]!, principalRoles.operator) < 0) return refuse('second-person-required')
  const name = changeNamed(op[row]!)!
  const agreed = readChange(name, change, row * changeBytes, command)
  const elsewhere = 'wallet' in agreed && s.shardOf(agreed.wallet) !== s.genesis.shard
  if (!elsewhere) {
    const done = (changes[name].execute as Execute<CommandOp>)(s, agreed as never, out, place)
    if (done.refusal !== 'accepted') return done
  }
  return end(s, row, proposalStates.done)
}

function end(s: State, row: number, state: number): Executed {
  s.proposals.hashRow(s.digest, row, -1)
  s.proposals.at.state[row] = state
  s.proposals.hashRow(s.digest, row, 1)
  return { refusal: 'accepted', value: row }
}

/** A proposal that waits. */
export type ProposalView = { id: Uint8Array; proposer: number; op: number; change: Uint8Array; expiresMs: number }

export function viewProposals(s: State): ProposalView[] {
  const { id, proposer, op, state, expiresMs, change } = s.proposals.at
  const views: ProposalView[] = []
  for (let row = 0; row < s.proposals.count; row++) {
    if (state[row] !== proposalStates.open || expiresMs[row]! <= s.logTimeMs) continue
    views.push({
      id: id.slice(row * 16, row * 16 + 16),
      proposer: proposer[row]!,
      op: op[row]!,
      change: change.slice(row * changeBytes, (row + 1) * changeBytes),
      expiresMs: expiresMs[row]!,
    })
  }
  return views
}
