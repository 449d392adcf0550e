import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseUserId, parseWalletId } from '../../actors/ledger/ids.ts'
import { newId } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { mandateOf, paymentOf } from './testThings.ts'

let api: TestApi
let landlord: TestWallet
let ann: TestWallet
let mandateId: string
beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  landlord = await api.openWallet(api.otherInstitution, 'merchant', 0)
  ann = await api.openWallet()
  await api.fund(ann, '100.00')
  const told = await sign({ amount: '30.00', period_amount: '50.00', purpose: 'Rent' })
  expect(told).toMatchObject({
    status: 201,
    body: { status: 'active', amount: '30.00', purpose: 'Rent', taken: '0.00' },
  })
  mandateId = String(told.body.mandate_id)
})
afterEach(() => api.close())

const sign = (changes: object) =>
  api.ask('POST', `/v1/wallets/${ann.walletId}/mandates`, { by: ann.signer, json: mandateOf(landlord, changes) })
const path = (tail = ''): string => `/v1/wallets/${ann.walletId}/mandates/${mandateId}${tail}`
const collect = (amount: string, collection_id = newId(), by = landlord.signer) =>
  api.ask('POST', path('/collections'), { by, json: { collection_id, amount } })
const cancel = (by = ann.signer, why: object = { reason: 'she asked us to' }) =>
  api.ask('POST', path('/cancel'), { by, json: { ...why, request_id: newId() } })
const show = async () => (await api.ask('GET', path(), { by: ann.signer })).body
const soon = (ms: number): string => new Date(Date.now() + ms).toISOString()

describe('a mandate by which a payee collects', () => {
  test('lets it take within the bounds of a payment and of a period, and the same collection once', async () => {
    const id = newId()
    const first = await collect('30.00', id)
    expect(first).toMatchObject({ status: 200, body: { status: 'completed', amount: '30.00', mandate_id: mandateId } })
    expect((await collect('30.00', id)).bytes).toEqual(first.bytes)
    expect(await collect('29.00', id)).toMatchObject({ status: 409, body: { reason: 'id-reused' } })
    for (const amount of ['30.01', '20.01']) {
      const told = await collect(amount)
      expect(told).toMatchObject({ status: 409, body: { reason: 'mandate-exceeded', errors: [{ field: 'amount' }] } })
    }
    expect((await collect('20.00', newId(), api.otherInstitution.signer)).status).toBe(200)
    expect(await show()).toMatchObject({ payments: 2, taken: '50.00', period_taken: '50.00', status: 'active' })
    expect([api.balance(ann), api.balance(landlord)]).toEqual([5_000, 5_000])
    const asPayment = await api.ask('GET', `/v1/wallets/${ann.walletId}/payments/${id}`, { by: ann.signer })
    expect(asPayment).toMatchObject({ status: 200, body: { payment_id: id } })
  })

  test('takes no dated id: that could be the payer’s own next one', async () => {
    const told = await collect(
      '10.00',
      `P${soon(8 * 3_600_000)
        .slice(0, 10)
        .replaceAll('-', '')}001`,
    )
    const errors = [{ field: 'collection_id', message: 'must be a UUIDv7 in lower case' }]
    expect(told).toMatchObject({ status: 422, body: { reason: 'field-invalid', errors } })
    expect(await show()).toMatchObject({ payments: 0, taken: '0.00' })
  })

  test('of which twenty at once take no more than the payer allowed', async () => {
    const told = await Promise.all(Array.from({ length: 20 }, () => collect('7.00')))
    expect(told.filter(({ status }) => status === 200)).toHaveLength(7)
    expect(api.balance(landlord)).toBe(4_900)
  })

  test('pays nothing more once the payer, its institution or an operator has cancelled it', async () => {
    expect(await cancel()).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    for (const by of [ann.signer, api.institution.signer, api.operator.signer]) {
      expect((await cancel(by)).status).toBe(200)
    }
    expect(await cancel(ann.signer, {})).toMatchObject({ status: 200 })
    expect(await cancel(api.operator.signer, {})).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'reason', message: 'an operator must say why' }] },
    })
    expect(await collect('1.00')).toMatchObject({ status: 410, body: { reason: 'mandate-cancelled' } })
    expect(api.balance(ann)).toBe(10_000)
  })

  test('is not the payer’s to collect nor the payee’s to cancel, and nobody else’s to see', async () => {
    for (const by of [ann.signer, api.institution.signer]) expect((await collect('1.00', newId(), by)).status).toBe(403)
    for (const by of [landlord.signer, api.otherInstitution.signer]) expect((await cancel(by)).status).toBe(403)
    const stranger = await api.openWallet()
    for (const tail of ['', '/payments']) {
      expect((await api.ask('GET', path(tail), { by: stranger.signer })).status).toBe(404)
    }
    expect((await collect('1.00', newId(), stranger.signer)).status).toBe(404)
    expect((await api.ask('GET', path(), { by: landlord.signer })).body).toMatchObject({ status: 'active' })
  })

  test('is judged like any payment: of more than there is it takes nothing', async () => {
    await api.ask('POST', '/v1/payments', { json: paymentOf(ann, landlord, { amount: '90.00' }) })
    expect(await collect('10.01')).toMatchObject({ status: 409, body: { reason: 'funds-insufficient' } })
    expect((await collect('10.00')).status).toBe(200)
  })
})

describe('a mandate by which a wallet pays by itself', () => {
  test('pays at its time though nobody asks for anything, once', async () => {
    const told = await sign({ kind: 'schedule', period: 'once', period_amount: undefined, first_at: soon(700) })
    expect(told).toMatchObject({ status: 201, body: { kind: 'schedule', period: 'once', count_max: 1 } })
    mandateId = String(told.body.mandate_id)
    for (let one = await show(); one.status === 'active'; one = await show()) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(await show()).toMatchObject({ status: 'ended', payments: 1, missed: 0, taken: '1.00' })
    expect(api.balance(ann)).toBe(9_900)
    expect(await collect('1.00')).toMatchObject({ status: 409, body: { reason: 'mandate-scheduled' } })
  })

  test('is not signed twice under one id in other words, and answered alike in the same', async () => {
    const json = mandateOf(landlord, { kind: 'schedule', period_amount: undefined, first_at: soon(86_400_000) })
    const ask = (changes: object) =>
      api.ask('POST', `/v1/wallets/${ann.walletId}/mandates`, { by: ann.signer, json: { ...json, ...changes } })
    const first = await ask({})
    expect(first.status).toBe(201)
    expect((await ask({})).bytes).toEqual(first.bytes)
    for (const changes of [{ purpose: 'Other' }, { count_max: 2 }, { ends_at: soon(90_000_000) }, { period: 'week' }]) {
      expect(await ask(changes)).toMatchObject({ status: 409, body: { reason: 'id-reused' } })
    }
  })
})

describe('the mandates by which a wallet is paid', () => {
  const listed = (by = landlord.signer, tail = '') =>
    api.ask('GET', `/v1/payees/${landlord.walletId}/mandates${tail}`, { by })

  /** What the journal has of the mandate: what its shard says of it. */
  async function written(more: boolean): Promise<void> {
    const payer = parseWalletId(ann.walletId)!.number
    const query = { type: 'mandate', wallet: payer, id: Buffer.from(mandateId.replaceAll('-', ''), 'hex') } as const
    const { result } = await api.gateway.ask(payer, query)
    const record = { ...result!, payer, shard: 1, purpose: 'Rent' }
    api.payeeMandates = { mandates: [record], followed: [{ shard: 1, seq: 9, timeMs: Date.now() }], more }
  }

  test('are told to its key, its institution and operators, with what they may collect by', async () => {
    await written(false)
    for (const by of [landlord.signer, api.otherInstitution.signer, api.operator.signer]) {
      const { status, body } = await listed(by)
      expect(status).toBe(200)
      expect(body).toMatchObject({ wallet_id: landlord.walletId, next_cursor: null, followed: [{ shard: 1, seq: 9 }] })
      const [one] = body.mandates as Record<string, unknown>[]
      const parties = { wallet_id: ann.walletId, payee_wallet: landlord.walletId }
      expect(one).toMatchObject({ mandate_id: mandateId, ...parties, amount: '30.00', purpose: 'Rent' })
      expect((await collect('1.00')).status).toBe(200)
    }
  })

  test('show no more of a payer’s name than a stranger may see', async () => {
    await written(false)
    const by = { actor: 1, commandId: new Uint8Array(16).fill(9) }
    const sealed = api.web.services.names.seal(by, '张小明')
    api.names = new Map([[parseUserId(ann.userId)!, { ...by, sealed }]])
    const told = await listed()
    expect(told.body).toMatchObject({ mandates: [{ payer_name: '**明' }] })
    expect(Buffer.from(told.bytes).toString()).not.toMatch(/张|小/)
  })

  test('are not the payer’s, its institution’s or a stranger’s to list', async () => {
    await written(false)
    for (const by of [ann.signer, api.institution.signer, (await api.openWallet()).signer]) {
      expect((await listed(by)).status).toBe(404)
    }
  })

  test('go on behind the last of a page, and are away with the journal', async () => {
    await written(true)
    const { next_cursor } = (await listed()).body
    expect((await listed(landlord.signer, `?limit=1&status=active&cursor=${next_cursor}`)).status).toBe(200)
    for (const wrong of ['cursor=1.2', 'status=over', 'limit=201', 'payer=W1']) {
      expect((await listed(landlord.signer, `?${wrong}`)).status).toBe(422)
    }
    api.payeeMandates = undefined
    expect(await listed()).toMatchObject({ status: 503, body: { reason: 'journal-unavailable' } })
  })
})

describe('no mandate', () => {
  test.each([
    ['that began long ago', { first_at: '2020-01-01T00:00:00Z' }, 422, 'mandate-dates-invalid', 'first_at'],
    ['that ends before it begins', { ends_at: '2020-01-01T00:00:00Z' }, 422, 'mandate-dates-invalid', 'first_at'],
    ['for a wallet that is not there', { payee_wallet: 'W999999999' }, 404, 'payee-unknown', 'payee_wallet'],
    ['of less a period than a payment', { period_amount: '0.99' }, 422, 'field-invalid', 'period_amount'],
    ['to collect without a bound', { period_amount: undefined }, 422, 'field-missing', 'period_amount'],
    ['by a schedule with two amounts', { kind: 'schedule' }, 422, 'field-invalid', 'period_amount'],
    ['of a period that is none', { period: 'year' }, 422, 'field-invalid', 'period'],
    ['of no payment', { count_max: 0 }, 422, 'field-invalid', 'count_max'],
    ['of a purpose that is a book', { purpose: '书'.repeat(129) }, 422, 'field-invalid', 'purpose'],
  ])('%s', async (_, changes, status, reason, field) => {
    expect(await sign(changes)).toMatchObject({ status, body: { reason, errors: [{ field }] } })
  })
})
