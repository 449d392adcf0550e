import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf } from '../batch/testBatch.ts'
import { newId } from '../client/node.ts'
import { createApp, operations } from './app.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { type Asker, askers, bound, samples, signerOf } from './testOperations.ts'
import { openOwn, paymentOf } from './testThings.ts'

let api: TestApi
let other: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  other = await api.openWallet(api.otherInstitution)
})
afterAll(() => api.close())

/**
 * Who may do what, written down by hand and not read from the operations: own wallet, another's, its institution,
 * another institution, operator, nobody. 404 where a stranger must not even learn that there is something.
 */
const matrix: Readonly<Record<string, readonly [number, number, number, number, number, number]>> = {
  openUser: [403, 403, 201, 201, 403, 401],
  showUser: [200, 404, 200, 404, 200, 401],
  updateUser: [403, 403, 200, 404, 200, 401],
  openWallet: [403, 403, 201, 404, 403, 401],
  showWallet: [200, 404, 200, 404, 200, 401],
  freezeWallet: [403, 403, 200, 404, 200, 401],
  unfreezeWallet: [403, 403, 200, 404, 200, 401],
  closeWallet: [200, 404, 200, 404, 200, 401],
  rotateWalletKey: [200, 404, 403, 403, 403, 401],
  revokeWalletKey: [200, 404, 200, 404, 403, 401],
  recoverWalletKey: [403, 403, 200, 404, 403, 401],
  stopKeyRecovery: [200, 404, 200, 404, 200, 401],
  linkAccount: [201, 404, 201, 404, 403, 401],
  listLinkedAccounts: [200, 404, 200, 404, 200, 401],
  unlinkAccount: [200, 404, 200, 404, 403, 401],
  recharge: [200, 404, 403, 403, 403, 401],
  showRecharge: [200, 404, 200, 404, 200, 401],
  redeem: [200, 404, 403, 403, 403, 401],
  showRedemption: [200, 404, 200, 404, 200, 401],
  showPayee: [200, 200, 200, 200, 200, 401],
  submitPayment: [200, 200, 200, 200, 200, 200],
  showPayment: [200, 404, 200, 404, 200, 401],
  findPayment: [200, 404, 200, 404, 200, 401],
  listEntries: [200, 404, 200, 404, 200, 401],
  putMerchant: [200, 404, 200, 404, 403, 401],
  showMerchant: [200, 404, 200, 404, 200, 401],
  putMerchantUser: [200, 404, 403, 403, 403, 401],
  listMerchantUsers: [200, 404, 200, 404, 200, 401],
  showMerchantUser: [200, 404, 200, 404, 200, 401],
  removeMerchantUser: [200, 404, 403, 403, 403, 401],
  showReceipt: [200, 404, 200, 404, 200, 401],
  showStatement: [200, 404, 200, 404, 200, 401],
  showDailyStatement: [200, 404, 200, 404, 200, 401],
  putPayoutRule: [200, 404, 403, 403, 403, 401],
  showPayoutRule: [200, 404, 200, 404, 200, 401],
  endPayoutRule: [200, 404, 200, 404, 403, 401],
  openDispute: [201, 404, 201, 404, 403, 401],
  withdrawDispute: [200, 404, 200, 404, 403, 401],
  listDisputes: [200, 404, 200, 404, 200, 401],
  consentDispute: [200, 404, 403, 403, 403, 401],
  declineDispute: [200, 404, 403, 403, 403, 401],
  listWalletEvents: [200, 404, 200, 404, 200, 401],
  showWebhookSecret: [200, 404, 200, 404, 403, 401],
  rotateWebhookSecret: [200, 404, 200, 404, 403, 401],
  listWebhooks: [200, 404, 200, 404, 200, 401],
  showWebhook: [200, 404, 200, 404, 200, 401],
  replayWebhook: [200, 404, 200, 404, 200, 401],
  listDeadWebhooks: [403, 403, 403, 403, 200, 401],
  createOrder: [201, 404, 201, 404, 403, 401],
  listOrders: [200, 404, 200, 404, 200, 401],
  showOrder: [200, 404, 200, 404, 200, 401],
  closeOrder: [200, 404, 200, 404, 403, 401],
  showOrderQr: [200, 404, 200, 404, 200, 401],
  showMerchantQr: [200, 404, 200, 404, 200, 401],
  showPayLink: [200, 200, 200, 200, 200, 200],
  refundOrder: [200, 404, 200, 404, 403, 401],
  listRefunds: [200, 404, 200, 404, 200, 401],
  putRefundRule: [403, 403, 403, 403, 200, 401],
  placeHold: [201, 404, 403, 403, 403, 401],
  listHolds: [200, 404, 200, 404, 200, 401],
  showHold: [200, 404, 200, 200, 200, 401],
  captureHold: [200, 404, 200, 403, 403, 401],
  voidHold: [200, 404, 200, 403, 200, 401],
  signMandate: [201, 404, 403, 403, 403, 401],
  listMandates: [200, 404, 200, 404, 200, 401],
  listPayeeMandates: [200, 404, 200, 404, 200, 401],
  showMandate: [200, 404, 200, 200, 200, 401],
  cancelMandate: [200, 404, 200, 404, 200, 401],
  collectMandate: [200, 404, 200, 403, 403, 401],
  listMandatePayments: [200, 404, 200, 200, 200, 401],
  showLimits: [200, 200, 200, 200, 200, 401],
  putLimits: [403, 403, 403, 403, 200, 401],
  putRiskRule: [403, 403, 403, 403, 200, 401],
  putRecoveryRule: [403, 403, 403, 403, 200, 401],
  showRiskPolicies: [403, 403, 403, 403, 200, 401],
  putRiskPolicy: [403, 403, 403, 403, 200, 401],
  putSecondPerson: [403, 403, 403, 403, 200, 401],
  putStanding: [403, 403, 403, 403, 200, 401],
  showStanding: [403, 403, 403, 403, 200, 401],
  openProposal: [403, 403, 403, 403, 201, 401],
  listProposals: [403, 403, 403, 403, 200, 401],
  approveProposal: [403, 403, 403, 403, 200, 401],
  rejectProposal: [403, 403, 403, 403, 200, 401],
  listPrincipals: [403, 403, 403, 403, 200, 401],
  putPrincipal: [403, 403, 403, 403, 200, 401],
  showTotals: [403, 403, 403, 403, 200, 401],
  searchPayments: [403, 403, 403, 403, 200, 401],
  showTrail: [403, 403, 403, 403, 200, 401],
  listActs: [403, 403, 403, 403, 200, 401],
  listReconciliations: [403, 403, 403, 403, 200, 401],
  showRegion: [403, 403, 403, 403, 200, 401],
  listDrills: [403, 403, 403, 403, 200, 401],
  showDrill: [403, 403, 403, 403, 200, 401],
  listMerchants: [403, 403, 403, 403, 200, 401],
}

test('every operation has its line here and its sample', () => {
  const names = bound.map(({ name }) => name).sort()
  expect(Object.keys(matrix).sort()).toEqual(names)
  expect(Object.keys(samples).sort()).toEqual(names)
})

/**
 * What is served beside the operations, and who may have it: these are for everybody, or keep out strangers by themselves,
 * as their own tests show.
 */
const unsigned: readonly string[] = [
  'GET /healthz',
  'GET /readyz',
  'GET /openapi.json',
  'GET /docs',
  'GET /docs/style.css',
  'GET /docs/show.js',
  'GET /pay/{token}',
  'GET /assets/pay/{version}/{name}',
  'GET /v1/pay-links/{token}',
  'GET /console',
  'GET /console/*',
  'GET /console/assets/{name}',
  'GET /console/reports/{name}',
  'GET /console/login',
  'GET /console/callback',
  'GET /v1/session',
  'DELETE /v1/session',
  // Operators alone, as the console's tests show.
  'GET /v1/region/live',
]
const batchPath = '/v1/payment-batches'

test('a route that stands in none of these lists is not served', () => {
  const everything = createApp({ ...api.web, console: {} as never }, { ready: () => ({ ready: true, detail: {} }) })
  const served = everything.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  const signed = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  const known = [...signed, 'POST /v1/payments', `POST ${batchPath}`, ...unsigned]
  expect([...new Set(served)].sort()).toEqual(known.sort())
})

/** A batch has no sample: its forms are none of a message. Another institution's records are each refused. */
const batchMatrix = {
  own: 403,
  other: 403,
  institution: 200,
  otherInstitution: 200,
  operator: 403,
  nobody: 401,
} as const

test.each(Object.entries(batchMatrix) as [Asker, number][])('submitBatch by %s: %i', async (asker, status) => {
  const [own, payee] = [await api.openWallet(), await api.openWallet()]
  await api.fund(own, '5.00')
  const records = [{ payer: own.walletId, payee: payee.walletId, amount: '1.00' }]
  const bytes = linesOf({ batchId: newId(), requestedAt: new Date().toISOString(), records })
  const by = signerOf(api, asker, own, other)
  const told = await api.ask('POST', batchPath, { ...(by && { by }), bytes, type: 'application/x-ndjson' })
  expect(told).toMatchObject({ status })
  if (status === 200) expect(told.body).toMatchObject(asker === 'institution' ? { completed: 1 } : { refused: 1 })
  expect(api.balance(own)).toBe(asker === 'institution' ? 400 : 500)
})

const logged = async (): Promise<number[]> => Promise.all(api.logs.map(async (log) => (await log.bounds()).last))

describe('nobody reads or moves what is not theirs', () => {
  const cases = bound.flatMap(({ name, method }) =>
    askers.map((asker, n) => [name, asker, matrix[name]?.[n] ?? 0, method] as [string, Asker, number, string]),
  )
  test.each(cases)('%s by %s: %i', async (name, asker, status, method) => {
    const own = await openOwn(api, name)
    const { path, json } = await samples[name]!.sample(api, own, other)
    const before = await logged()
    const by = signerOf(api, asker, own, other)
    const headers: Record<string, string> = method === 'DELETE' ? { 'idempotency-key': newId() } : {}
    const told = await api.ask(method, path, { ...(by && { by }), ...(json && { json }), headers })
    expect(told).toMatchObject({ status })
    // Whatever the answer, it says what its caller has left.
    expect(told.headers.get('ratelimit-policy')).toMatch(/^"address";q=\d+;w=1/)
    expect(told.headers.get('ratelimit')).toMatch(/^"address";r=\d+;t=1/)
    if (status < 300) return
    expect(JSON.stringify(told.body)).not.toMatch(/balance":|key_version|6225880123451234/)
    expect(await logged()).toEqual(before)
  })

  test('what belongs to another and what does not exist are answered alike', async () => {
    const own = await api.openWallet()
    const missing = 'W999999999'
    for (const by of [own.signer, api.otherInstitution.signer]) {
      const foreign = by === own.signer ? other : own
      const there = await api.ask('GET', `/v1/wallets/${foreign.walletId}`, { by })
      const absent = await api.ask('GET', `/v1/wallets/${missing}`, { by })
      expect([there.status, there.bytes]).toEqual([absent.status, absent.bytes])
    }
  })

  test('a payment that another wallet’s key signed is refused as one of a payer who does not exist', async () => {
    const own = await api.openWallet()
    await api.fund(own, '5.00')
    const before = [api.balance(own), api.balance(other)]
    const forged = paymentOf({ ...own, key: other.key }, other)
    const told = await api.ask('POST', '/v1/payments', { json: forged })
    const unknown = await api.ask('POST', '/v1/payments', { json: paymentOf({ ...own, walletId: 'W99999' }, other) })
    expect([told.status, told.bytes]).toEqual([401, unknown.bytes])
    expect([api.balance(own), api.balance(other)]).toEqual(before)
  })

  test('a key that was replaced opens nothing any more', async () => {
    const own = await api.openWallet()
    await api.fund(own, '5.00')
    const { path, json } = await samples.rotateWalletKey!.sample(api, own, other)
    expect((await api.ask('POST', path, { by: own.signer, json })).status).toBe(200)
    expect((await api.ask('GET', `/v1/wallets/${own.walletId}`, { by: own.signer })).status).toBe(401)
    expect((await api.ask('POST', '/v1/payments', { json: paymentOf(own, other) })).status).toBe(401)
    expect(api.balance(own)).toBe(500)
  })
})
