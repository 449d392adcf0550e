import { describe, expect, test } from 'vitest'
import { batchHeader } from '../../actors/ledger/records.ts'
import { newId } from '../client/node.ts'
import { batchOfLines } from './batchLines.ts'
import { readBatch } from './batchRequest.ts'
import { binaryOf, linesOf, type TestBatch } from './testBatch.ts'

const records = [{ payer: 'W1048576', payee: 'W1048577', amount: '1.00' }]
const batch: TestBatch = { batchId: newId(), requestedAt: '2026-03-02T08:00:00.000Z', records }

/** The same id with other digits for its version and its variant. */
const idOf = (version: string, variant: string): string =>
  batch.batchId.replace(/^(.{14})7(.{4}).(.*)$/, `$1${version}$2${variant}$3`)

const readsLines = (batchId: string): boolean =>
  isTaken(() => readBatch(batchOfLines(Buffer.from(linesOf({ ...batch, batchId })), 1), 1))

function readsBinary(batchId: string): boolean {
  const bytes = binaryOf(batch)
  bytes.set(Buffer.from(batchId.replaceAll('-', ''), 'hex'), batchHeader.at.id)
  return isTaken(() => readBatch(bytes, 1))
}

function isTaken(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    expect(error).toMatchObject({ about: { fields: [{ field: expect.stringContaining('batch_id') }] } })
    return false
  }
}

describe('both forms of a batch take the same ids', () => {
  const digits = [...'0123456789abcdef']

  test.each(digits)('of the variant %s', (variant) => {
    const known = '89ab'.includes(variant)
    expect([readsBinary(idOf('7', variant)), readsLines(idOf('7', variant))]).toEqual([known, known])
  })

  test.each(digits)('of the version %s', (version) => {
    const known = version === '7'
    expect([readsBinary(idOf(version, '8')), readsLines(idOf(version, '8'))]).toEqual([known, known])
  })
})
