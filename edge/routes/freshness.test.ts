import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId, signPayment } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import type { Told } from './testRequest.ts'
import { allowedTo, heldFor } from './testThings.ts'

let api: TestApi
let payer: TestWallet
let payee: TestWallet

beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  payer = await api.openWallet()
  payee = await api.openWallet()
  await api.fund(payer, '1000')
})
afterEach(() => api.close())

const show = (wallet: TestWallet, query = '', by = wallet.signer): Promise<Told> =>
  api.ask('GET', `/v1/wallets/${wallet.walletId}${query}`, { by })

const pay = (): Promise<Told> => {
  const [payer_wallet, payee_wallet] = [payer.walletId, payee.walletId]
  const fields = { payment_id: newId(), payer_wallet, payee_wallet, amount: '1.00', currency: 'CNY-DC' } as const
  return api.ask('POST', '/v1/payments', {
    json: signPayment({ ...fields, timestamp: new Date().toISOString() }, payer.key),
  })
}

const asOf = ({ body }: Told): { seq: number; age_ms?: number } => body.as_of as { seq: number; age_ms?: number }

describe('a read where the shard is led', () => {
  test('has no age, asked for freshness or not', async () => {
    for (const query of ['', '?fresh=true', '?fresh=false']) {
      const told = await show(payer, query)
      expect(told.status).toBe(200)
      expect(asOf(told)).not.toHaveProperty('age_ms')
      expect(told.headers.get('age')).toBeNull()
    }
  })

  test('says that the owner cannot be reached only to those who want to hear just it', async () => {
    api.leading = false
    expect(await show(payer)).toMatchObject({ status: 503, body: { reason: 'unavailable' } })
    const by = api.institution.signer
    expect(await show(payer, '?fresh=true', by)).toMatchObject({ status: 503 })
  })
})

describe('a read in the region that only follows', () => {
  test('comes from its copy, which says how old it is', async () => {
    api.becomeStandby()
    expect(await pay()).toMatchObject({ status: 200 })
    const told = await show(payer)
    expect(told).toMatchObject({ status: 200, body: { balance: '1000.00' } })
    expect(asOf(told).age_ms).toBeGreaterThanOrEqual(0)
    expect(told.headers.get('age')).toMatch(/^\d+$/)
  })

  test.each(['wallets', 'users', 'linked-accounts', 'limits', 'principals', 'totals'])(
    'of %s comes from the owner when it must be fresh',
    async (what) => {
      const path = {
        wallets: `/v1/wallets/${payer.walletId}`,
        users: `/v1/users/${payer.userId}`,
        'linked-accounts': `/v1/wallets/${payer.walletId}/linked-accounts`,
        limits: '/v1/limits',
        principals: '/v1/principals',
        totals: '/v1/totals',
      }[what]!
      const by = api.operator.signer
      const parts = ({ body }: Told) => (what === 'totals' ? (body.shards as Told['body'][]) : [body])
      await api.ask('GET', path, { by })
      api.becomeStandby()
      const near = await api.ask('GET', path, { by })
      for (const part of parts(near)) expect(part.as_of).toHaveProperty('age_ms')
      expect(near.headers.get('age')).toMatch(/^\d+$/)
      const fresh = await api.ask('GET', `${path}?fresh=true`, { by })
      expect(fresh.status).toBe(200)
      for (const part of parts(fresh)) expect(part.as_of).not.toHaveProperty('age_ms')
      api.leading = false
      const refused = await api.ask('GET', `${path}?fresh=true`, { by })
      expect(refused).toMatchObject({
        status: 503,
        body: { type: '/problems/owner-unreachable', code: 'OWNER_UNREACHABLE' },
      })
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(await api.ask('GET', path, { by })).toMatchObject({ status: 200 })
    },
  )

  test.each(['hold', 'mandate'])('of a %s comes from the owner when it must be fresh', async (what) => {
    const path = await (what === 'hold' ? heldFor(api, payee) : allowedTo(api, payee))
    const get = (query = '') => api.ask('GET', `${path}${query}`, { by: payee.signer })
    await get()
    api.becomeStandby()
    const near = await get()
    expect(asOf(near)).toHaveProperty('age_ms')
    expect(near.headers.get('age')).toMatch(/^\d+$/)
    expect(asOf(await get('?fresh=true'))).not.toHaveProperty('age_ms')
    api.leading = false
    expect(await get('?fresh=true')).toMatchObject({ status: 503, body: { reason: 'owner-unreachable' } })
  })

  test('has the newest word when it must be fresh', async () => {
    api.becomeStandby()
    expect(await pay()).toMatchObject({ status: 200 })
    const told = await show(payer, '?fresh=true')
    expect(told).toMatchObject({ status: 200, body: { balance: '999.00' } })
    expect(asOf(told)).not.toHaveProperty('age_ms')
  })

  test('finds a wallet that its copy has not heard of yet', async () => {
    api.becomeStandby()
    const young = await api.openWallet()
    expect(await show(young)).toMatchObject({ status: 200, body: { balance: '0.00' } })
  })

  test('does not say that there is no wallet when the owner cannot be asked', async () => {
    api.becomeStandby()
    const young = await api.openWallet()
    api.leading = false
    expect(await show(young)).toMatchObject({ status: 503, body: { reason: 'unavailable' } })
  })

  test('tells the end of a payment that its copy has not heard of', async () => {
    api.becomeStandby()
    const paid = await pay()
    expect(paid).toMatchObject({ status: 200, body: { status: 'completed' } })
    const path = `/v1/wallets/${payer.walletId}/payments/${paid.body.payment_id}`
    // The payer's shard hears of a credit in another one a moment after the edge does.
    await expect.poll(async () => (await api.ask('GET', path, { by: payer.signer })).body).toEqual(paid.body)
  })

  test('draws on an account that was linked after its copy stood still, and tells the recharge’s end', async () => {
    api.becomeStandby()
    await api.link(payee, '6225880123459999')
    const told = await api.recharge(payee, { account_no: '6225880123459999', amount: '5' })
    expect(told).toMatchObject({ status: 200, body: { status: 'completed' } })
    const again = await api.ask('GET', `/v1/recharges/${told.body.tx_id}`, { by: payee.signer })
    expect(again).toMatchObject({ status: 200, body: told.body })
  })

  test('takes a key that replaced the one its copy holds, and no more the old one for a fresh read', async () => {
    api.becomeStandby()
    const renewed = await api.replaceKey(payer)
    expect(await show(renewed)).toMatchObject({ status: 200 })
    expect(await show(payer, '?fresh=true')).toMatchObject({ status: 401 })
  })
})

describe('what is ended in the region that only follows', () => {
  test('is answered as ended, though the copy here does not know it yet', async () => {
    const [hold, mandate] = [await heldFor(api, payee), await allowedTo(api, payee)]
    const operator = api.operator.signer
    const json = () => ({ request_id: newId(), reason: 'tried in a test' })
    api.becomeStandby()
    const told = await api.ask('POST', `${hold}/void`, { by: operator, json: json() })
    expect(told).toMatchObject({ status: 200, body: { status: 'voided' } })
    const cancelled = await api.ask('POST', `${mandate}/cancel`, { by: operator, json: json() })
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } })
  })
})

describe('who is paid from another shard', () => {
  const asked = (by: TestWallet['signer'], path: string, json: object) => api.ask('POST', path, { by, json })

  test('takes nothing with a key that was replaced since the copy stood still, and all with its new one', async () => {
    const [mandate, hold] = [await allowedTo(api, payee), await heldFor(api, payee)]
    api.becomeStandby()
    const renewed = await api.replaceKey(payee)
    const takes = (by: TestWallet['signer']) => [
      asked(by, `${mandate}/collections`, { collection_id: newId(), amount: '0.40' }),
      asked(by, `${hold}/captures`, { capture_id: newId(), amount: '0.40' }),
      asked(by, `${hold}/void`, { request_id: newId() }),
    ]
    for (const told of await Promise.all(takes(payee.signer))) expect(told).toMatchObject({ status: 401 })
    expect(api.balance(payee)).toBe(0)
    for (const take of takes(renewed.signer)) expect(await take).toMatchObject({ status: 200 })
  })

  test('takes nothing while nobody can say whether its key is the current one', async () => {
    const mandate = await allowedTo(api, payee)
    api.becomeStandby()
    api.leading = false
    const told = await asked(payee.signer, `${mandate}/collections`, { collection_id: newId(), amount: '0.40' })
    expect(told).toMatchObject({ status: 503 })
  })
})

test('a question for freshness that is misspelt is not taken for none', async () => {
  expect(await show(payer, '?fresh=yes')).toMatchObject({ status: 422, body: { errors: [{ field: 'fresh' }] } })
  expect(await show(payer, '?fersh=true')).toMatchObject({ status: 422, body: { errors: [{ field: 'fersh' }] } })
})
