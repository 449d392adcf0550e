import { findHoldView } from '../ledger/holdViews.ts'
import { findMandateView } from '../ledger/mandateViews.ts'
import { viewMerchantUser, viewMerchantUsers } from '../ledger/merchantUserViews.ts'
import { viewMerchant } from '../ledger/merchantViews.ts'
import { findOrderView } from '../ledger/orderViews.ts'
import { viewPayout } from '../ledger/payouts.ts'
import { viewProposals } from '../ledger/proposals.ts'
import type { State } from '../ledger/state.ts'
import { findSagaView, viewBatch, viewCommand, viewUser, viewWallet } from '../ledger/views.ts'
import type { PrincipalView, Query, QueryAnswer, QueryResults, TotalsView } from '../log/queries.ts'
import type { Replica } from '../log/replica.ts'

const balancesPerAnswerMax = 20_000

/** Whether the credit of a transit record, or its return, is known here: a property of marks, not of the state. */
export type IsComplete = (destination: number, transit: number) => boolean

/**
 * Reads the state of a shard. Unknown queries are answered with an error, never thrown: they come from outside.
 * @param ageMs for a standby: how long ago it last heard from the owner; absent when the owner itself answers
 */
export function answerQuery(replica: Replica, query: Query, isComplete: IsComplete, ageMs?: number): QueryAnswer {
  const { state } = replica.ledger
  const result = read(replica, state, query, isComplete)
  if (result === undefined) return { ok: false, error: 'query-unknown' }
  const asOf = { shard: replica.shard, seq: replica.seq, timeMs: state.logTimeMs }
  return { ok: true, asOf: ageMs === undefined ? asOf : { ...asOf, ageMs: Math.max(0, Math.round(ageMs)) }, result }
}

function read(
  replica: Replica,
  state: State,
  query: Query,
  isComplete: IsComplete,
): QueryResults[Query['type']] | undefined {
  switch (query.type) {
    case 'wallet':
      return viewWallet(state, query.number) ?? null
    case 'user':
      return viewUser(state, query.number) ?? null
    case 'command':
      return readCommand(state, query.actor, query.id, isComplete)
    case 'batch':
      return readBatch(state, query.institution, query.id, isComplete)
    case 'saga':
      return findSagaView(state, query.wallet, query.id) ?? null
    case 'hold':
      return findHoldView(state, query.wallet, query.id) ?? null
    case 'mandate':
      return findMandateView(state, query.wallet, query.id) ?? null
    case 'order':
      return findOrderView(state, query.wallet, query.orderNo) ?? null
    case 'merchant':
      return viewMerchant(state, query.wallet) ?? null
    case 'merchantUser':
      return viewMerchantUser(state, query.wallet, query.number) ?? null
    case 'merchantUsers':
      return viewMerchantUsers(state, query.wallet)
    case 'payout':
      return viewPayout(state, query.wallet) ?? null
    case 'principals':
      return readPrincipals(state)
    case 'rules':
      return readRules(state)
    case 'riskRules':
      return readRiskRules(state)
    case 'proposals':
      return viewProposals(state)
    case 'totals':
      return readTotals(replica, state)
    case 'balances':
      return readBalances(state, query.fromRow, query.count)
    default:
      return undefined
  }
}

function readCommand(state: State, actor: number, id: Uint8Array, isComplete: IsComplete): QueryResults['command'] {
  const command = viewCommand(state, actor, id)
  if (command === undefined) return null
  const { destination, value } = command
  const left = destination > 0 && destination <= state.genesis.shardCount
  // A payment that came back carries its refusal already: it is as final as one that never left.
  const final = command.refusal !== 'accepted' || destination === 0
  return { ...command, complete: final || (left && isComplete(destination - 1, value)) }
}

function readBatch(state: State, institution: number, id: Uint8Array, isComplete: IsComplete): QueryResults['batch'] {
  const batch = viewBatch(state, institution, id)
  if (batch === undefined) return null
  const complete = batch.transit.every(({ first, count }, d) => count === 0 || isComplete(d, first + count - 1))
  return { ...batch, complete }
}

function readRules({ rules }: State): QueryResults['rules'] {
  const { limits, risk, refunds, recoveries } = rules
  return { limits, risk, refunds, recoveries }
}

function readPrincipals(state: State): PrincipalView[] {
  const { number, role, active, publicKey } = state.principals.at
  return Array.from({ length: state.principals.count }, (_, row) => ({
    number: number[row]!,
    role: role[row]!,
    active: active[row] === 1,
    publicKey: publicKey.slice(row * 32, row * 32 + 32),
  }))
}

function readRiskRules(state: State): QueryResults['riskRules'] {
  const { versions, secondPerson } = state.risk.rules
  return { versions, secondPerson, ruleVersion: state.ruleVersion }
}

function readTotals(replica: Replica, state: State): TotalsView {
  const { books, accounts, wallets } = state
  let pendingIn = 0
  for (let row = 0; row < wallets.count; row++) pendingIn += accounts.pendingIn(row) - accounts.held(row)
  const shards = state.genesis.shardCount
  return {
    wallets: books.wallets + books.held,
    held: books.held,
    walletCount: wallets.count,
    issuance: [...books.issuance],
    redeeming: [...books.redeeming],
    transitOut: [...books.transitOut.subarray(0, shards)],
    transitIn: [...books.transitIn.subarray(0, shards)],
    pendingIn,
    sent: state.lanes.map((lane) => lane.next),
    received: [...state.received.subarray(0, shards)],
    openSagas: state.openSagas.size,
    digest: state.digestText(),
    chain: Buffer.from(replica.chain).toString('hex'),
  }
}

function readBalances(state: State, fromRow: number, count: number): QueryResults['balances'] {
  const end = Math.min(state.wallets.count, fromRow + Math.min(count, balancesPerAnswerMax))
  return {
    numbers: [...state.wallets.at.number.subarray(fromRow, end)],
    balances: Array.from({ length: Math.max(0, end - fromRow) }, (_, n) => state.accounts.balance(fromRow + n)),
  }
}
