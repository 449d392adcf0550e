import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { operations } from './app.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { type Asker, bound, type Sample, samples, signerOf } from './testOperations.ts'
import { openOwn } from './testThings.ts'

let api: TestApi
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
})
afterAll(() => api.close())

const asking = ['own', 'institution', 'operator'] as const

/**
 * A wallet's own path that leads to what is another's: to the wallet, its institution and an operator. A stranger's link,
 * order, hold, payment is no more there than one that does not exist; 403 is for who may never ask.
 */
const matrix: Readonly<Record<string, readonly [number, number, number]>> = {
  unlinkAccount: [404, 404, 403],
  recharge: [404, 403, 403],
  showRecharge: [404, 404, 404],
  redeem: [404, 403, 403],
  showRedemption: [404, 404, 404],
  showPayment: [404, 404, 404],
  showOrder: [404, 404, 404],
  closeOrder: [404, 404, 403],
  refundOrder: [404, 404, 403],
  listRefunds: [200, 200, 200],
  showHold: [404, 404, 404],
  captureHold: [404, 404, 403],
  voidHold: [404, 404, 404],
  showOrderQr: [404, 404, 404],
  showMandate: [404, 404, 404],
  cancelMandate: [404, 404, 404],
  collectMandate: [404, 404, 403],
  listMandatePayments: [404, 404, 404],
  showReceipt: [404, 404, 404],
  openDispute: [404, 404, 403],
  withdrawDispute: [404, 404, 403],
  consentDispute: [404, 403, 403],
  declineDispute: [404, 403, 403],
}

test('every path that names a thing of a wallet has its line here', () => {
  const ofWallets = operations.filter(({ callers }) => callers.includes('wallet') || callers.includes('institution'))
  // A day, a month or a till's number is everybody's; of whom an event is, SQL decides, where its own tests are.
  const named = ofWallets.filter(
    ({ path }) => path.split('{').length > 2 && !/\{(date|month|user_no|webhook_id)\}/.test(path),
  )
  const things = named.map(({ name }) => name)
  expect(Object.keys(matrix)).toEqual(expect.arrayContaining(things))
})

/** The same request in the name of another wallet. */
function inTheNameOf({ walletId }: TestWallet, { path, json }: Sample): Sample {
  const renamed = path.replace(/^\/v1\/(wallets|merchants)\/[WM]\d+/, `/v1/$1/${walletId}`)
  const asked = renamed.replace(/wallet_id=[WM]\d+/, `wallet_id=${walletId}`)
  if (json === undefined) return { path: asked }
  return { path: asked, json: 'wallet_id' in json ? { ...json, wallet_id: walletId } : json }
}

const cases = Object.keys(matrix).flatMap((name) =>
  asking.map((asker, n) => [name, asker, matrix[name]![n]!] as [string, Asker, number]),
)

describe('what is another’s is not found under one’s own name', () => {
  test.each(cases)('%s by %s: %i', async (name, asker, status) => {
    api.journal = []
    api.orders = { orders: [], followed: { shard: 0, seq: 9, timeMs: Date.now() }, more: false }
    const own = await openOwn(api, name)
    const other = await openOwn(api, name)
    const foreign = await samples[name]!.sample(api, other, await api.openWallet())
    const { path, json } = inTheNameOf(own, foreign)
    const { method } = bound.find((one) => one.name === name)!
    const by = signerOf(api, asker, own, other)!
    const before = [api.balance(own), api.balance(other)]
    const headers: Record<string, string> = method === 'DELETE' ? { 'idempotency-key': newId() } : {}
    const told = await api.ask(method, path, { by, ...(json && { json }), headers })
    expect(told).toMatchObject({ status })
    if (status === 200) expect(told.body).toMatchObject({ refunds: [] })
    expect(JSON.stringify(told.body)).not.toContain(other.walletId)
    expect([api.balance(own), api.balance(other)]).toEqual(before)
  })
})
