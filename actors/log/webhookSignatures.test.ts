import { existsSync, readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { secretOf, secretsInForce } from './webhookSecrets.ts'
import { publicKeyText, secretText, signWebhook, verifyWebhook } from './webhookSignatures.ts'

const vectorFile = new URL('../../../shared/data/webhooks/standard_webhooks_cases.json', import.meta.url)
type Case = {
  name: string
  secret: string
  now: number
  id: string | null
  timestamp: string | null
  payload: string
  signature: string | null
  expect: 'valid' | 'invalid' | 'constructor_error'
}
const cases: Case[] = existsSync(vectorFile) ? JSON.parse(readFileSync(vectorFile, 'utf8')).cases : []

describe.skipIf(cases.length === 0)('the outside vectors (skipped without their file)', () => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const headers: Record<string, string> = {}
    if (one.id !== null) headers['webhook-id'] = one.id
    if (one.timestamp !== null) headers['webhook-timestamp'] = one.timestamp
    if (one.signature !== null) headers['webhook-signature'] = one.signature
    const verified = () => verifyWebhook(one.secret, headers, one.payload, one.now)
    if (one.expect === 'valid') expect(verified).not.toThrow()
    else expect(verified).toThrow()
  })

  test('what we sign in the place of theirs is what they signed', () => {
    const fixed = cases.find(({ name }) => name.startsWith('sign function works'))!
    const symmetric = Buffer.from(fixed.secret.slice('whsec_'.length), 'base64')
    const secret = { symmetric, ed25519: secretOf(memoryKeyRing(['webhook']), 1, 1, 0).ed25519 }
    expect(signWebhook([secret], fixed.id!, fixed.now, fixed.payload).split(' ')[0]).toBe(fixed.signature)
  })
})

const ring = memoryKeyRing(['webhook'])
const body = JSON.stringify({ type: 'order.paid', data: { amount: '12.50', name: '茶' } })
const id = 'evt_00112233445566778899aabbccddeeff'
const nowS = Math.floor(Date.now() / 1_000)
const sign = (secrets: Parameters<typeof signWebhook>[0], text = body) => ({
  'webhook-id': id,
  'webhook-timestamp': String(nowS),
  'webhook-signature': signWebhook(secrets, id, nowS, text),
})

describe('what we sign', () => {
  const secret = secretOf(ring, 77, 1, 0)

  test('is verified by the library of Standard Webhooks, and not when a letter of it changes', () => {
    const theirs = new Webhook(secretText(secret.symmetric))
    expect(theirs.verify(body, sign([secret]))).toEqual(JSON.parse(body))
    expect(() => theirs.verify(body.replace('12.50', '92.50'), sign([secret]))).toThrow()
    expect(() => theirs.verify(body, { ...sign([secret]), 'webhook-id': 'evt_other' })).toThrow()
  })

  test('is verified with the public key alone', () => {
    const key = publicKeyText(secret.ed25519)
    expect(key).toMatch(/^whpk_/)
    expect(() => verifyWebhook(key, sign([secret]), body, nowS)).not.toThrow()
    expect(() => verifyWebhook(key, sign([secret]), `${body} `, nowS)).toThrow('no signature')
    expect(() => verifyWebhook(publicKeyText(secretOf(ring, 78, 1, 0).ed25519), sign([secret]), body, nowS)).toThrow()
  })

  test('after a rotation is verified with the old secret and with the new one', () => {
    const both = [secretOf(ring, 77, 2, 5_000), secret]
    for (const one of both) {
      expect(() => new Webhook(secretText(one.symmetric)).verify(body, sign(both))).not.toThrow()
      expect(() => verifyWebhook(publicKeyText(one.ed25519), sign(both), body, nowS)).not.toThrow()
    }
  })
})

describe('a secret', () => {
  const texts = (generation: number, bornMs: number, wallet = 77) =>
    secretText(secretOf(ring, wallet, generation, bornMs).symmetric)

  test('is the same wherever it is derived, and another for each merchant and generation', () => {
    expect(texts(1, 0)).toBe(texts(1, 0))
    expect(new Set([texts(1, 0), texts(2, 9), texts(3, 9), texts(1, 0, 78)]).size).toBe(4)
    expect(Buffer.from(texts(1, 0).slice(6), 'base64')).toHaveLength(32)
  })

  test('stays what it is when the ring has a newer key, and later generations come from that', () => {
    let nowMs = 1_000
    const rotating = memoryKeyRing(['webhook'], { nowMs: () => nowMs })
    const text = (generation: number, bornMs: number) => secretText(secretOf(rotating, 5, generation, bornMs).symmetric)
    const before = [text(1, 0), text(2, 5_000)]
    nowMs = 9_000
    rotating.rotate('webhook')
    expect([text(1, 0), text(2, 5_000)]).toEqual(before)
    expect(text(3, 9_500)).not.toBe(text(3, 8_000))
  })

  test('that was replaced signs beside its successor for a day', () => {
    const day = 86_400_000
    const merchant = { wallet: 77, secretGeneration: 2, rotatedMs: 5_000, earlierRotatedMs: 0 }
    const inForce = (nowMs: number) =>
      secretsInForce(ring, merchant, nowMs).map(({ symmetric }) => secretText(symmetric))
    expect(inForce(5_000)).toEqual([texts(2, 5_000), texts(1, 0)])
    expect(inForce(5_000 + day - 1)).toEqual([texts(2, 5_000), texts(1, 0)])
    expect(inForce(5_000 + day)).toEqual([texts(2, 5_000)])
    const never = { wallet: 77, secretGeneration: 1, rotatedMs: 0, earlierRotatedMs: 0 }
    expect(secretsInForce(ring, never, 5_000)).toHaveLength(1)
  })
})
