import type { FieldType, Layout } from '../../../actors/ledger/layout.ts'
import * as records from '../../../actors/ledger/records.ts'
import { assertionRecord, evidenceRecord } from '../../../actors/log/evidence.ts'
import { frameHeader } from '../../../actors/log/frame.ts'

const bytesOf: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, f64: 8 }
const sizeOf = (type: FieldType): number => bytesOf[type] ?? Number(type.slice('bytes'.length))

function table({ name, size, at, fields }: Layout): string {
  const rows = Object.entries(fields).map(
    ([field, [type, meaning]]) => `| ${at[field]} | ${sizeOf(type)} | \`${field}\` | ${type} | ${meaning} |`,
  )
  return `### ${name}, ${size} bytes

| offset | bytes | field | type | meaning |
|---:|---:|---|---|---|
${rows.join('\n')}`
}

/** `docs/reference/frames.md`: every record of the log, from the tables that the encoders and decoders use. */
export function framesPage(): string {
  const { paymentRecord, batchHeader, batchRecord, transitHeader, transitGroup, transitRecord } = records
  const { commandRecords, commandOps } = records
  const commands = Object.entries(commandRecords) as [records.CommandOp, Layout][]
  const kinds = Object.entries(records.frameKinds).map(([kind, number]) => `${number} ${kind}`)
  return `# Frames

One message of a shard's log is one frame: a header in clear, which is authenticated, then the sealed body
(AES-256-GCM, its tag behind it), then the sealed evidence section when there is one. Integers are little-endian and
stand on their natural boundary; \`f64\` holds an integer below 2^53. Amounts are fen.

Kinds of frames: ${kinds.join(', ')}.

## In clear

${table(frameHeader)}

## Bodies

${[paymentRecord, batchHeader, batchRecord, transitHeader, transitGroup, transitRecord].map((record) => table(record)).join('\n\n')}

## Commands

Each begins with the head of every command; \`op\` says which follows.

${commands.map(([op, record]) => `${table(record)}\n\n\`op\` ${commandOps[op]}`).join('\n\n')}

## Evidence

${table(evidenceRecord)}

${table(assertionRecord)}
`
}
