import type { Lane } from './lanes.ts'
import { type RecordOf, writeRecord } from './layout.ts'
import {
  batchHeader,
  batchRecord,
  type CommandLayouts,
  type CommandOp,
  commandOps,
  commandRecords,
  paymentRecord,
  signers,
  transitGroup,
  transitHeader,
  transitRecord,
} from './records.ts'

/** A command's own fields and those of its head that the sender decides; no device or reason: none was told. */
export type CommandFields<K extends CommandOp> = Omit<
  RecordOf<CommandLayouts[K]['fields']>,
  'length' | 'op' | 'headReserved' | 'reserved' | 'textLength' | 'reasonLength' | 'device'
> & { textLength?: number; reasonLength?: number; device?: number }
export type PaymentFields = Omit<RecordOf<(typeof paymentRecord)['fields']>, 'device'> & { device?: number }
export type BatchHeaderFields = RecordOf<(typeof batchHeader)['fields']>
export type BatchRecordFields = RecordOf<(typeof batchRecord)['fields']>

/** The part of a lane that a transit frame is made of. */
export type TransitRecords = Pick<Lane, 'copy' | 'groupsOf' | 'copyGroups'>

const nothing = new Uint8Array(0)

/** Head of a command that nobody asked for or signed: the system's own. */
export const systemHead = {
  signer: signers.system,
  keyVersion: 0,
  actor: 0,
  id: new Uint8Array(16),
  digestHigh: 0,
  digestLow: 0,
  token: 0,
  principal: 0,
} as const

/**
 * Body of one command, for a frame of kind `commands`; bodies in a row make a frame of several.
 * @param text what follows a record that says how long it is
 */
export function encodeCommand<K extends CommandOp>(
  name: K,
  fields: CommandFields<K>,
  text: Uint8Array = nothing,
): Uint8Array {
  const record = commandRecords[name]
  const out = new Uint8Array(record.size + Math.ceil(text.length / 8) * 8)
  out.set(text, record.size)
  const reservedType = (record.fields as Record<string, readonly [string, string]>).reserved?.[0]
  const reserved = reservedType?.startsWith('bytes') ? nothing : 0
  const all = {
    device: 0,
    reasonLength: 0,
    textLength: text.length,
    ...fields,
    length: out.length,
    op: commandOps[name],
    headReserved: 0,
    reserved,
  }
  writeRecord(record as never, new DataView(out.buffer), 0, all as never)
  return out
}

/** Body of a frame of payments. */
export function encodePayments(payments: readonly PaymentFields[]): Uint8Array {
  const out = new Uint8Array(payments.length * paymentRecord.size)
  const view = new DataView(out.buffer)
  for (const [i, payment] of payments.entries()) {
    writeRecord(paymentRecord, view, i * paymentRecord.size, { device: 0, ...payment })
  }
  return out
}

/** Body of a frame that holds one batch, or the part of it that one shard carries out. */
export function encodeBatch(header: BatchHeaderFields, records: readonly BatchRecordFields[]): Uint8Array {
  const out = new Uint8Array(batchHeader.size + records.length * batchRecord.size)
  const view = new DataView(out.buffer)
  writeRecord(batchHeader, view, 0, header)
  for (const [i, record] of records.entries()) {
    writeRecord(batchRecord, view, batchHeader.size + i * batchRecord.size, record)
  }
  return out
}

/**
 * Part of a transit frame that holds records `first` to `first + count - 1` of a lane, which keeps all of them. Parts in a
 * row make the body of a frame; one alone does too.
 */
export function encodeTransit(
  source: number,
  incarnation: number,
  lane: TransitRecords,
  first: number,
  count: number,
): Uint8Array {
  const groups = lane.groupsOf(first, count)
  const recordsAt = transitHeader.size + groups * transitGroup.size
  const out = new Uint8Array(recordsAt + count * transitRecord.size)
  writeRecord(transitHeader, new DataView(out.buffer), 0, { source, incarnation, first, groups, records: count })
  lane.copyGroups(first, count, out, transitHeader.size)
  lane.copy(first, count, out, recordsAt)
  return out
}

/** Bodies one after the other. */
export function joinBodies(bodies: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(bodies.reduce((sum, body) => sum + body.length, 0))
  let at = 0
  for (const body of bodies) {
    out.set(body, at)
    at += body.length
  }
  return out
}
