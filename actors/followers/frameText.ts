import { bodyViews } from '../ledger/frameInput.ts'
import { type FieldTable, type Layout, type RecordValue, readRecord } from '../ledger/layout.ts'
import {
  batchHeader,
  batchRecord,
  commandHeadRecord,
  commandOps,
  commandRecords,
  frameKinds,
  paymentRecord,
  transitGroup,
  transitHeader,
  transitRecord,
} from '../ledger/records.ts'
import { readTransitId } from '../ledger/transit.ts'
import { isTransit, transitPlaces } from '../ledger/transitParts.ts'
import type { OpenedFrame } from '../log/sealing.ts'

/** What a frame's body holds, record by record, as values that JSON can carry. */
export type FrameText = { readonly header?: Fields; readonly records: readonly Fields[] }
type Fields = Readonly<Record<string, string | number>>

/** Fields whose value would let a reader forge or guess something. */
const secretFields = new Set(['hashKey'])
const layoutByOp = new Map(Object.entries(commandOps).map(([name, op]) => [op as number, { name, op }]))

export const kindNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(frameKinds).map(([name, kind]) => [kind, name]),
)

/**
 * Decodes an opened frame by the tables that made it.
 * @throws Error when the body is not what its header announces.
 */
export function frameText({ header, body }: OpenedFrame): FrameText {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  switch (header.kind) {
    case frameKinds.payments:
      return { records: rows(paymentRecord, view, 0, header.count) }
    case frameKinds.transit:
      return { records: transitRows(view, body, header.count) }
    case frameKinds.batch:
      return {
        header: fieldsOf(batchHeader, view, 0),
        records: rows(batchRecord, view, batchHeader.size, header.count),
      }
    default:
      return { records: commands(view, header.count) }
  }
}

function rows<T extends FieldTable>(record: Layout<T>, view: DataView, from: number, count: number): Fields[] {
  return Array.from({ length: count }, (_, i) => fieldsOf(record, view, from + i * record.size))
}

/** Each with what its part and its group say for it, and under its own payment id. */
function transitRows(view: DataView, body: Uint8Array, count: number): Fields[] {
  const frame = { ...bodyViews(body), count }
  if (!isTransit(frame)) throw new Error(`the parts of a transit frame do not hold the ${count} records it announces`)
  const id = new Uint8Array(16)
  return [...transitPlaces(frame)].map(({ part, group, record, number }) => {
    const { source } = readRecord(transitHeader, view, part)
    const { first: _, ...shared } = fieldsOf(transitGroup, view, group)
    readTransitId(body, group, record, id)
    return { source, number, ...fieldsOf(transitRecord, view, record), ...shared, id: textOf('id', id) }
  })
}

function commands(view: DataView, count: number): Fields[] {
  const found: Fields[] = []
  for (let i = 0, at = 0; i < count; i++) {
    const length = view.getUint16(at + commandHeadRecord.at.length, true)
    const name = layoutByOp.get(view.getUint8(at + commandHeadRecord.at.op))?.name
    const record = name === undefined ? commandHeadRecord : commandRecords[name as keyof typeof commandRecords]
    found.push({ command: name ?? 'unknown', ...fieldsOf(record as Layout, view, at) })
    if (length < commandHeadRecord.size) throw new Error(`command ${i} announces ${length} bytes`)
    at += length
  }
  return found
}

function fieldsOf<T extends FieldTable>(record: Layout<T>, view: DataView, at: number): Fields {
  const fields: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(readRecord(record, view, at))) {
    if (!/reserved|headReserved/i.test(name)) fields[name] = textOf(name, value as RecordValue)
  }
  return fields
}

function textOf(name: string, value: RecordValue): string | number {
  if (typeof value === 'number') return value
  return secretFields.has(name) ? '(secret)' : Buffer.from(value).toString('hex')
}
