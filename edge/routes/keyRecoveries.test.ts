import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId, newWalletKey, type WalletKey, walletSigner } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { paymentOf } from './testThings.ts'

let api: TestApi
let own: TestWallet
let other: TestWallet
beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  own = await api.openWallet()
  other = await api.openWallet()
  await api.fund(own, '5.00')
})
afterEach(() => api.close())

const keys = (tail: string, by: object, json: object = {}) =>
  api.ask('POST', `/v1/wallets/${own.walletId}/keys${tail}`, { ...by, json: { request_id: newId(), ...json } })
const institution = () => ({ by: api.institution.signer })
const recover = (key: WalletKey, more: object = {}) =>
  keys('/recover', institution(), { public_key: key.publicKeyHex, ...more })
const waitMinutes = (minutes: number) =>
  api.ask('PUT', '/v1/limits/recoveries', {
    by: api.operator.signer,
    json: { minutes, reason: 'a trial', request_id: newId() },
  })
const show = (by = own.signer) => api.ask('GET', `/v1/wallets/${own.walletId}`, { by })

describe('a wallet whose phone is lost', () => {
  test('gets its new key after the waiting time, which its holder sees coming', async () => {
    const told = await recover(newWalletKey())
    expect(told).toMatchObject({ status: 200, body: { status: 'waiting', key_version: 1 } })
    const { key_recovery } = (await show()).body as { key_recovery: Record<string, string> }
    expect(key_recovery.effective_at).toBe(told.body.effective_at)
    expect(Date.parse(key_recovery.effective_at!) - Date.parse(key_recovery.started_at!)).toBe(86_400_000)
    expect((await api.ask('POST', '/v1/payments', { json: paymentOf(own, other) })).status).toBe(200)
  })

  test('keeps its key when who holds it objects', async () => {
    await recover(newWalletKey())
    expect(await keys('/recover/stop', { by: own.signer })).toMatchObject({ status: 200, body: { status: 'stopped' } })
    expect((await show()).body.key_recovery).toBeUndefined()
    expect(await keys('/recover/stop', { by: own.signer })).toMatchObject({ status: 404 })
  })

  test('where nothing is waited for: the new key signs at once, the old one nothing more', async () => {
    await waitMinutes(0)
    const key = newWalletKey()
    const request = { request_id: newId() }
    expect(await recover(key, request)).toMatchObject({ status: 200, body: { status: 'done', key_version: 2 } })
    expect((await show()).status).toBe(401)
    expect((await api.ask('POST', '/v1/payments', { json: paymentOf(own, other) })).status).toBe(401)
    const renewed = { ...own, key, signer: walletSigner(own.walletId, key) }
    expect((await show(renewed.signer)).status).toBe(200)
    expect((await api.ask('POST', '/v1/payments', { json: paymentOf(renewed, other) })).status).toBe(200)
    expect(await recover(key, request)).toMatchObject({ status: 200, body: { status: 'done', key_version: 2 } })
  })
})

test('a stolen phone is put out: it reads nothing, pays nothing and objects to nothing', async () => {
  expect(await keys('/revoke', institution())).toMatchObject({ status: 200, body: { key_version: 2 } })
  await recover(newWalletKey())
  expect((await show()).status).toBe(401)
  expect((await api.ask('POST', '/v1/payments', { json: paymentOf(own, other) })).status).toBe(401)
  expect((await keys('/recover/stop', { by: own.signer })).status).toBe(401)
  expect((await api.ask('POST', '/v1/payments', { json: paymentOf(other, own) })).body.reason).toBe(
    'funds-insufficient',
  )
  expect((await show(api.institution.signer)).body).toMatchObject({ balance: '5.00', status: 'open' })
})
