import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { writeMessage } from '../wire/protobuf.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { newOrder, orderOf, paymentOf } from './testThings.ts'

let api: TestApi
let shop: TestWallet
let ann: TestWallet
let bo: TestWallet
beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  shop = await api.openWallet(api.institution, 'merchant', 0)
  ann = await api.openWallet()
  bo = await api.openWallet()
  await api.fund(ann, '100.00')
  await api.fund(bo, '100.00', '6225880123459876')
})
afterEach(() => api.close())

const path = (orderNo = ''): string => `/v1/merchants/${shop.walletId}/orders${orderNo === '' ? '' : `/${orderNo}`}`
const create = (json: object) => api.ask('POST', path(), { by: shop.signer, json })
const show = (orderNo: string) => api.ask('GET', path(orderNo), { by: shop.signer })
const pay = (payer: TestWallet, order: string, amount = '1.00', changes: object = {}) =>
  api.ask('POST', '/v1/payments', { json: paymentOf(payer, shop, { order, amount, ...changes }) })

describe('a merchant’s order', () => {
  test('is made as it was asked for, and is the same when it is asked for again', async () => {
    const json = orderOf({
      amount: '12.5',
      description: 'tea',
      goods: 'Longjing × 1',
      callback_url: 'https://shop.example/paid',
    })
    const first = await create(json)
    expect(first).toMatchObject({
      status: 201,
      body: { status: 'created', amount: '12.50', refunded: '0.00', description: 'tea', goods: 'Longjing × 1' },
    })
    expect((await create(json)).bytes).toEqual(first.bytes)
    expect((await api.ask('POST', path(), { by: api.institution.signer, json })).bytes).toEqual(first.bytes)
  })

  test.each([
    ['amount', '2.00'],
    ['description', 'other tea'],
    ['callback_url', 'https://other.example/paid'],
  ])('with another %s under the same number is 409', async (member, value) => {
    const json = orderOf()
    await create(json)
    const told = await create({ ...json, [member]: value })
    expect(told).toMatchObject({ status: 409, body: { reason: 'order-reused', errors: [{ field: 'order_no' }] } })
  })

  test.each([
    ['order_no', 'T 1', 422, 'field-invalid'],
    ['expires_at', '2020-01-01T00:00:00Z', 422, 'expiry-invalid'],
    ['callback_url', 'http://shop.example/paid', 422, 'field-invalid'],
    ['callback_url', 'https://me:secret@shop.example/', 422, 'field-invalid'],
    ['amount', '0', 422, 'field-invalid'],
  ])('with %s %s is refused', async (member, value, status, reason) => {
    const told = await create(orderOf({ [member]: value }))
    expect(told).toMatchObject({ status, body: { reason, errors: [{ field: member }] } })
    expect(JSON.stringify(told.body)).not.toContain('secret')
  })

  test('is not for a wallet of a person', async () => {
    const told = await api.ask('POST', `/v1/merchants/${ann.walletId}/orders`, { by: ann.signer, json: orderOf() })
    expect(told).toMatchObject({ status: 422, body: { reason: 'merchant-required' } })
  })
})

describe('a payment that names an order', () => {
  test('pays it, and the order tells by whom', async () => {
    const orderNo = await newOrder(api, shop)
    const told = await pay(ann, orderNo)
    expect(told).toMatchObject({ status: 200, body: { status: 'completed' } })
    const payment = { payer_wallet: ann.walletId, payment_id: told.body.payment_id }
    expect(await show(orderNo)).toMatchObject({ status: 200, body: { status: 'paid', ...payment } })
    expect([api.balance(ann), api.balance(shop)]).toEqual([9_900, 100])
  })

  test('comes back when somebody was faster, and says so again in the same bytes', async () => {
    const orderNo = await newOrder(api, shop)
    await pay(ann, orderNo)
    const json = paymentOf(bo, shop, { order: orderNo })
    const told = await api.ask('POST', '/v1/payments', { json })
    expect(told).toMatchObject({ status: 409, body: { reason: 'order-paid', errors: [{ field: 'order' }] } })
    expect((await api.ask('POST', '/v1/payments', { json })).bytes).toEqual(told.bytes)
    expect([api.balance(bo), api.balance(shop)]).toEqual([10_000, 100])
  })

  test('of two at once one pays, and the other keeps the money', async () => {
    const orderNo = await newOrder(api, shop)
    const told = await Promise.all([pay(ann, orderNo), pay(bo, orderNo)])
    expect(told.map(({ status }) => status).sort()).toEqual([200, 409])
    expect([api.balance(ann), api.balance(bo)].sort()).toEqual([10_000, 9_900])
    expect(api.balance(shop)).toBe(100)
  })

  test.each([
    ['of another amount', '1.01', 'order-amount-differs', 422],
    ['of an order that never was', '1.00', 'order-unknown', 404],
    ['of a closed order', '1.00', 'order-closed', 410],
  ])('%s comes back', async (what, amount, reason, status) => {
    const orderNo = what.includes('never') ? 'T-0' : await newOrder(api, shop)
    if (what.includes('closed')) {
      const closed = await api.ask('POST', `${path(orderNo)}/close`, { by: shop.signer, json: { request_id: newId() } })
      expect(closed).toMatchObject({ status: 200, body: { status: 'closed' } })
    }
    expect(await pay(ann, orderNo, amount)).toMatchObject({ status, body: { reason } })
    expect(api.balance(ann)).toBe(10_000)
  })

  test('is signed with the order’s number: for another order the signature is no good', async () => {
    const [first, second] = [await newOrder(api, shop), await newOrder(api, shop)]
    const json = { ...paymentOf(ann, shop, { order: first }), order: second }
    expect(await api.ask('POST', '/v1/payments', { json })).toMatchObject({ status: 401 })
    const { order: _, ...without } = json
    expect(await api.ask('POST', '/v1/payments', { json: without })).toMatchObject({ status: 401 })
    expect(api.balance(ann)).toBe(10_000)
  })
})

describe('an order that is split', () => {
  let seller: TestWallet
  beforeEach(async () => {
    seller = await api.openWallet(api.otherInstitution, 'merchant', 0)
  })
  const splits = () => [
    { payee_wallet: seller.walletId, percent: '80' },
    { payee_wallet: bo.walletId, amount: '5.00' },
  ]

  test('says what each gets, and sends it on when it is paid', async () => {
    const json = orderOf({ amount: '50.01', splits: splits() })
    const made = await create(json)
    const waiting = [
      { payee_wallet: seller.walletId, amount: '36.01', percent: '80.00', status: 'waiting' },
      { payee_wallet: bo.walletId, amount: '5.00', status: 'waiting' },
    ]
    expect(made).toMatchObject({ status: 201, body: { splits: waiting } })
    expect((await create(json)).bytes).toEqual(made.bytes)
    expect((await pay(ann, String(json.order_no), '50.01')).status).toBe(200)
    while (api.balance(bo) !== 10_500 || api.balance(seller) !== 3_601) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(api.balance(shop)).toBe(900)
    const told = (await show(String(json.order_no))).body.splits as { status: string; payment_id: string }[]
    expect(told.map(({ status }) => status)).toEqual(['paid', 'paid'])
    expect(new Set(told.map(({ payment_id }) => payment_id)).size).toBe(2)
    const asPayment = await api.ask('GET', `/v1/payments/${told[0]!.payment_id}`, { by: shop.signer })
    expect(asPayment).toMatchObject({ status: 503, body: { reason: 'journal-unavailable' } })
  })

  test('under the same number with other splits is 409', async () => {
    const json = orderOf({ amount: '50.00', splits: splits() })
    await create(json)
    for (const changes of [{ splits: undefined }, { splits: splits().slice(1) }, { splits: splits().reverse() }]) {
      expect(await create({ ...json, ...changes })).toMatchObject({ status: 409, body: { reason: 'order-reused' } })
    }
  })

  test.each([
    ['of more than there is', [{ amount: '50.01' }], 'split-invalid', 'splits'],
    ['to one payee twice', [{ percent: '1' }, { percent: '1' }], 'split-invalid', 'splits'],
    ['of an amount and a percentage', [{ amount: '1', percent: '1' }], 'field-invalid', 'splits[0]'],
    ['of neither', [{}], 'field-invalid', 'splits[0]'],
    ['of more than all', [{ percent: '100.01' }], 'field-invalid', 'splits[0].percent'],
    ['to nobody', [{ payee_wallet: 'W999999999', percent: '1' }], 'payee-unknown', 'splits[0].payee_wallet'],
    ['in no parts', [], 'field-invalid', 'splits'],
  ])('%s is none', async (_, given, reason, field) => {
    const json = orderOf({ amount: '50.00', splits: given.map((one) => ({ payee_wallet: seller.walletId, ...one })) })
    const told = await create(json)
    expect(told).toMatchObject({ body: { reason, errors: [{ field }] } })
    expect(told.status).toBeGreaterThanOrEqual(400)
  })

  test('is the same in Protobuf', async () => {
    const json = orderOf({ amount: '50.00', splits: splits() })
    const made = await create(json)
    const bytes = writeMessage('CreateOrderRequest', json)
    const headers = { accept: 'application/json' }
    const again = await api.ask('POST', path(), { by: shop.signer, bytes, type: 'application/x-protobuf', headers })
    expect(again.status).toBe(201)
    expect(again.bytes).toEqual(made.bytes)
  })
})

test('an order that its shard has forgotten, or never had, is not there while the journal says so', async () => {
  expect(await show('T-404')).toMatchObject({ status: 503, body: { reason: 'journal-unavailable' } })
  api.orders = { orders: [], followed: { shard: 0, seq: 9, timeMs: Date.now() }, more: false }
  expect(await show('T-404')).toMatchObject({ status: 404, body: { reason: 'order-unknown' } })
})

describe('a refund of an order', () => {
  const refund = (orderNo: string, amount: string, refund_id = newId(), by = shop.signer) =>
    api.ask('POST', `${path(orderNo)}/refunds`, { by, json: { refund_id, amount } })
  let orderNo: string
  beforeEach(async () => {
    orderNo = await newOrder(api, shop, { amount: '10.00' })
    await pay(ann, orderNo, '10.00')
  })

  test('brings the payer a part of the money, and the order says how much', async () => {
    const id = newId()
    const told = await refund(orderNo, '4.00', id)
    expect(told).toMatchObject({ status: 200, body: { status: 'completed', amount: '4.00', order_no: orderNo } })
    expect((await refund(orderNo, '4.00', id)).bytes).toEqual(told.bytes)
    expect([api.balance(ann), api.balance(shop)]).toEqual([9_400, 600])
    expect((await show(orderNo)).body).toMatchObject({ status: 'partly_refunded', refunded: '4.00' })
    expect((await refund(orderNo, '6.00', newId(), api.institution.signer)).status).toBe(200)
    expect((await show(orderNo)).body).toMatchObject({ status: 'refunded' })
  })

  test('never exceeds what was paid, however many come at once', async () => {
    const told = await Promise.all(Array.from({ length: 30 }, () => refund(orderNo, '0.70')))
    expect(told.filter(({ status }) => status === 200)).toHaveLength(14)
    const refused = told.find(({ status }) => status !== 200)!
    expect(refused).toMatchObject({
      status: 409,
      body: { reason: 'refund-exceeds-payment', errors: [{ field: 'amount' }] },
    })
    expect(api.balance(ann)).toBe(9_000 + 980)
  })

  test('under one id with another amount is 409', async () => {
    const id = newId()
    await refund(orderNo, '4.00', id)
    expect(await refund(orderNo, '4.01', id)).toMatchObject({ status: 409, body: { reason: 'id-reused' } })
    expect(api.balance(ann)).toBe(9_400)
  })

  test('is refused for an order that nobody paid', async () => {
    const unpaid = await newOrder(api, shop)
    expect(await refund(unpaid, '1.00')).toMatchObject({ status: 409, body: { reason: 'order-not-paid' } })
  })

  test('to a wallet that was closed stays with the merchant, who is told why', async () => {
    await api.ask('POST', '/v1/payments', { json: paymentOf(ann, bo, { amount: '90.00' }) })
    const closed = await api.ask('POST', `/v1/wallets/${ann.walletId}/close`, {
      by: api.institution.signer,
      json: { request_id: newId() },
    })
    expect(closed.status).toBe(200)
    const id = newId()
    const told = await refund(orderNo, '10.00', id)
    expect(told).toMatchObject({
      status: 409,
      body: { reason: 'payee-closed', code: 'PAYEE_CLOSED', outcome: 'refused' },
    })
    expect((await refund(orderNo, '10.00', id)).bytes).toEqual(told.bytes)
    expect(api.balance(shop)).toBe(1_000)
    expect((await show(orderNo)).body).toMatchObject({ status: 'paid', refunded: '0.00' })
  })
})
