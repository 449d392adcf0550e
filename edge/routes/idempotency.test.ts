import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { bound, samples, signerOf } from './testOperations.ts'
import { openOwn, paymentOf } from './testThings.ts'

let api: TestApi
let own: TestWallet
let other: TestWallet
beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  own = await api.openWallet()
  other = await api.openWallet()
  await api.fund(own, '100.00')
})
afterEach(() => api.close())

const pay = (json: object) => api.ask('POST', '/v1/payments', { json })
const balances = (): number[] => [api.balance(own), api.balance(other)]

describe('a payment under one id', () => {
  test('that comes fifty times at once is made once, and answered alike each time', async () => {
    const json = paymentOf(own, other)
    const told = await Promise.all(Array.from({ length: 50 }, () => pay(json)))
    expect(new Set(told.map(({ status, bytes }) => `${status} ${Buffer.from(bytes)}`)).size).toBe(1)
    expect(told[0]).toMatchObject({ status: 200, body: { status: 'completed' } })
    expect(balances()).toEqual([9_900, 100])
  })

  test('is answered again in the same bytes, also in the other spelling of the same amount', async () => {
    const json = paymentOf(own, other)
    const first = await pay(json)
    expect((await pay(json)).bytes).toEqual(first.bytes)
    expect((await pay({ ...json, amount: 1 })).bytes).toEqual(first.bytes)
    expect(balances()).toEqual([9_900, 100])
  })

  test('with another amount, payee or time is 409, and nothing is done', async () => {
    const json = paymentOf(own, other)
    await pay(json)
    const third = await api.openWallet()
    const same = { payment_id: json.payment_id }
    const later = new Date(Date.now() + 1_000).toISOString()
    for (const changes of [{ amount: '1.01' }, { payee_wallet: third.walletId }, { timestamp: later }]) {
      const told = await pay(paymentOf(own, other, { ...same, ...changes }))
      expect(told).toMatchObject({ status: 409, body: { reason: 'id-reused', errors: [{ field: 'payment_id' }] } })
    }
    expect(balances()).toEqual([9_900, 100])
  })

  test('that was refused for want of funds stays refused in the same bytes, even when there is money', async () => {
    const json = paymentOf(own, other, { amount: '150.00' })
    const first = await pay(json)
    expect(first).toMatchObject({ status: 409, body: { reason: 'funds-insufficient' } })
    await api.recharge(own, { account_no: '6225880123451234', amount: '100.00' })
    expect((await pay(json)).bytes).toEqual(first.bytes)
    expect(balances()).toEqual([20_000, 0])
  })

  test('is another payment when another payer uses it', async () => {
    await api.fund(other, '100.00', '6225880123459876')
    const json = paymentOf(own, other)
    await pay(json)
    const told = await pay(paymentOf(other, own, { payment_id: json.payment_id, amount: '3.00' }))
    expect(told.status).toBe(200)
    expect(balances()).toEqual([10_200, 9_800])
  })

  test('whose answers were lost is pending, and turns out as it was carried out, once', async () => {
    api.close()
    api = new TestApi({ deadlineMs: 300 })
    await api.begin()
    ;[own, other] = [await api.openWallet(), await api.openWallet()]
    await api.fund(own, '100.00')
    const json = paymentOf(own, other)
    api.answersLost = true
    const lost = await pay(json)
    expect(lost).toMatchObject({ status: 202, body: { status: 'pending' } })
    expect(lost.headers.get('location')).toBe(lost.body.status_url)
    api.answersLost = false
    expect(await pay(json)).toMatchObject({ status: 200, body: { status: 'completed' } })
    expect(balances()).toEqual([9_900, 100])
  })
})

describe('a recharge', () => {
  const accountNo = '6225880123451234'
  const unlink = async () => {
    const path = `/v1/wallets/${own.walletId}/linked-accounts`
    const { body } = await api.ask('GET', path, { by: own.signer })
    const [{ link_id } = { link_id: 0 }] = body.linked_accounts as { link_id: number }[]
    const headers = { 'idempotency-key': newId() }
    expect((await api.ask('DELETE', `${path}/${link_id}`, { by: own.signer, headers })).status).toBe(200)
  }

  test('that is asked again after its account was unlinked is answered as it was', async () => {
    const asked = { tx_id: newId(), account_no: accountNo, amount: '5.00' }
    const first = await api.recharge(own, asked)
    expect(first.status).toBe(200)
    await unlink()
    expect((await api.recharge(own, asked)).bytes).toEqual(first.bytes)
    const other = await api.recharge(own, { ...asked, tx_id: newId() })
    expect(other).toMatchObject({ status: 409, body: { reason: 'linked-account-inactive' } })
  })

  test('that names two accounts, one by its number and one by its link, draws on neither', async () => {
    const { body } = await api.link(own, '6225880123459999')
    const told = await api.recharge(own, { link_id: body.link_id, account_no: accountNo, amount: '5.00' })
    expect(told).toMatchObject({ status: 422, body: { errors: [{ field: 'account_no' }] } })
    expect(balances()).toEqual([10_000, 0])
    const both = { link_id: body.link_id, account_no: '6225880123459999', amount: '5.00' }
    expect((await api.recharge(own, both)).status).toBe(200)
  })
})

describe('a command under one id', () => {
  const commands = bound.filter(({ method, name }) => method !== 'GET' && name !== 'submitPayment')
  test.each(commands.map((one) => [one.name, one] as const))('%s: ten at once, once', async (name, { method }) => {
    const { by, sample } = samples[name]!
    own = await openOwn(api, name)
    const { path, json } = await sample(api, own, other)
    const signer = signerOf(api, by, own, other)
    const headers: Record<string, string> = json === undefined ? { 'idempotency-key': newId() } : {}
    const ask = (body: object | undefined) =>
      api.ask(method, path, { ...(signer && { by: signer }), ...(body && { json: body }), headers })
    const first = await ask(json)
    expect(first.status).toBeLessThan(300)
    // A key that signed its own replacement signs nothing more.
    if (name === 'rotateWalletKey') return
    const logged = api.balance(own)
    const told = await Promise.all(Array.from({ length: 10 }, () => ask(json)))
    expect(new Set(told.map(({ bytes }) => Buffer.from(bytes).toString()))).toEqual(
      new Set([Buffer.from(first.bytes).toString()]),
    )
    expect(api.balance(own)).toBe(logged)
    const changed = changes[name]
    if (changed === undefined) return
    expect(await ask({ ...json, ...changed })).toMatchObject({ status: 409, body: { reason: 'id-reused' } })
  })

  /** One member that makes it another request. Status changes and key changes carry nothing but their id and their path. */
  const changes: Readonly<Record<string, object>> = {
    openUser: { kyc_level: 3 },
    updateUser: { risk_level: 2 },
    openWallet: { class: 3 },
    linkAccount: { balance_limit: '1.00' },
    recharge: { amount: '6.00' },
    redeem: { amount: '2.00' },
    putLimits: { day: '11000' },
    putRiskRule: { percent: 51 },
    putRefundRule: { days: 15 },
    placeHold: { amount: '1.01' },
    captureHold: { amount: '0.41' },
    signMandate: { amount: '1.01' },
    collectMandate: { amount: '0.41' },
    refundOrder: { amount: '0.41' },
    putPrincipal: { active: true },
  }
})
