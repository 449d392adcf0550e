import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestApi, type TestWallet } from './testApi.ts'

let api: TestApi
let payer: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  payer = await api.openWallet()
  api.names = new Map()
})
afterAll(() => api.close())

/** As a batch's record has one, and as the ledger makes one when a schedule's or a payout's time has come. */
describe.each([
  ['a batch', '019aa3b4-5c00-8000-8000-000000000007'],
  ['the ledger', '019aa3b4-5c00-e001-0000-000012340000'],
])('what has its id from %s', (_, id) => {
  const number = () => Number(payer.walletId.slice(1))
  const paid = () => {
    const executed = { shard: 0, seq: 9, index: 0, timeMs: Date.now() }
    const of = { code: 0, complete: true, executed, digest: new Uint8Array(16), amountFen: 1_230 }
    api.journal = [{ ...of, payer: number(), payee: number(), id: Buffer.from(id.replaceAll('-', ''), 'hex') }]
  }
  const get = (path: string, by = payer.signer) => api.ask('GET', path, { by })

  test('has a receipt', async () => {
    paid()
    const told = await get(`/v1/wallets/${payer.walletId}/payments/${id}/receipt`)
    expect(told).toMatchObject({ status: 200, body: { payment_id: id, amount: '12.30' } })
  })

  test('is found by operators, with its trail', async () => {
    const operator = api.operator.signer
    expect((await get(`/v1/payments?payment_id=${id}`, operator)).status).toBe(200)
    expect((await get(`/v1/wallets/${payer.walletId}/payments/${id}/trail`, operator)).status).toBe(200)
  })

  test('is looked for among the redemptions: a payout rule makes such', async () => {
    paid()
    const told = await get(`/v1/redemptions/${id}`)
    expect(told).toMatchObject({ status: 404, body: { errors: [{ message: 'no redemption has this id' }] } })
  })
})
