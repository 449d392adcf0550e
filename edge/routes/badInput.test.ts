import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId, walletSigner } from '../client/node.ts'
import type { RequestSigner } from '../client/requests.ts'
import { messageNamed, writeMessage } from '../wire/protobuf.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { type Bound, bound, isNumber, samples, signerOf } from './testOperations.ts'
import type { Told } from './testRequest.ts'
import { isOfMerchants, openOwn, paymentOf } from './testThings.ts'

let api: TestApi
let own: TestWallet
let other: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  own = await api.openWallet()
  other = await api.openWallet()
  await api.fund(own, '1000.00')
})
afterAll(() => api.close())

type Sent = { json?: unknown; bytes?: Uint8Array | string; type?: string; headers?: Record<string, string> }

const logged = (): Promise<number[]> => Promise.all(api.logs.map(async (log) => (await log.bounds()).last))

/** A good request of the operation, and a way to send it changed. What it needs beforehand is done. */
async function prepare({ name, method }: Bound) {
  const { by, sample } = samples[name]!
  // To be unfrozen a wallet is frozen first, which would spoil it for all that follows.
  const about = name === 'unfreezeWallet' || isOfMerchants(name) ? await openOwn(api, name) : own
  const { path, json = {} } = await sample(api, about, other)
  const signer = signerOf(api, by, about, other)
  const send = (sent: Sent, to = path): Promise<Told> => api.ask(method, to, { ...(signer && { by: signer }), ...sent })
  return { path, json, signer, send }
}

/** Sends what is wrong, and holds the answer to what every refusal owes; nothing may have reached any log. */
async function refused(told: () => Promise<Told>, status: number, field: string | undefined): Promise<Told> {
  const before = await logged()
  const answered = await told()
  const { body } = answered
  expect({ status: answered.status, field: (body.errors as { field: string }[] | undefined)?.[0]?.field }).toEqual({
    status,
    field,
  })
  expect(answered.headers.get('content-type')).toBe('application/problem+json')
  expect(body).toMatchObject({ type: `/problems/${body.reason}`, title: expect.any(String), status })
  expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts\b|Error:|6225880123451234|0{8}a5a5/)
  expect(await logged()).toEqual(before)
  expect(api.faults).toEqual([])
  return answered
}

const withBody = bound.filter(({ request }) => request !== undefined).map((one) => [one.name, one] as const)

describe.each(withBody)('%s refuses', (_name, one) => {
  test('what is no JSON object, or is none of the known forms', async () => {
    const { json, send } = await prepare(one)
    const text = JSON.stringify(json)
    const [first = ''] = Object.keys(json)
    await refused(() => send({ bytes: text.slice(0, -1) }), 400, undefined)
    await refused(() => send({ bytes: `${text}}` }), 400, undefined)
    await refused(() => send({ bytes: `[${text}]` }), 400, undefined)
    await refused(() => send({ bytes: 'null' }), 400, undefined)
    await refused(() => send({ bytes: `\ufeff${text}` }), 400, undefined)
    await refused(() => send({ bytes: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }), 400, undefined)
    await refused(() => send({ bytes: text.replace('{', `{"${first}":"a",`) }), 400, first)
    await refused(() => send({ bytes: `{"x":${'['.repeat(40)}${']'.repeat(40)}}` }), 400, `x${'[0]'.repeat(31)}`)
    await refused(() => send({ bytes: text.padEnd(65_537) }), 413, undefined)
    await refused(() => send({ bytes: text, type: 'text/plain' }), 415, 'Content-Type')
    await refused(() => send({ json, headers: { accept: 'text/html' } }), 406, 'Accept')
  })

  test('a member that it does not know, and names it', async () => {
    const { json, send } = await prepare(one)
    await refused(() => send({ json: { ...json, memo: 'x' } }), 422, 'memo')
    await refused(() => send({ json: { ...json, '': 'x' } }), 422, '""')
    await refused(() => send({ bytes: JSON.stringify(json).replace('{', '{"__proto__":{"a":1},') }), 422, '__proto__')
  })

  test('each member of another type, too long, not plainly written or out of range, and names it', async () => {
    const { json, send } = await prepare(one)
    for (const [member, value] of Object.entries(json)) {
      const put = (source: string): Sent => {
        const text = JSON.stringify({ ...json, [member]: '\u0001' })
        return { bytes: text.replace('"\\u0001"', () => source) }
      }
      const number = isNumber(one.request!, member)
      const sources = ['{}', '[]', `"${'x'.repeat(5_000)}"`, '-1', '1e2', '1.001', '9007199254740993', '1E400']
      if (number) sources.push('1.5', '"1"', 'true', '4294967297')
      else if (value !== true && value !== false) sources.push('true', '""', '" "', '"\\u0000"', '"a\\nb"')
      for (const source of sources) {
        await refused(() => send(put(source)), 422, member)
      }
    }
  })

  test('a body without the members that it needs, and names them', async () => {
    const { json, send } = await prepare(one)
    const optional = [
      'algorithm',
      'risk_level',
      'legal_name',
      'effective_at',
      'active',
      'account_no',
      'reason',
      'label',
      'request_id',
    ]
    if (one.name !== 'openUser') optional.push('kyc_level')
    const needed = Object.keys(json).filter(
      (member) => !optional.includes(member) || (one.name === 'openUser' && member === 'request_id'),
    )
    for (const member of needed) {
      const { [member]: _, ...rest } = json
      await refused(() => send({ json: rest }), 422, member === 'request_id' ? 'Idempotency-Key' : member)
    }
  })

  test('a message that is cut off, has fields unknown or twice, or values of another type', async () => {
    const { json, send } = await prepare(one)
    const type = 'application/x-protobuf'
    const good = Buffer.from(writeMessage(one.request!, json))
    const [first] = messageNamed(one.request!).fields.filter(({ name }) => name in json)
    const last = messageNamed(one.request!)
      .fields.filter(({ name }) => name in json)
      .at(-1)
    await refused(() => send({ bytes: good.subarray(0, -1), type }), 400, last!.name)
    await refused(() => send({ bytes: Buffer.concat([good, Buffer.of(0xfa, 0x01, 0)]), type }), 400, undefined)
    await refused(() => send({ bytes: Buffer.concat([good, good]), type }), 400, first!.name)
    await refused(() => send({ bytes: Buffer.of(0x0d, 0, 0, 0, 0), type }), 400, fieldOne(one.request!))
    await refused(() => send({ bytes: Buffer.alloc(40, 0xff), type }), 400, undefined)
  })
})

const fieldOne = (request: string): string => messageNamed(request).fields.find((field) => field.number === 1)!.name

const moneyMembers = [
  ['linkAccount', 'balance_limit'],
  ['recharge', 'amount'],
  ['redeem', 'amount'],
  ['submitPayment', 'amount'],
  ['createOrder', 'amount'],
  ['refundOrder', 'amount'],
  ['placeHold', 'amount'],
  ['captureHold', 'amount'],
  ['signMandate', 'amount'],
  ['signMandate', 'period_amount'],
  ['collectMandate', 'amount'],
  ['putLimits', 'day'],
] as const

describe.each(moneyMembers)('%s takes no %s', (name, member) => {
  const texts = [
    '1.001',
    '1e2',
    '-1',
    '+1',
    '01',
    '1.',
    '.5',
    'NaN',
    'Infinity',
    '0x10',
    '1,00',
    '１',
    '1 ',
    '9223372036854775808',
  ]
  test.each(texts.map((text) => JSON.stringify(text)).concat('1.001', '100.000', '1e2', '-0.01', '90071992547409.93'))(
    'of %s',
    async (source) => {
      const one = bound.find((each) => each.name === name)!
      const { json, send } = await prepare(one)
      const text = JSON.stringify({ ...json, [member]: '\u0001' }).replace('"\\u0001"', () => source)
      await refused(() => send({ bytes: text }), 422, member)
    },
  )
})

const signed = bound
  .filter(({ name }) => name !== 'submitPayment' && name !== 'showPayLink')
  .map((one) => [one.name, one] as const)

describe.each(signed)('%s is not done', (_name, one) => {
  test('unsigned, signed by a key that is none, too long ago, in the future, for another body, path or method', async () => {
    const { path, json, signer } = await prepare(one)
    const body = one.request === undefined ? {} : { json }
    const headers: Record<string, string> = one.method === 'DELETE' ? { 'idempotency-key': newId() } : {}
    const ask = (changes: object, to = path): Promise<Told> => api.ask(one.method, to, { ...body, headers, ...changes })
    await refused(() => ask({}), 401, 'Signature')
    await refused(() => ask({ by: { ...signer!, keyId: 'institution:250' } }), 401, 'Signature')
    await refused(() => ask({ by: { ...signer!, keyId: 'W999999999' } }), 401, 'Signature')
    await refused(() => ask({ by: { ...signer!, keyId: '' } }), 401, 'Signature')
    await refused(() => ask({ by: signer, signedAtMs: Date.now() - 400_000 }), 401, 'Signature')
    await refused(() => ask({ by: signer, signedAtMs: Date.now() + 400_000 }), 401, 'Signature')
    const told = await refused(() => ask({ by: flipped(signer!) }), 401, 'Signature')
    expect(told.headers.get('www-authenticate')).toBe('Signature')
    await refused(() => ask({ by: signer, signedPath: '/v1/other' }), 401, 'Signature')
    if (one.request !== undefined) await refused(() => ask({ by: signer, signedBody: '{}' }), 401, 'Signature')
  })
})

function flipped(signer: RequestSigner): RequestSigner {
  const sign = (base: Uint8Array): Uint8Array => {
    const signature = Uint8Array.from(signer.sign(base))
    signature[9]! ^= 1
    return signature
  }
  return { ...signer, sign }
}

describe('a payment is not made', () => {
  const pay = (changes: object) => () =>
    api.ask('POST', '/v1/payments', { json: { ...paymentOf(own, other), ...changes } })

  test.each<[string, object, number, string]>([
    ['with another amount than was signed', { amount: '2.00' }, 401, 'payer_wallet'],
    ['to another payee than was signed', { payee_wallet: 'M4711' }, 401, 'payer_wallet'],
    ['of another payer than signed', { payer_wallet: 'W4711' }, 401, 'payer_wallet'],
    ['with a signature that is no DER', { signature: '00'.repeat(70) }, 401, 'payer_wallet'],
    ['with a signature that is no hex', { signature: 'zz'.repeat(70) }, 422, 'signature'],
    ['in another currency', { currency: 'CNY' }, 422, 'currency'],
    ['at a time that is none', { timestamp: '2026-02-30T00:00:00Z' }, 422, 'timestamp'],
    ['under an id that is none', { payment_id: 'P20261332001' }, 422, 'payment_id'],
    ['under a random UUID', { payment_id: '3f2b8c1e-1111-4222-8333-444455556666' }, 422, 'payment_id'],
    ['at a place that is none', { geo_location: '91,0' }, 422, 'geo_location'],
  ])('%s', async (_what, changes, status, field) => {
    const before = [api.balance(own), api.balance(other)]
    await refused(pay(changes), status, field)
    expect([api.balance(own), api.balance(other)]).toEqual(before)
  })

  test.each<[string, () => object, number, string, string]>([
    ['that is stale', () => ({ timestamp: past(20) }), 422, 'timestamp', 'timestamp-stale'],
    ['of the future', () => ({ timestamp: past(-20) }), 422, 'timestamp', 'timestamp-early'],
    ['from a wallet to itself', () => ({ payee_wallet: own.walletId }), 422, 'payee_wallet', 'payer-is-payee'],
    ['to nobody', () => ({ payee_wallet: 'W999999999' }), 404, 'payee_wallet', 'payee-unknown'],
    ['of more than there is', () => ({ amount: '100000.00' }), 409, 'amount', 'funds-insufficient'],
  ])('%s, though it is well signed', async (_what, changes, status, field, reason) => {
    const before = [api.balance(own), api.balance(other)]
    const told = await api.ask('POST', '/v1/payments', { json: paymentOf(own, other, changes()) })
    expect(told).toMatchObject({ status, body: { reason, errors: [{ field }] } })
    expect([api.balance(own), api.balance(other)]).toEqual(before)
  })
  const past = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
})

describe('paths and queries', () => {
  const asOperator = (path: string, method = 'GET') => api.ask(method, path, { by: api.operator.signer })
  test.each([
    ['/v1/wallets/X1', 422, 'wallet_id'],
    ['/v1/wallets/W0', 422, 'wallet_id'],
    ['/v1/wallets/W99999999999999999', 422, 'wallet_id'],
    ['/v1/users/U1e3', 422, 'user_id'],
    ['/v1/payments/4711', 422, 'payment_id'],
    ['/v1/recharges/4711', 422, 'tx_id'],
  ])('%s names what is wrong: %i', async (path, status, field) => {
    await refused(() => asOperator(path), status, field)
  })

  test.each(['limit=0', 'limit=501', 'limit=1e1', 'limit=-1', 'limit=x', 'cursor=x', 'limits=5'])(
    '?%s',
    async (query) => {
      const [name] = query.split('=')
      await refused(() => asOperator(`/v1/wallets/${own.walletId}/entries?${query}`), 422, name)
    },
  )

  test('what an operation does not know, or is told twice, is named', async () => {
    await refused(() => asOperator(`/v1/payees/${own.walletId}?fresh=true`), 422, 'fresh')
    await refused(() => asOperator(`/v1/limits?at=now`), 422, 'at')
    await refused(() => asOperator(`/v1/wallets/${own.walletId}/entries?limit=1&limit=2`), 422, 'limit')
  })

  test.each(['1', '2026-11-28', '2026-11-28T10:00:00', '2026-02-30T00:00:00Z'])(
    'payments are not looked for from %s on, which is no time',
    async (time) => {
      await refused(() => asOperator(`/v1/payments?from=${time}`), 422, 'from')
      await refused(() => asOperator(`/v1/payments?to=${time}`), 422, 'to')
    },
  )

  test('what is not there is 404, and another method is 405 with those that are possible', async () => {
    for (const path of [
      '/',
      '/v1',
      '/v1/wallet',
      '/v1/wallets/W1/freeze/x',
      '/v2/payments',
      '/v1/payments/',
      '/.env',
    ]) {
      await refused(() => asOperator(path), 404, undefined)
    }
    const told = await refused(() => asOperator(`/v1/wallets/${own.walletId}`, 'DELETE'), 405, undefined)
    expect(told.headers.get('allow')).toBe('GET')
    const payments = await refused(() => asOperator('/v1/payments', 'PUT'), 405, undefined)
    expect(payments.headers.get('allow')).toBe('GET, POST')
  })
})

test('problems are in Chinese to who asks for it, and in English to everybody else', async () => {
  const ask = (language: string) => api.ask('GET', '/v1/limits', { headers: { 'accept-language': language } })
  expect((await ask('zh-CN,zh;q=0.9,en;q=0.8')).body.title).toBe('签名无效')
  const english = await ask('fr, en;q=0.5, zh;q=0.4')
  expect([english.body.title, english.headers.get('content-language')]).toEqual([
    'The request is not validly signed.',
    'en',
  ])
})

test('a wallet’s request under the id of its merchant twin is not signed', async () => {
  const by = walletSigner(own.walletId.replace('W', 'M'), own.key)
  await refused(() => api.ask('GET', `/v1/wallets/${own.walletId}`, { by }), 401, 'Signature')
})
