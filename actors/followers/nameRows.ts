import type { FrameInput } from '../ledger/frameInput.ts'
import { commandHeadRecord, commandRecords } from '../ledger/records.ts'
import type { Applied } from '../log/replica.ts'
import { hex } from './copyText.ts'
import type { ShardRows } from './shardRows.ts'

/** Bytes of the text behind a change of a user that are a name: the reason stands behind it. */
export function nameLength({ view }: FrameInput, at: number): number {
  const { textLength, reasonLength } = commandRecords.userUpdate.at
  return Math.max(0, view.getUint16(at + textLength, true) - view.getUint16(at + reasonLength, true))
}

/** The name that came with a command about a user, sealed as the edge sealed it: the projector needs no key for it. */
export function addName(
  rows: ShardRows,
  { frame, entry }: Applied,
  command: 'userOpen' | 'userUpdate',
  index: number,
  at: number,
  user: number,
): void {
  const record = commandRecords[command]
  const whole = frame.view.getUint16(at + record.at.textLength, true)
  const length = command === 'userUpdate' ? nameLength(frame, at) : whole
  if (length === 0) return
  const actor = frame.view.getFloat64(at + commandHeadRecord.at.actor, true)
  const id = hex(frame.u8, at + commandHeadRecord.at.id, 16)
  const sealed = hex(frame.u8, at + record.size, length)
  rows.userNames.push(`${user}\t${entry.seq}\t${index}\t${actor}\t\\\\x${id}\t\\\\x${sealed}\n`)
}
