import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { newOrder, orderOf, paymentOf } from './testThings.ts'

let api: TestApi
let payer: TestWallet
let shop: TestWallet
beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  payer = await api.openWallet()
  shop = await api.openWallet(api.institution, 'merchant')
  await api.fund(payer, '1000.00')
})
afterEach(() => api.close())

type Json = Readonly<Record<string, unknown>>
const reason = 'tried in a test'
const change = (method: string, path: string, json: Json, by = api.operator.signer) =>
  api.ask(method, path, { by, json: { request_id: newId(), reason, ...json } })
const putRule = (json: Json) => change('PUT', '/v1/risk-rules', json)
const pay = (amount: string, device?: string) => {
  const json = paymentOf(payer, shop, { amount })
  return api.ask('POST', '/v1/payments', {
    json,
    ...(device === undefined ? {} : { headers: { 'x-device-fingerprint': device } }),
  })
}

describe('a payment that a rule refuses', () => {
  test('is told which kind of rule it was, and no threshold', async () => {
    await putRule({ kind: 'payer-frequency', action: 'refuse', window: '1h', payments_max: 7_777 })
    const told = await putRule({ kind: 'payer-frequency', action: 'refuse', window: '10s', payments_max: 1 })
    expect(told).toMatchObject({ status: 200, body: { status: 'in-force-or-dated' } })
    expect((await pay('1.00')).status).toBe(200)
    const refused = await pay('1.00')
    expect(refused).toMatchObject({ status: 403, body: { code: 'RISK_FREQUENCY', reason: 'risk-frequency' } })
    expect(JSON.stringify(refused.body)).not.toMatch(/7777|10s|10000/)
    expect(api.balance(payer)).toBe(99_900)
  })

  test('is known by the device that its request names', async () => {
    await putRule({ kind: 'device-frequency', action: 'refuse', window: '1m', payments_max: 1 })
    expect((await pay('1.00', 'phone of ann')).status).toBe(200)
    expect(await pay('1.00', 'phone of ann')).toMatchObject({ status: 403, body: { reason: 'risk-frequency' } })
    expect((await pay('1.00', 'phone of ben')).status).toBe(200)
  })

  test('on a device that is new asks for a person, or is refused', async () => {
    await putRule({ kind: 'new-device', action: 'confirm', age_seconds: 3_600, amount: '50.00' })
    expect(await pay('50.01', 'new phone')).toMatchObject({ status: 403, body: { code: 'CONFIRMATION_REQUIRED' } })
    await putRule({ kind: 'new-device', action: 'refuse', age_seconds: 3_600, amount: '50.00' })
    expect(await pay('50.01', 'new phone')).toMatchObject({ status: 403, body: { code: 'RISK_DEVICE' } })
    expect((await pay('50.00', 'new phone')).status).toBe(200)
    await putRule({ kind: 'new-device', action: 'off' })
    expect((await pay('50.01', 'new phone')).status).toBe(200)
  })

  test('comes back when the merchant takes no more', async () => {
    await putRule({ kind: 'merchant-frequency', action: 'refuse', window: '1h', payments_max: 5, amount: '60.00' })
    expect((await pay('60.00')).status).toBe(200)
    expect(await pay('0.01')).toMatchObject({ status: 409, body: { code: 'PAYEE_FREQUENCY' } })
    expect(api.balance(payer)).toBe(94_000)
  })
})

describe('a rule', () => {
  test.each<[string, Json, string]>([
    ['a frequency without its window', { kind: 'payer-frequency', action: 'refuse', payments_max: 1 }, 'window'],
    ['a frequency without a number', { kind: 'payer-frequency', action: 'refuse', window: '1m' }, 'payments_max'],
    ['a habit without an amount', { kind: 'habit', action: 'refuse', factor: 3 }, 'amount'],
    ['a habit of a window', { kind: 'habit', action: 'refuse', factor: 3, amount: '1', window: '1m' }, 'window'],
    [
      'a merchant who confirms',
      { kind: 'merchant-frequency', action: 'confirm', window: '1m', payments_max: 1 },
      'action',
    ],
    ['an age of a habit', { kind: 'habit', action: 'refuse', factor: 3, amount: '1', age_seconds: 1 }, 'age_seconds'],
  ])('that is %s is refused by name', async (_, json, field) => {
    expect(await putRule(json)).toMatchObject({ status: 422, body: { errors: [{ field }] } })
  })

  test.each(['2031-02-30T00:00:00Z', '2031-01-01T00:00:00', '1969-12-31T00:00:00Z'])(
    'from %s on is refused, and so are limits: the calendar has no such day, or it is no time of a place',
    async (effective_at) => {
      const wrong = { status: 422, body: { errors: [{ field: 'effective_at' }] } }
      const rule = { kind: 'habit', action: 'refuse', factor: 3, amount: '1', effective_at }
      expect(await putRule(rule)).toMatchObject(wrong)
      const limits = { class: 3, balance: '1', single: '1', day: '1', year: '1', effective_at }
      expect(await change('PUT', '/v1/limits', limits)).toMatchObject(wrong)
      expect(await change('PUT', '/v1/limits/refunds', { days: 3, effective_at })).toMatchObject(wrong)
    },
  )

  test('is listed with its versions, and which of them holds', async () => {
    const rule = { kind: 'habit', action: 'refuse', amount: '100.00' }
    await putRule({ ...rule, factor: 10 })
    await putRule({ ...rule, factor: 20 })
    await putRule({ ...rule, factor: 30, effective_at: '2031-01-01T00:00:00Z' })
    await pay('1.00')
    const { body } = await api.ask('GET', '/v1/risk-rules', { by: api.operator.signer })
    const rules = body.rules as Json[]
    expect(rules.map(({ factor, in_force, amount }) => [factor, in_force, amount])).toEqual([
      [10, false, '100.00'],
      [20, true, '100.00'],
      [30, false, '100.00'],
    ])
    expect(body).toMatchObject({ rule_version: 2, second_person_required: false })
  })
})

describe('where a second person is needed', () => {
  const rule = { kind: 'payer-frequency', action: 'refuse', window: '1h', payments_max: 1 }
  const propose = (json: Json, by = api.operator.signer) => change('POST', '/v1/proposals', json, by)
  const decide = (id: unknown, word: string, by = api.otherOperator.signer) =>
    change('POST', `/v1/proposals/${id}/${word}`, {}, by)
  beforeEach(() => change('PUT', '/v1/risk-rules/second-person', { required: true }))

  test('nobody changes a rule alone, by whichever route', async () => {
    const required = { status: 403, body: { code: 'SECOND_PERSON_REQUIRED' } }
    const limits = { class: 3, balance: '1', single: '1', day: '1', year: '1' }
    const { walletId } = shop
    expect(await putRule(rule)).toMatchObject(required)
    expect(await change('PUT', '/v1/risk-rules/second-person', { required: false })).toMatchObject(required)
    expect(
      await change('PUT', `/v1/wallets/${walletId}/standing`, { standing: 'blacklisted', cause: 'fraud' }),
    ).toMatchObject(required)
    expect(await change('PUT', '/v1/limits', limits)).toMatchObject(required)
  })

  test('a rule is in force once another operator agrees, and who proposed it cannot', async () => {
    const { status, body } = await propose({ change: 'risk_rule', ...rule })
    expect(status).toBe(201)
    expect(await decide(body.proposal_id, 'approve', api.operator.signer)).toMatchObject({
      status: 403,
      body: { code: 'SECOND_PERSON_REQUIRED' },
    })
    await pay('1.00')
    expect((await pay('1.00')).status).toBe(200)
    expect(await decide(body.proposal_id, 'approve')).toMatchObject({ status: 200, body: { status: 'done' } })
    await pay('1.00')
    expect(await pay('1.00')).toMatchObject({ status: 403, body: { code: 'RISK_FREQUENCY' } })
    expect(await decide(body.proposal_id, 'approve')).toMatchObject({ status: 409, body: { code: 'PROPOSAL_ENDED' } })
  })

  test('limits and the blacklist are changed likewise', async () => {
    const { walletId: wallet_id } = shop
    const limits = { class: 1, balance: 'none', single: '5.00', day: 'none', year: 'none' }
    for (const json of [
      { change: 'limits', ...limits },
      { change: 'standing', wallet_id, standing: 'blacklisted', cause: 'fraud' },
    ]) {
      const { body } = await propose(json)
      expect(await decide(body.proposal_id, 'approve')).toMatchObject({ status: 200 })
    }
    expect(await pay('5.01')).toMatchObject({ body: { code: 'LIMIT_SINGLE' } })
    expect(await pay('5.00')).toMatchObject({ status: 409, body: { code: 'PAYEE_BLACKLISTED' } })
  })

  test('what is given up is not done', async () => {
    const { body } = await propose({ change: 'risk_rule', ...rule })
    expect(await decide(body.proposal_id, 'reject', api.operator.signer)).toMatchObject({
      body: { status: 'given-up' },
    })
    expect(await decide(body.proposal_id, 'approve')).toMatchObject({ status: 409, body: { code: 'PROPOSAL_ENDED' } })
    expect(await decide(newId(), 'approve')).toMatchObject({ status: 404, body: { code: 'PROPOSAL_UNKNOWN' } })
  })

  test.each<[string, Json, string]>([
    ['half of the limits', { change: 'limits', class: 3, single: '5' }, 'balance'],
    ['a member of another change', { change: 'refund_period', days: 3, percent: 4 }, 'percent'],
    ['a rule of no sense', { change: 'risk_rule', kind: 'habit', action: 'refuse' }, 'factor'],
    ['a date that has passed', { change: 'refund_period', days: 3, expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
  ])('%s is not proposed', async (_, json, field) => {
    const { status, body } = await propose(json)
    expect([status, (body.errors as Json[])[0]!.field]).toEqual([422, field])
  })

  test('what expires within a minute is agreed to by nobody', async () => {
    const expires_at = new Date(Date.now() + 30_000).toISOString()
    const { body } = await propose({ change: 'risk_rule', ...rule, expires_at })
    expect(await decide(body.proposal_id, 'approve')).toMatchObject({ status: 410, body: { code: 'PROPOSAL_EXPIRED' } })
  })

  test('a proposal is shown as what would be carried out', async () => {
    const { body } = await propose({ change: 'risk_rule', ...rule })
    const [open] = (await api.gateway.queries.ask(0, { type: 'proposals' })).result
    const id = Buffer.from(String(body.proposal_id).replaceAll('-', ''), 'hex')
    const times = { openedMs: Date.now(), expiresMs: open!.expiresMs, seq: 9, index: 0, decided: undefined }
    api.proposals = [{ ...open!, id, content: reason, ...times }]
    const listed = await api.ask('GET', '/v1/proposals', { by: api.otherOperator.signer })
    expect(listed.body.proposals).toMatchObject([
      {
        proposal_id: body.proposal_id,
        change: 'risk_rule',
        status: 'open',
        proposed_by: 'operator:1',
        details: [
          { name: 'kind', value: 'payer-frequency' },
          { name: 'action', value: 'refuse' },
          { name: 'window', value: '1h' },
          { name: 'payments_max', value: '1' },
        ],
      },
    ])
  })
})

describe('a payee who is suspended', () => {
  test('is not paid and makes no orders, until that is lifted', async () => {
    const path = `/v1/wallets/${shop.walletId}/standing`
    const order = await newOrder(api, shop)
    expect(await change('PUT', path, { standing: 'suspended', cause: 'complaints' })).toMatchObject({ status: 200 })
    const refused = { status: 409, body: { code: 'PAYEE_SUSPENDED' } }
    expect(await pay('1.00')).toMatchObject(refused)
    expect(await api.ask('POST', '/v1/payments', { json: paymentOf(payer, shop, { order }) })).toMatchObject(refused)
    const orders = `/v1/merchants/${shop.walletId}/orders`
    expect(await api.ask('POST', orders, { by: shop.signer, json: orderOf() })).toMatchObject(refused)
    expect(api.balance(payer)).toBe(100_000)
    await change('PUT', path, { standing: 'good', cause: 'resolved' })
    expect((await pay('1.00')).status).toBe(200)
  })
})
