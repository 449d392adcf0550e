import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestApi, type TestWallet } from './testApi.ts'
import { paymentOf } from './testThings.ts'

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

const payment = () => paymentOf(payer, payee, { amount: '100.50' })

test('a signed payment is debited, credited and answered', async () => {
  const told = await api.ask('POST', '/v1/payments', { json: payment() })
  expect(told).toMatchObject({ status: 200, body: { status: 'completed' } })
  expect(api.balance(payer)).toBe(89950)
})
