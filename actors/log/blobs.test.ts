import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { createBlobs } from './blobs.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { SealError } from './sealError.ts'

const ring = memoryKeyRing(['snapshot', 'postgres/balance', 'effect'])

describe('sealed blobs', () => {
  property.prop([fc.uint8Array({ maxLength: 40_000 }), fc.uint8Array()])(
    'what is sealed opens to the same, by both forms and in another process',
    async (content, bound) => {
      const [sealer, opener] = [createBlobs(ring), createBlobs(ring)]
      for (const blob of [
        sealer.sealBlob('snapshot', content, bound),
        await sealer.sealBlobMaybe('snapshot', content, bound),
      ]) {
        expect(blob.length).toBe(sealer.sealedBytes(content.length))
        expect(opener.openBlob('snapshot', blob, bound)).toEqual(content)
        expect(await opener.openBlobMaybe('snapshot', blob, bound)).toEqual(content)
        expect(opener.purposeOf(blob)).toBe('snapshot')
      }
    },
  )

  test('the same balance sealed twice looks different', () => {
    const blobs = createBlobs(ring)
    const one = blobs.sealBlob('postgres/balance', Uint8Array.of(1), 'wallet 256')
    const other = blobs.sealBlob('postgres/balance', Uint8Array.of(1), 'wallet 256')
    expect(one).not.toEqual(other)
  })

  test('a balance moved to another row does not open', () => {
    const blobs = createBlobs(ring)
    const blob = blobs.sealBlob('postgres/balance', Uint8Array.of(1), 'wallet 256')
    expect(() => blobs.openBlob('postgres/balance', blob, 'wallet 257')).toThrow(SealError)
  })

  test('a blob of one purpose does not open as another', () => {
    const blobs = createBlobs(ring)
    const blob = blobs.sealBlob('effect', Uint8Array.of(1), '')
    expect(() => blobs.openBlob('snapshot', blob, '')).toThrow('seals "effect", not "snapshot"')
  })

  test('no bit can be changed and no byte cut off unseen', () => {
    const blobs = createBlobs(ring)
    const blob = blobs.sealBlob('effect', Uint8Array.of(1, 2, 3), 'bound')
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const changed = blob.slice()
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => blobs.openBlob('effect', changed, 'bound'), `bit ${bit}`).toThrow(SealError)
    }
    for (let length = 0; length < blob.length; length++) {
      expect(() => blobs.openBlob('effect', blob.subarray(0, length), 'bound'), `${length} bytes`).toThrow(SealError)
    }
  })

  test('a purpose without a key is named', () => {
    expect(() => createBlobs(ring).sealBlob('postgres/personal', Uint8Array.of(1), '')).toThrow('postgres/personal')
  })
})
