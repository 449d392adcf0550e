import { commandHead } from '../ledger/commandHead.ts'
import { type Layout, readRecord } from '../ledger/layout.ts'
import {
  type CommandOp,
  commandHeadRecord,
  commandOps,
  commandRecords,
  recordsWithText,
  signers,
} from '../ledger/records.ts'
import { codeOf } from '../ledger/refusals.ts'
import type { State } from '../ledger/state.ts'
import type { Applied } from '../log/replica.ts'
import { escaped, hex } from './copyText.ts'
import { nameLength } from './nameRows.ts'
import type { ShardRows } from './shardRows.ts'

/** Fields that say nothing about the act itself. */
const aside: ReadonlySet<string> = new Set([...Object.keys(commandHead), 'reserved', 'textLength', 'reasonLength'])

/** Commands whose text says why. */
const withReason: ReadonlySet<string> = new Set([
  'walletStatus',
  'principalPut',
  'riskPolicyPut',
  'standingPut',
  'secondPersonPut',
  'proposalOpen',
  'proposalDecide',
  'limitsPut',
  'riskRulePut',
  'refundRulePut',
  'recoveryRulePut',
  'recoveryStop',
  'mandateCancel',
  'holdVoid',
  'userUpdate',
])

/** Whatever an operator had signed, with what came of it: an act that was refused is an act as well. */
export function addAct(
  rows: ShardRows,
  state: State,
  { frame, entry, out }: Applied,
  i: number,
  at: number,
  name: CommandOp,
): void {
  const head = commandHeadRecord.at
  const code = out.code[i]!
  if (frame.u8[at + head.signer] !== signers.operator) return
  if (out.repeated[i] === 1 || code === codeOf['frame-repeated']) return
  const command = readRecord(commandRecords[name] as Layout, frame.view, at) as Record<string, number | Uint8Array>
  const wallet = Number.isSafeInteger(command.wallet) ? (command.wallet as number) : 0
  const cells = [
    rows.shard,
    entry.seq,
    i,
    command.principal as number,
    commandOps[name],
    `\\\\x${hex(frame.u8, at + head.id, 16)}`,
    wallet,
    code,
    escaped(fieldsText(command)),
    escaped(textOf(frame, at, name).replaceAll('\0', '')),
    state.logTimeMs,
  ]
  rows.audit.push(`${cells.join('\t')}\n`)
}

function fieldsText(command: Readonly<Record<string, number | Uint8Array>>): string {
  const said = Object.entries(command).filter(([field]) => !aside.has(field))
  const shown = said.map(([field, value]) => [field, typeof value === 'number' ? value : hexText(value)])
  return JSON.stringify(Object.fromEntries(shown))
}

/** Padding at the end says nothing. */
function hexText(value: Uint8Array): string {
  const end = value.findLastIndex((byte) => byte !== 0) + 1
  return hex(value, 0, end)
}

/** Only what was written to be read by others: other commands carry sealed names and the like. */
function textOf(frame: Applied['frame'], at: number, name: CommandOp): string {
  const text = recordsWithText.get(name)
  if (text === undefined || !withReason.has(name)) return ''
  const textAt = at + commandRecords[name].size
  const to = textAt + frame.view.getUint16(at + text.lengthAt, true)
  const from = name === 'userUpdate' ? textAt + nameLength(frame, at) : textAt
  return new TextDecoder().decode(frame.u8.subarray(from, to))
}
