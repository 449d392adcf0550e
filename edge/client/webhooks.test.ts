import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { verifyWebhook } from './webhooks.ts'

const nowMs = Date.UTC(2026, 10, 26, 8)
const at = (seconds: number): Date => new Date(nowMs + seconds * 1_000)
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const otherSecret = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
const text = JSON.stringify({ type: 'order.paid', data: { order_no: 'T-1', amount: '12.50' } })

const signed = (key: string, { id = 'evt_1', when = at(0), body = text } = {}) => ({
  'webhook-id': id,
  'webhook-timestamp': String(when.getTime() / 1_000),
  'webhook-signature': new Webhook(key).sign(id, when, body),
})

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const whpk = `whpk_${Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64')}`
const signedByKey = () => {
  const head = { 'webhook-id': 'evt_1', 'webhook-timestamp': String(nowMs / 1_000) }
  const signature = sign(
    null,
    Buffer.from(`evt_1.${nowMs / 1_000}.${text}`),
    createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  )
  return { ...head, 'webhook-signature': `v1a,${signature.toString('base64')}` }
}

describe('a callback is genuine', () => {
  test.each<[string, object, readonly string[]]>([
    ['when the standard’s own library signed it', signed(secret), [secret]],
    ['under either secret while they change', signed(otherSecret), [secret, otherSecret]],
    ['by the public key', signedByKey(), [whpk]],
    ['by the public key among secrets', signedByKey(), [secret, whpk]],
  ])('%s', async (_what, headers, keys) => {
    const judged = await verifyWebhook(headers as Record<string, string>, text, keys, { nowMs })
    expect(judged).toEqual({ kind: 'genuine', id: 'evt_1', sentAtMs: nowMs, text })
    const asBytes = await verifyWebhook(new Headers(headers as Record<string, string>), Buffer.from(text), keys, {
      nowMs,
    })
    expect(asBytes).toEqual(judged)
  })
})

describe('a callback is forged', () => {
  test.each<[string, object, string, readonly string[]]>([
    ['with another amount', signed(secret), text.replace('12.50', '1.25'), [secret]],
    ['under another key', signed(otherSecret), text, [secret]],
    ['under another id', { ...signed(secret), 'webhook-id': 'evt_2' }, text, [secret]],
    ['sent again much later', signed(secret, { when: at(-301) }), text, [secret]],
    ['of the future', signed(secret, { when: at(301) }), text, [secret]],
    ['without a signature', { ...signed(secret), 'webhook-signature': '' }, text, [secret]],
    [
      'when the signature of a secret calls itself one of the key',
      { ...signed(secret), 'webhook-signature': signed(secret)['webhook-signature'].replace('v1,', 'v1a,') },
      text,
      [secret, whpk],
    ],
    ['with a signature that is no base64', { ...signed(secret), 'webhook-signature': 'v1,%%%' }, text, [secret]],
  ])('%s', async (_what, headers, body, keys) => {
    const judged = await verifyWebhook(headers as Record<string, string>, body, keys, { nowMs })
    expect(judged.kind).toBe('forged')
  })
})

test.each([[[]], [['']], [['whsec_']], [['whpk_AAAA']]])('the keys %j are no keys', async (keys) => {
  await expect(verifyWebhook(signed(secret), text, keys, { nowMs })).rejects.toThrow(TypeError)
})

type Vector = {
  name: string
  secret: string
  now: number
  id: string | null
  timestamp: string | null
  payload: string
  signature: string | null
  expect: string
}
const vectorFile = new URL('../../../shared/data/webhooks/standard_webhooks_cases.json', import.meta.url)
const { cases } = existsSync(vectorFile)
  ? (JSON.parse(readFileSync(vectorFile, 'utf8')) as { cases: Vector[] })
  : { cases: [] as Vector[] }

describe.skipIf(cases.length === 0)('the vectors of the standard’s libraries', () => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const headers = {
      'webhook-id': one.id ?? undefined,
      'webhook-timestamp': one.timestamp ?? undefined,
      'webhook-signature': one.signature ?? undefined,
    }
    const judging = verifyWebhook(headers, one.payload, [one.secret], { nowMs: one.now * 1_000 })
    if (one.expect === 'constructor_error') await expect(judging).rejects.toThrow(TypeError)
    else expect((await judging).kind).toBe(one.expect === 'valid' ? 'genuine' : 'forged')
  })
})
