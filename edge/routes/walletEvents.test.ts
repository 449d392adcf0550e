import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { signatureOf } from './testRequest.ts'

let api: TestApi
let own: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  own = await api.openWallet()
})
afterAll(() => api.close())

const happened = (seq: number) => {
  const place = { seq, index: 0, kind: 2, timeMs: Date.now(), about: undefined, orderNo: undefined }
  return { ...place, deltaFen: 150, counterparty: 1_048_577, counterpartyKind: 1, id: new Uint8Array(16).fill(0x70) }
}
const followed = () => [0, 1].map((shard) => ({ shard, seq: 20, timeMs: Date.now() }))
const path = () => `/v1/wallets/${own.walletId}/events`
const open = (headers: Record<string, string>, by = own.signer) => {
  const url = new URL(path(), 'https://edge.test')
  const signed = signatureOf(by, 'GET', url, Buffer.alloc(0), {})
  return api.app.request(url.href, { headers: { ...headers, ...signed } })
}

test('an institution that is suspended hears no more', async () => {
  api.events = { followed: followed(), events: [] }
  const put = (active: boolean) => {
    const publicKey = Buffer.from(api.institution.publicKey).toString('hex')
    const said = { role: 'institution', number: 1, active, public_key: publicKey, reason: 'tried in a test' }
    return api.ask('PUT', '/v1/principals', { by: api.operator.signer, json: { ...said, request_id: newId() } })
  }
  const response = await open({ accept: 'text/event-stream' }, api.institution.signer)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = response.body!.getReader()
  expect((await put(false)).status).toBe(200)
  while (!(await reader.read()).done);
  expect((await put(true)).status).toBe(200)
}, 20_000)

test('who asks for a stream gets one, told as it happens, and ended when the edge drains', async () => {
  api.events = { followed: followed(), events: [happened(12)] }
  const response = await open({ accept: 'text/event-stream', 'last-event-id': '11.0.2' })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(response.headers.get('cache-control')).toBe('no-store')
  api.events = { followed: followed(), events: [happened(12)] }
  const reader = response.body!.getReader()
  let text = ''
  while (!text.includes('payment.received')) text += new TextDecoder().decode((await reader.read()).value)
  expect(text).toMatch(/^retry: 2000\n\n.*id: 12\.0\.2\nevent: payment\.received\ndata: \{.*"amount":"1\.50"/s)
  api.web.services.events.close()
  while (!(await reader.read()).done) text += '.'
})

test('who asks for JSON gets one page, and where to go on', async () => {
  api.events = { followed: followed(), events: [happened(12), happened(13)] }
  const told = await api.ask('GET', `${path()}?after=11.0.2`, { by: own.signer })
  expect(told.body).toMatchObject({ last_event_id: '20.999999.999', followed: { seq: 20 } })
  expect((told.body.events as { event_id: string }[]).map(({ event_id }) => event_id)).toEqual(['12.0.2', '13.0.2'])
})

test('an id that is none of ours is refused by its name', async () => {
  const told = await api.ask('GET', `${path()}?after=x`, { by: own.signer })
  expect(told).toMatchObject({ status: 422, body: { errors: [{ field: 'after' }] } })
  const response = await open({ accept: 'text/event-stream', 'last-event-id': 'x' })
  expect(response.status).toBe(422)
  expect(await response.json()).toMatchObject({ errors: [{ field: 'Last-Event-ID' }] })
})

test('while the journal is away a page is refused, with when to try again', async () => {
  api.events = undefined
  const told = await api.ask('GET', path(), { by: own.signer })
  expect([told.status, told.body.reason, told.headers.get('retry-after')]).toEqual([503, 'journal-unavailable', '5'])
})
