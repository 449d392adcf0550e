import { expect, test } from 'vitest'
import { createBlobs } from './blobs.ts'
import { regionPurposes } from './keyRing.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { caseTexts, legalNames, userLabels } from './personalTexts.ts'
import { SealError } from './sealError.ts'

const blobs = createBlobs(memoryKeyRing(regionPurposes(1)))
const [id, otherId] = [new Uint8Array(16).fill(7), new Uint8Array(16)]

test('a name opens for the command that brought it and for no other', () => {
  const names = legalNames(blobs)
  const by = { actor: 1, commandId: id }
  const sealed = names.seal(by, '张小明')
  expect(names.open(by, sealed)).toBe('张小明')
  expect(() => names.open({ ...by, actor: 2 }, sealed)).toThrow(SealError)
  expect(() => names.open({ ...by, commandId: otherId }, sealed)).toThrow(SealError)
})

test('what a payer says opens for the payment it is about, and for no other', () => {
  const cases = caseTexts(blobs)
  const of = { payer: 1_048_576, paymentId: id }
  const sealed = cases.seal(of, 'I meant my sister')
  expect(cases.open(of, sealed)).toBe('I meant my sister')
  expect(() => cases.open({ ...of, payer: 1 }, sealed)).toThrow(SealError)
  expect(() => cases.open({ ...of, paymentId: otherId }, sealed)).toThrow(SealError)
})

test('a label opens for the sub-user and the command that it is of, and for no other', () => {
  const labels = userLabels(blobs)
  const of = { merchant: 1_048_576, number: 2, commandId: id }
  const sealed = labels.seal(of, 'Till 2')
  expect(labels.open(of, sealed)).toBe('Till 2')
  for (const other of [{ merchant: 1 }, { number: 3 }, { commandId: otherId }])
    expect(() => labels.open({ ...of, ...other }, sealed)).toThrow(SealError)
})

test('a text of one kind opens as none of another, and nothing of it is readable', () => {
  const sealed = legalNames(blobs).seal({ actor: 1, commandId: id }, 'Alice Brown')
  expect(() => caseTexts(blobs).open({ payer: 1, paymentId: id }, sealed)).toThrow(SealError)
  expect(Buffer.from(sealed).toString('latin1')).not.toMatch(/Alice|Brown/)
})
