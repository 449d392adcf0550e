import { expect, test } from 'vitest'
import { createBlobs } from './blobs.ts'
import { openCaseText, sealCaseText } from './caseSealing.ts'
import { regionPurposes } from './keyRing.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { SealError } from './sealError.ts'

test('what a payer says opens for the payment it is about, and for no other', () => {
  const blobs = createBlobs(memoryKeyRing(regionPurposes(1)))
  const of = { payer: 1_048_576, paymentId: new Uint8Array(16).fill(7) }
  const sealed = sealCaseText(blobs, of, 'I meant my sister')
  expect(openCaseText(blobs, of, sealed)).toBe('I meant my sister')
  expect(Buffer.from(sealed).toString('latin1')).not.toContain('sister')
  expect(() => openCaseText(blobs, { ...of, payer: 1 }, sealed)).toThrow(SealError)
  expect(() => openCaseText(blobs, { ...of, paymentId: new Uint8Array(16) }, sealed)).toThrow(SealError)
})
