import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { webhookIdText } from '../../actors/log/webhookEvents.ts'
import { secretsInForce } from '../../actors/log/webhookSecrets.ts'
import { signWebhook, verifyWebhook } from '../../actors/log/webhookSignatures.ts'
import { newId } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { toldOf } from './testWebhooks.ts'

let api: TestApi
let shop: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
})
afterAll(() => api.close())
beforeEach(async () => {
  shop = await api.openWallet(api.institution, 'merchant')
  api.told = undefined
})

const path = (tail: string): string => `/v1/merchants/${shop.walletId}${tail}`
const ask = (method: string, tail: string, json?: object) =>
  api.ask(method, path(tail), { by: shop.signer, ...(json && { json: json as Record<string, unknown> }) })

describe('the secret of a merchant', () => {
  test('verifies what is signed for it, both ways; a rotated one does for a day beside its successor', async () => {
    const first = (await ask('GET', '/webhook-secret')).body
    expect(first).toMatchObject({ generation: 1, secret: expect.stringMatching(/^whsec_/) })
    expect(first.previous_secret).toBeUndefined()
    const second = (await ask('POST', '/webhook-secret/rotate', { request_id: newId() })).body
    expect(second).toMatchObject({
      generation: 2,
      previous_secret: first.secret,
      previous_public_key: first.public_key,
    })
    const untilMs = Date.parse(String(second.previous_until))
    const merchant = {
      wallet: Number(shop.walletId.slice(1)),
      secretGeneration: 2,
      rotatedMs: untilMs - 86_400_000,
      earlierRotatedMs: 0,
    }
    const nowS = Math.floor(Date.now() / 1_000)
    const signature = signWebhook(secretsInForce(api.ring, merchant, nowS * 1_000), 'evt_1', nowS, '{}')
    const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': String(nowS), 'webhook-signature': signature }
    for (const key of [first.secret, first.public_key, second.secret, second.public_key]) {
      verifyWebhook(String(key), headers, '{}', nowS)
    }
    expect((await ask('GET', '')).body).toMatchObject({ profile_version: 0, secret_generation: 2 })
  })

  test('is rotated once by the same request, however often it is sent', async () => {
    const request_id = newId()
    const told = [await ask('POST', '/webhook-secret/rotate', { request_id })]
    told.push(await ask('POST', '/webhook-secret/rotate', { request_id }))
    expect(told.map(({ body }) => body.generation)).toEqual([2, 2])
  })

  test('is none of a wallet that is no merchant’s', async () => {
    const person = await api.openWallet()
    const told = await api.ask('GET', `/v1/merchants/${person.walletId}/webhook-secret`, { by: person.signer })
    expect(told).toMatchObject({ status: 422, body: { reason: 'merchant-required' } })
  })
})

describe('what a merchant is told', () => {
  const id = () => webhookIdText(toldOf(shop).event.eventId)

  test('is listed with how it stands, and shown with its body and its tries', async () => {
    api.told = [toldOf(shop)]
    const { body } = await ask('GET', '/webhooks')
    const listed = { webhook_id: id(), type: 'order.paid', order_no: 'T-1', status: 'dead', attempts: 29 }
    expect(body.webhooks).toEqual([expect.objectContaining(listed)])
    const shown = (await ask('GET', `/webhooks/${id()}`)).body
    expect(JSON.parse(String(shown.body))).toMatchObject({
      type: 'order.paid',
      data: { wallet_id: shop.walletId, order_no: 'T-1', amount: '12.50', payer_wallet: 'W1048576' },
    })
    expect(shown.deliveries).toEqual([expect.objectContaining({ attempt: 1, status: 500, error: 'answered 500' })])
  })

  test('is asked for again through the log, once for each request', async () => {
    api.told = [toldOf(shop)]
    const request_id = newId()
    const before = await Promise.all(api.logs.map(async (log) => (await log.bounds()).last))
    const told = await ask('POST', `/webhooks/${id()}/replay`, { request_id })
    expect(told).toMatchObject({ status: 200, body: { webhook_id: id(), request_id } })
    const after = await Promise.all(api.logs.map(async (log) => (await log.bounds()).last))
    expect(after.reduce((a, b) => a + b) - before.reduce((a, b) => a + b)).toBe(1)
  })

  test.each([
    ['GET', '/webhooks/evt_nonsense', 422],
    ['GET', '/webhooks/evt_ffffffffffffffffffffffffffffffff', 404],
    ['POST', '/webhooks/evt_ffffffffffffffffffffffffffffffff/replay', 404],
    ['GET', '/webhooks?status=lost', 422],
    ['GET', '/webhooks?cursor=-1', 422],
  ] as const)('%s %s is answered %i', async (method, tail, status) => {
    api.told = []
    const json = method === 'POST' ? { request_id: newId() } : undefined
    expect((await ask(method, tail, json)).status).toBe(status)
  })

  test('cannot be listed while the journal is away', async () => {
    expect(await ask('GET', '/webhooks')).toMatchObject({ status: 503, body: { reason: 'journal-unavailable' } })
  })
})
