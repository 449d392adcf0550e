import { expect, test } from 'vitest'
import { createBlobs } from './blobs.ts'
import { regionPurposes } from './keyRing.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { openName, sealName } from './nameSealing.ts'
import { SealError } from './sealError.ts'

const blobs = createBlobs(memoryKeyRing(regionPurposes(1)))
const by = { actor: 1, commandId: new Uint8Array(16).fill(7) }

test('a name opens for the command that brought it and for no other', () => {
  const sealed = sealName(blobs, by, '张小明')
  expect(openName(blobs, by, sealed)).toBe('张小明')
  expect(() => openName(blobs, { ...by, actor: 2 }, sealed)).toThrow(SealError)
  expect(() => openName(blobs, { ...by, commandId: new Uint8Array(16) }, sealed)).toThrow(SealError)
})

test('nothing of a name is readable in what goes into the log', () => {
  expect(Buffer.from(sealName(blobs, by, 'Alice Brown')).toString('latin1')).not.toMatch(/Alice|Brown/)
})
