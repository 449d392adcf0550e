import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId, signPayment } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'

let api: TestApi
let payer: TestWallet
let payee: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  payer = await api.openWallet()
  payee = await api.openWallet()
  await api.fund(payer, '1000')
})
afterAll(() => api.close())

const payment = (changes: object = {}) =>
  signPayment(
    {
      payment_id: newId(),
      payer_wallet: payer.walletId,
      payee_wallet: payee.walletId,
      amount: '100.50',
      currency: 'CNY-DC',
      timestamp: new Date().toISOString(),
      ...changes,
    },
    payer.key,
  )

test('a signed payment is debited, credited and answered', async () => {
  const told = await api.ask('POST', '/v1/payments', { json: payment() })
  expect(told).toMatchObject({ status: 200, body: { status: 'completed' } })
  expect(api.balance(payer)).toBe(89950)
})
