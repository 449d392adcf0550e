import type { State } from '../ledger/state.ts'
import { walletStates } from '../ledger/state.ts'
import type { Blobs } from '../log/blobs.ts'
import { escaped } from './copyText.ts'
import type { ShardRows } from './shardRows.ts'

const hex = (bytes: Uint8Array, at: number, length: number): string =>
  `\\\\x${Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('hex')}`

const line = (...cells: (string | number)[]): string => `${cells.join('\t')}\n`

const stateNames = Object.fromEntries(Object.entries(walletStates).map(([name, code]) => [code, name]))

/** What a balance in Postgres is bound to: one copied to another wallet's row, or kept from an older day, won't open. */
export function balanceBinding(wallet: number | bigint, seq: number | bigint): string {
  return `balance/${wallet}/${seq}`
}

export function sealBalance(blobs: Blobs, wallet: number, seq: number, fen: number): Uint8Array {
  const content = new Uint8Array(8)
  new DataView(content.buffer).setBigInt64(0, BigInt(fen), true)
  return blobs.sealBlob('postgres/balance', content, balanceBinding(wallet, seq))
}

/** @throws SealError when it belongs to another row. @returns fen */
export function openBalance(blobs: Blobs, wallet: number | bigint, seq: number | bigint, sealed: Uint8Array): bigint {
  const content = blobs.openBlob('postgres/balance', sealed, balanceBinding(wallet, seq))
  return new DataView(content.buffer, content.byteOffset, 8).getBigInt64(0, true)
}

/** The wallets that changed, as they stand now, in the order of the table's columns. */
export function walletLines(rows: ShardRows, state: State, blobs: Blobs): string {
  const {
    wallets: w,
    accounts: a,
    users: u,
  } = { wallets: state.wallets.at, accounts: state.accounts, users: state.users.at }
  let text = ''
  for (const row of rows.wallets) {
    const number = w.number[row]!
    const balance = sealBalance(blobs, number, state.lastSeq, a.balance(row))
    text += line(
      number,
      u.number[w.user[row]!]!,
      rows.shard,
      a.institution(row),
      a.class(row),
      w.kind[row]!,
      stateNames[a.state(row)]!,
      a.risk(row),
      w.keyVersion[row]!,
      hex(balance, 0, balance.length),
      state.lastSeq,
    )
  }
  return text
}

export function userLines(rows: ShardRows, state: State): string {
  const { number, institution, kyc, risk } = state.users.at
  let text = ''
  for (const row of rows.users) text += line(number[row]!, institution[row]!, kyc[row]!, risk[row]!)
  return text
}

export function linkLines(rows: ShardRows, state: State): string {
  const { masked, maskedLength, wallet, type, active, limit } = state.links.at
  let text = ''
  for (const row of rows.links) {
    const shown = String.fromCharCode(...masked.subarray(row * 32, row * 32 + maskedLength[row]!))
    const owner = state.wallets.at.number[wallet[row]!]!
    text += line(rows.shard, row + 1, owner, type[row]!, escaped(shown), active[row]!, limit[row]!)
  }
  return text
}

/** One saga, taken down at once: its row is free for another some time after its end. */
export function sagaLine(shard: number, state: State, row: number): string {
  const g = state.sagas.at
  return line(
    state.wallets.at.number[g.wallet[row]!]!,
    hex(g.id, row * 16, 16),
    g.kind[row]!,
    g.institution[row]!,
    g.amount[row]!,
    g.step[row]!,
    g.reason[row]!,
    g.balanceAfter[row]!,
    shard,
    g.seq[row]!,
    g.requestedMs[row]!,
    g.changedMs[row]!,
  )
}

/** What this shard has taken in from each other and given back, as destination; see the table of lanes. */
export function receivedLines(shard: number, state: State): string {
  let text = ''
  for (let source = 0; source < state.genesis.shardCount; source++) {
    if (source === shard) continue
    const { receivedIncarnation, received, returnsIssued } = state
    text += line(source, shard, receivedIncarnation[source]!, received[source]!, returnsIssued[source]!)
  }
  return text
}

/** The returns that this shard has applied from each destination. */
export function appliedLines(shard: number, state: State): string {
  let text = ''
  for (let destination = 0; destination < state.genesis.shardCount; destination++) {
    if (destination !== shard) text += line(shard, destination, state.returnsApplied[destination]!)
  }
  return text
}
