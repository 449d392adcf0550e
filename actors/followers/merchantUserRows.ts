import { commandHeadRecord, commandRecords, signers } from '../ledger/records.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { hex } from './copyText.ts'
import type { ShardRows } from './shardRows.ts'

/** A sub-user of a merchant as it stands: a row for each time that it was entered. */
export function addMerchantUser(rows: ShardRows, state: State, row: number): void {
  const u = state.merchantUsers.columns.at
  const merchant = state.wallets.at.number[u.wallet[row]!]!
  const [number, version] = [u.name[row]!, u.version[row]!]
  const place = [rows.shard, u.seq[row]!, u.index[row]!]
  const cells = [merchant, number, version, ...place, u.role[row]!, u.limit[row]!, u.state[row]!, u.changedMs[row]!]
  rows.merchantUsers.set(`${merchant}/${number}/${version}`, `${cells.join('\t')}\n`)
}

/** What the merchant calls it, sealed as the edge sealed it: the projector needs no key for it. */
export function addMerchantUserLabel(rows: ShardRows, { frame, entry }: Applied, i: number, at: number): void {
  const record = commandRecords.merchantUserPut
  const length = frame.view.getUint16(at + record.at.textLength, true)
  if (length === 0) return
  const id = hex(frame.u8, at + commandHeadRecord.at.id, 16)
  const sealed = hex(frame.u8, at + record.size, length)
  rows.merchantUserLabels.push(`${rows.shard}\t${entry.seq}\t${i}\t\\\\x${id}\t\\\\x${sealed}\n`)
}

/** Which sub-user signed a command, and the version of its key; zeros when none did. */
export function signedByUser({ frame }: Applied, at: number): [number: number, version: number] {
  const head = commandHeadRecord.at
  if (frame.u8[at + head.signer] !== signers.merchantUser) return [0, 0]
  return [frame.view.getUint32(at + head.principal, true), frame.view.getUint32(at + head.keyVersion, true)]
}
