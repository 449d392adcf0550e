import { commandRecords } from '../ledger/records.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { escaped } from './copyText.ts'
import type { ShardRows } from './shardRows.ts'

/** A merchant changed: its row is written as it stands when the transaction begins. */
export function addMerchant(rows: ShardRows, state: State, wallet: number): void {
  const walletRow = state.walletRows.row(wallet)
  const row = walletRow < 0 ? -1 : state.merchants.find(walletRow)
  if (row >= 0) rows.merchants.add(row)
}

/** What a merchant says of itself, word for word as it came. */
export function addMerchantText(rows: ShardRows, { frame, entry }: Applied, i: number, at: number): void {
  const record = commandRecords.merchantPut
  const length = frame.view.getUint16(at + record.at.textLength, true)
  const text = new TextDecoder().decode(frame.u8.subarray(at + record.size, at + record.size + length))
  // PostgreSQL's text holds no zero byte.
  rows.merchantTexts.push(`${rows.shard}\t${entry.seq}\t${i}\t${escaped(text.replaceAll('\0', ''))}\n`)
}

export function merchantLines(rows: ShardRows, state: State): string {
  const m = state.merchants.columns.at
  let text = ''
  for (const row of rows.merchants) {
    const cells = [
      state.wallets.at.number[m.wallet[row]!]!,
      rows.shard,
      m.profileSeq[row]!,
      m.profileIndex[row]!,
      m.profileVersion[row]!,
      m.changedMs[row]!,
      m.secretGeneration[row]!,
      m.rotatedMs[row]!,
      m.earlierRotatedMs[row]!,
    ]
    text += `${cells.join('\t')}\n`
  }
  return text
}
