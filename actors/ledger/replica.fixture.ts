import { expect } from 'vitest'
import { Columns, type Section } from './columns.ts'
import type { FrameInput } from './frameInput.ts'
import { Ledger } from './ledger.ts'
import { Outcomes } from './outcomes.ts'
import { State } from './state.ts'
import { sagaKinds } from './stateTables.ts'

/** A snapshot as it lies in storage: no byte of it is shared with the state. */
export function snapshot(state: State): Section[] {
  return state.sections().map(({ name, bytes }) => ({ name, bytes: bytes.slice() }))
}

/** What another process makes of the same log. */
export function replay(log: readonly FrameInput[]): Ledger {
  const out = new Outcomes()
  const [genesis, ...frames] = log
  const ledger = Ledger.fromGenesis(genesis!, out)
  for (const frame of frames) ledger.apply(frame, out)
  return ledger
}

/** What every shard holds is what its rows say, what its snapshot brings back, and what a replay of its log makes. */
export function expectSound({ shards }: { shards: readonly { ledger: Ledger; log: readonly FrameInput[] }[] }): void {
  for (const { ledger, log } of shards) {
    const { state } = ledger
    expect(digestFromScratch(state)).toBe(state.digest.text())
    expect(State.load(snapshot(state)).digestText()).toBe(state.digestText())
    expect(replay(log).state.digestText()).toBe(state.digestText())
  }
}

/** The running digest of the rows, made anew from every row that the state holds. */
export function digestFromScratch(live: State): string {
  const sections = snapshot(live)
  const state = State.load(sections)
  const { digest, ids } = state
  digest.high = 0
  digest.low = 0
  for (const table of [state.wallets, state.users, state.links, state.principals]) {
    for (let row = 0; row < table.count; row++) table.hashRow(digest, row, 1)
  }
  state.accounts.settleAll(digest)
  for (let row = 0; row < state.accounts.count; row++) state.accounts.hashUnderWay(digest, row, 1)
  for (let row = 0; row < state.sagas.count; row++) {
    if (state.sagas.at.kind[row] !== sagaKinds.free) state.sagas.hashRow(digest, row, 1)
  }
  const { code, time, seq, index, value, destination } = ids.columns.at
  for (let n = ids.tail; n < ids.head; n++) {
    const row = n % state.genesis.idsMax
    ids.settle(row, code[row]!, time[row]!, seq[row]!, index[row]!, value[row]!, destination[row]!)
  }
  for (let row = 0; row < state.orders.columns.count; row++) state.orders.columns.hashRow(digest, row, 1)
  for (let row = 0; row < state.holds.columns.count; row++) state.holds.columns.hashRow(digest, row, 1)
  for (let row = 0; row < state.merchants.columns.count; row++) state.merchants.columns.hashRow(digest, row, 1)
  for (let row = 0; row < state.splits.columns.count; row++) state.splits.columns.hashRow(digest, row, 1)
  for (let row = 0; row < state.mandates.columns.count; row++) state.mandates.columns.hashRow(digest, row, 1)
  for (let row = 0; row < state.payouts.columns.count; row++) state.payouts.columns.hashRow(digest, row, 1)
  for (let row = 0; row < state.disputes.columns.count; row++) state.disputes.columns.hashRow(digest, row, 1)
  for (let row = 0; row < state.recoveries.columns.count; row++) state.recoveries.columns.hashRow(digest, row, 1)
  for (let row = 0; row < state.merchantUsers.columns.count; row++) state.merchantUsers.columns.hashRow(digest, row, 1)
  state.risk.hashAll(digest)
  for (let row = 0; row < state.proposals.count; row++) state.proposals.hashRow(digest, row, 1)
  hashDeadlines(state)
  hashDatedIds(state, sections)
  hashBatches(state)
  return digest.text()
}

/** Taking every deadline out takes away what adding them had added. */
function hashDeadlines({ deadlines, digest }: State): void {
  const { high, low } = digest
  digest.high = 0
  digest.low = 0
  while (deadlines.count > 0) deadlines.take()
  digest.high = (high - digest.high) >>> 0
  digest.low = (low - digest.low) >>> 0
}

/** What forgetting every batch takes away from a digest is what remembering them had added. */
function hashBatches({ batches, digest }: State): void {
  const { high, low } = digest
  digest.high = 0
  digest.low = 0
  batches.forget(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  digest.high = (high - digest.high) >>> 0
  digest.low = (low - digest.low) >>> 0
}

function hashDatedIds(state: State, sections: readonly Section[]): void {
  const saved = sections.find(({ name }) => name === 'datedIds')!.bytes
  const words = new Uint32Array(saved.slice().buffer)
  const table = new Columns('datedIds', { high: 'u32', low: 'u32', lastDay: 'u16' }, state.genesis.idsMax)
  for (let i = 0; i < words.length; i += 3) {
    const row = (state.datedIds.tail + i / 3) % state.genesis.idsMax
    table.at.high[row] = words[i]!
    table.at.low[row] = words[i + 1]!
    table.at.lastDay[row] = words[i + 2]!
    table.hashRow(state.digest, row, 1)
  }
}

/** Everything that the ledger says of itself: rows, tables, watermarks, rules, time. */
export function fingerprint({ state }: Ledger): string {
  return `${state.digestText()} ${snapshot(state).reduce((sum, { bytes }) => sum + bytes.length, 0)}`
}
