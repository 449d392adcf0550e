import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { holdOf, paymentOf } from './testThings.ts'

let api: TestApi
let hotel: TestWallet
let ann: TestWallet
let holdId: string
beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  hotel = await api.openWallet(api.otherInstitution, 'merchant', 0)
  ann = await api.openWallet()
  await api.fund(ann, '100.00')
  const told = await place({ amount: '60.00' })
  expect(told).toMatchObject({ status: 201, body: { status: 'held', amount: '60.00', captured: '0.00' } })
  holdId = String(told.body.hold_id)
})
afterEach(() => api.close())

const place = (changes: object) =>
  api.ask('POST', `/v1/wallets/${ann.walletId}/holds`, { by: ann.signer, json: holdOf(hotel, changes) })
const path = (tail = ''): string => `/v1/wallets/${ann.walletId}/holds/${holdId}${tail}`
const capture = (amount: string, capture_id = newId(), by = hotel.signer) =>
  api.ask('POST', path('/captures'), { by, json: { capture_id, amount } })
const giveUp = (by = hotel.signer) => api.ask('POST', path('/void'), { by, json: { request_id: newId() } })
const show = async () => (await api.ask('GET', path(), { by: ann.signer })).body

describe('money that is held for a payee', () => {
  test('is shown beside the balance and cannot be spent', async () => {
    const wallet = await api.ask('GET', `/v1/wallets/${ann.walletId}`, { by: ann.signer })
    expect(wallet.body).toMatchObject({ balance: '40.00', held: '60.00', pending_in: '0.00' })
    const told = await api.ask('POST', '/v1/payments', { json: paymentOf(ann, hotel, { amount: '40.01' }) })
    expect(told).toMatchObject({ status: 409, body: { reason: 'funds-insufficient' } })
    expect(await place({ amount: '40.01' })).toMatchObject({ status: 409, body: { reason: 'funds-insufficient' } })
  })

  test('is taken in parts by the payee or its institution, never more than is held', async () => {
    const id = newId()
    const first = await capture('10.00', id)
    expect(first).toMatchObject({ status: 200, body: { status: 'completed', amount: '10.00', hold_id: holdId } })
    expect((await capture('10.00', id)).bytes).toEqual(first.bytes)
    expect(await capture('10.01', id)).toMatchObject({ status: 409, body: { reason: 'id-reused' } })
    expect(await capture('50.01')).toMatchObject({ status: 409, body: { reason: 'hold-exceeded' } })
    expect((await capture('50.00', newId(), api.otherInstitution.signer)).status).toBe(200)
    expect(await show()).toMatchObject({ status: 'captured', captured: '60.00' })
    expect([api.balance(ann), api.balance(hotel)]).toEqual([4_000, 6_000])
    const asPayment = await api.ask('GET', `/v1/wallets/${ann.walletId}/payments/${id}`, { by: ann.signer })
    expect(asPayment).toMatchObject({ status: 200, body: { payment_id: id } })
  })

  test('of which twenty captures at once take no more than there is', async () => {
    const told = await Promise.all(Array.from({ length: 20 }, () => capture('7.00')))
    expect(told.filter(({ status }) => status === 200)).toHaveLength(8)
    expect(api.balance(hotel)).toBe(5_600)
  })

  test('is the payer’s again when the payee gives it up', async () => {
    await capture('10.00')
    expect(await giveUp()).toMatchObject({ status: 200, body: { status: 'voided', captured: '10.00' } })
    expect((await giveUp()).status).toBe(200)
    expect(await capture('1.00')).toMatchObject({ status: 409, body: { reason: 'hold-ended' } })
    expect(api.balance(ann)).toBe(9_000)
  })

  test('is not taken under a dated id: that could be the payer’s own next one', async () => {
    const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '')
    const told = await capture('10.00', `P${today}001`)
    const errors = [{ field: 'capture_id', message: 'must be a UUIDv7 in lower case' }]
    expect(told).toMatchObject({ status: 422, body: { reason: 'field-invalid', errors } })
    expect(await show()).toMatchObject({ captured: '0.00' })
  })

  test('is not the payer’s to take or to give up, and nobody else’s to see', async () => {
    for (const by of [ann.signer, api.institution.signer]) {
      expect((await capture('1.00', newId(), by)).status).toBe(403)
      expect((await giveUp(by)).status).toBe(403)
    }
    const stranger = await api.openWallet()
    for (const tail of ['/captures', '/void']) {
      const json = tail === '/void' ? { request_id: newId() } : { capture_id: newId(), amount: '1.00' }
      expect((await api.ask('POST', path(tail), { by: stranger.signer, json })).status).toBe(404)
    }
    expect((await api.ask('GET', path(), { by: stranger.signer })).status).toBe(404)
    expect(api.balance(ann)).toBe(4_000)
  })

  test('is not held for a wallet that is not there, or for longer than holds may stand', async () => {
    const far = new Date(Date.now() + 40 * 86_400_000).toISOString()
    expect(await place({ payee_wallet: 'W999999999' })).toMatchObject({
      status: 404,
      body: { reason: 'payee-unknown' },
    })
    expect(await place({ expires_at: far })).toMatchObject({ status: 422, body: { reason: 'expiry-invalid' } })
  })

  test('is free at its expiry, though nobody asks for anything: the host lets time go on', async () => {
    const soon = new Date(Date.now() + 700).toISOString()
    const told = await place({ amount: '1.00', expires_at: soon })
    expect(told.status).toBe(201)
    holdId = String(told.body.hold_id)
    for (let state = await show(); state.status === 'held'; state = await show()) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(await show()).toMatchObject({ status: 'expired', ended_at: soon })
    expect(api.balance(ann)).toBe(4_000)
  })
})
