import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sign9421 } from '../client/node.ts'
import { createApp } from './app.ts'
import { paymentListener } from './paymentListener.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { paymentOf } from './testThings.ts'

let api: TestApi
let payer: TestWallet
let payee: TestWallet
let server: Server
let taken = 0
/** What was counted as answered, by its status. */
const answered: number[] = []
/** Whether payments go straight from the server, or all through the application. */
let straight = true
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  payer = await api.openWallet()
  payee = await api.openWallet()
  await api.fund(payer, '1000')
  const web = { ...api.web, onAnswered: (_operation: string, status: number) => void answered.push(status) }
  const taker = paymentListener(web)
  const general = getRequestListener(createApp(web, { ready: () => ({ ready: true, detail: {} }) }).fetch as never)
  server = createServer({ joinDuplicateHeaders: true }, (incoming, outgoing) => {
    if (straight && taker(incoming, outgoing)) taken += 1
    else void general(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  api.close()
})

const payment = (changes: object = {}): string => JSON.stringify(paymentOf(payer, payee, changes))

/** Of the next request: when it has begun, and when its client is gone and what that causes is done. */
function whenGone(): { begun: Promise<void>; over: Promise<void> } {
  const begun = Promise.withResolvers<void>()
  const over = new Promise<void>((resolve) => {
    server.once('request', (incoming: IncomingMessage) => {
      incoming.once('close', () => setImmediate(() => setImmediate(resolve)))
      begun.resolve()
    })
  })
  return { begun: begun.promise, over }
}

type Told = { status: number | undefined; headers: IncomingHttpHeaders; body: string }
type Sent = {
  body: string
  headers?: Record<string, string | string[]>
  path?: string
  method?: string
  chunked?: boolean
}

function send({ body, headers = {}, path = '/v1/payments', method = 'POST', chunked = false }: Sent): Promise<Told> {
  const { port } = server.address() as AddressInfo
  const length = chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const all = { 'content-type': 'application/json', ...length, ...headers }
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: '127.0.0.1', path, method, headers: all }, (response: IncomingMessage) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        const { date: _, ratelimit: _left, ...told } = response.headers
        resolve({ status: response.statusCode, headers: told, body: text })
      })
    })
    asking.once('error', reject)
    if (chunked) asking.write(body.slice(0, 10))
    asking.end(chunked ? body.slice(10) : body)
  })
}

async function sendBothWays(sent: Sent): Promise<[Told, Told]> {
  straight = true
  const first = await send(sent)
  straight = false
  const second = await send(sent)
  straight = true
  return [first, second]
}

describe('a payment taken straight from the server is answered as the application would', () => {
  test.each<[string, number, () => Sent]>([
    ['completed', 200, () => ({ body: payment() })],
    ['in English', 401, () => ({ body: payment({ payer_wallet: 'W999999' }), headers: { 'accept-language': 'en' } })],
    ['refused for want of funds', 409, () => ({ body: payment({ amount: '1500.00' }) })],
    ['without an id', 422, () => ({ body: payment().replace('payment_id', 'payment_no') })],
    ['three decimals', 422, () => ({ body: payment({ amount: '1.005' }) })],
    ['no JSON', 400, () => ({ body: '{"payment_id":' })],
    ['no object', 400, () => ({ body: '[]' })],
    ['another type', 415, () => ({ body: payment(), headers: { 'content-type': 'text/plain' } })],
    ['two types', 415, () => ({ body: payment(), headers: { 'content-type': ['application/json', 'text/plain'] } })],
    ['no form that is known', 406, () => ({ body: payment(), headers: { accept: 'text/html' } })],
    ['as Protobuf', 200, () => ({ body: payment(), headers: { accept: 'application/x-protobuf' } })],
    ['Protobuf that is none', 400, () => ({ body: 'x', headers: { 'content-type': 'application/x-protobuf' } })],
    ['from no place', 422, () => ({ body: payment(), headers: { 'x-geo-location': 'here' } })],
    ['with a device', 200, () => ({ body: payment(), headers: { 'x-device-fingerprint': 'd'.repeat(600) } })],
  ])('%s: %i', async (_what, status, makeSent) => {
    const before = taken
    const [first, second] = await sendBothWays(makeSent())
    expect(first).toEqual(second)
    expect(first.status).toBe(status)
    expect(taken).toBe(before + 1)
  })

  test('the same id again: the same bytes', async () => {
    const body = payment()
    const before = api.balance(payer)
    const [first, second] = [await send({ body }), await send({ body })]
    expect(first).toMatchObject({ status: 200 })
    expect(second).toEqual(first)
    expect(api.balance(payer)).toBe(before - 100)
  })
})

describe('what is not plainly a payment is left to the application', () => {
  test.each<[string, number, () => Sent]>([
    ['a body whose length is not announced', 200, () => ({ body: payment(), chunked: true })],
    ['a body that is too large', 413, () => ({ body: ' '.repeat(70_000) })],
    ['no body', 422, () => ({ body: '' })],
    ['another method', 405, () => ({ body: '', method: 'DELETE' })],
    ['another path', 404, () => ({ body: payment(), path: '/v1/payment' })],
  ])('%s: %i', async (_what, status, makeSent) => {
    const before = taken
    expect((await send(makeSent())).status).toBe(status)
    expect(taken).toBe(before)
  })
})

describe('a caller who goes away in the middle of a body moves nothing and is nobody’s fault', () => {
  const length = (body: string): string => `Content-Length: ${body.length}\r\n\r\n`
  const chunked = (body: string): string => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`

  test.each([
    ['straight from the server', '/v1/payments', true, length],
    ['through the application', '/v1/payments', false, length],
    ['through the application, in chunks', '/v1/payments', false, chunked],
    ['with a command', '/v1/users', true, length],
    ['with a command in chunks', '/v1/users', true, chunked],
    ['with a batch', '/v1/payment-batches', true, length],
  ])('%s', async (_what, path, straightOn, frame) => {
    straight = straightOn
    const [before, answeredBefore] = [api.balance(payer), answered.length]
    const body = payment()
    // Of a batch nothing is read before it is known who sends it.
    const batch = path.endsWith('batches')
    const url = new URL(path, 'https://edge.test')
    const signed = batch ? sign9421(api.institution.signer, 'POST', url, Buffer.from(body)) : {}
    const headers = {
      host: 'edge.test',
      'content-type': batch ? 'application/x-ndjson' : 'application/json',
      ...signed,
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const head = `POST ${path} HTTP/1.1\r\n${lines.join('')}${frame(body)}`
    for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const gone = whenGone()
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      socket.on('error', () => undefined)
      await new Promise<void>((resolve) => socket.write(head + body.slice(0, 50), () => resolve()))
      await gone.begun
      socket[leave]()
      await gone.over
    }
    straight = true
    expect(await send({ body: payment() })).toMatchObject({ status: 200 })
    expect(api.balance(payer)).toBe(before - 100)
    expect(api.faults.splice(0)).toEqual([])
    expect(answered.slice(answeredBefore)).toEqual([200])
  })
})
