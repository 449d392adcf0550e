import type { FrameInput } from '../ledger/frameInput.ts'
import { commandHeadRecord, commandRecords } from '../ledger/records.ts'
import { hex } from './copyText.ts'
import type { ShardRows } from './shardRows.ts'

/** The name that came with a command about a user, sealed as the edge sealed it: the projector needs no key for it. */
export function addName(
  rows: ShardRows,
  frame: FrameInput,
  command: 'userOpen' | 'userUpdate',
  at: number,
  user: number,
): void {
  const record = commandRecords[command]
  const length = frame.view.getUint16(at + record.at.textLength, true)
  if (length === 0) return
  const actor = frame.view.getFloat64(at + commandHeadRecord.at.actor, true)
  const id = hex(frame.u8, at + commandHeadRecord.at.id, 16)
  const sealed = hex(frame.u8, at + record.size, length)
  rows.userNames.set(user, `${user}\t${actor}\t\\\\x${id}\t\\\\x${sealed}\n`)
}
