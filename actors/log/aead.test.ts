import { existsSync, readFileSync } from 'node:fs'
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import {
  aeadKey,
  keyBytes,
  nonceBytes,
  open,
  openByWebCrypto,
  seal,
  sealByWebCrypto,
  TagMismatch,
  tagBytes,
} from './aead.ts'

type Vector = {
  tcId: number
  comment: string
  key: string
  iv: string
  aad: string
  msg: string
  ct: string
  tag: string
  result: 'valid' | 'invalid' | 'acceptable'
}
type Group = { keySize: number; ivSize: number; tagSize: number; tests: Vector[] }

const vectorFile = new URL('../../../shared/data/crypto/wycheproof/aes_gcm_test.json', import.meta.url)

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

function ourVectors(): Vector[] {
  const { testGroups } = JSON.parse(readFileSync(vectorFile, 'utf8')) as { testGroups: Group[] }
  return testGroups
    .filter((group) => group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128)
    .flatMap((group) => group.tests)
}

describe('AES-256-GCM', () => {
  test('agrees with every Wycheproof vector of our sizes, by both roads', async (context) => {
    if (!existsSync(vectorFile)) return context.skip('the outside vectors lie beside the repository and are not here')
    const vectors = ourVectors()
    expect(vectors.length).toBeGreaterThan(50)
    for (const vector of vectors) {
      const key = aeadKey(hex(vector.key))
      const sealed = hex(vector.ct + vector.tag)
      const [nonce, bound, plain] = [hex(vector.iv), hex(vector.aad), hex(vector.msg)]
      if (vector.result === 'invalid') {
        expect(() => open(key, nonce, bound, sealed), `vector ${vector.tcId}`).toThrow(TagMismatch)
        await expect(openByWebCrypto(key, nonce, bound, sealed), `vector ${vector.tcId}`).rejects.toThrow(TagMismatch)
        continue
      }
      expect(open(key, nonce, bound, sealed), `vector ${vector.tcId}`).toEqual(plain)
      expect(await openByWebCrypto(key, nonce, bound, sealed), `vector ${vector.tcId}`).toEqual(plain)
      const target = new Uint8Array(plain.length + tagBytes)
      seal(key, nonce, bound, plain, target)
      expect(target, `vector ${vector.tcId}`).toEqual(sealed)
    }
  })

  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

  property.prop([bytes(keyBytes), bytes(nonceBytes), fc.uint8Array(), fc.uint8Array({ maxLength: 40_000 })])(
    'both roads make the same bytes and open each other’s',
    async (key, nonce, bound, plain) => {
      const secret = aeadKey(key)
      const [one, other] = [new Uint8Array(plain.length + tagBytes), new Uint8Array(plain.length + tagBytes)]
      seal(secret, nonce, bound, plain, one)
      await sealByWebCrypto(secret, nonce, bound, plain, other)
      expect(one).toEqual(other)
      const opened = open(secret, nonce, bound, one)
      expect(opened).toEqual(plain)
      expect(opened.byteOffset % 8).toBe(0)
      expect(await openByWebCrypto(secret, nonce, bound, one)).toEqual(plain)
    },
  )

  test('a key of another length is refused', () => {
    expect(() => aeadKey(new Uint8Array(16))).toThrow('32 bytes')
  })

  test('a printed key shows no bytes', () => {
    const key = aeadKey(new Uint8Array(keyBytes).fill(0x5a))
    expect(JSON.stringify(key)).not.toMatch(/5a5a|WlpaWl|90,90/)
  })
})
