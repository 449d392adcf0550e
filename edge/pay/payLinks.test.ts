import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryKeyRing } from '../../actors/log/memoryKeyRing.ts'
import { type PayLink, PayLinks } from './payLinks.ts'

const ring = memoryKeyRing(['snapshot', 'pay-link'])
const links = new PayLinks(ring)
const orderNo = fc.stringMatching(/^[0-9A-Za-z_.-]{1,32}$/)
const number = fc.integer({ min: 1, max: 2 ** 48 - 1 })
const anyLink: fc.Arbitrary<PayLink> = fc.oneof(
  fc.record({ kind: fc.constant('order' as const), merchant: number, orderNo, expiresMs: number }),
  fc.record({ kind: fc.constant('merchant' as const), merchant: number }),
)

test('a token says what it was made for, and fits a code that a phone reads easily', () => {
  fc.assert(
    fc.property(anyLink, (link) => {
      const token = links.tokenOf(link)
      expect(links.read(token)).toEqual(link)
      expect(token.length).toBeLessThanOrEqual(104)
    }),
  )
})

test('a token with any character changed, taken away or added is none', () => {
  const token = links.tokenOf({ kind: 'order', merchant: 1_052_160, orderNo: 'T-1', expiresMs: 1_764_000_000_000 })
  for (let at = 0; at < token.length; at++) {
    const other = token[at] === 'A' ? 'B' : 'A'
    expect(links.read(token.slice(0, at) + other + token.slice(at + 1)), `at ${at}`).toBeUndefined()
  }
  for (const one of ['', token.slice(1), token.slice(0, -1), `${token}A`, `${token}=`, ` ${token}`, 'x'.repeat(60)]) {
    expect(links.read(one)).toBeUndefined()
  }
})

test('a token of another installation is none, and one of an older key of this one still is', () => {
  const link: PayLink = { kind: 'merchant', merchant: 7 }
  expect(new PayLinks(memoryKeyRing(['snapshot', 'pay-link'])).read(links.tokenOf(link))).toBeUndefined()
  const before = links.tokenOf(link)
  ring.rotate('pay-link')
  expect(links.tokenOf(link)).not.toBe(before)
  expect(links.read(before)).toEqual(link)
})

test('two codes of the same order are not alike, so that nobody can tell that they are', () => {
  const link: PayLink = { kind: 'merchant', merchant: 7 }
  expect(links.tokenOf(link)).not.toBe(links.tokenOf(link))
})
