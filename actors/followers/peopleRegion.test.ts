import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiProblem, newId, newWalletKey, subUserSigner } from '../../edge/client/node.ts'
import type { RequestSigner } from '../../edge/client/requests.ts'
import { signatureOf } from '../../edge/routes/testRequest.ts'
import { fund, openTestWallet, type TestWallet } from '../../edge/testEdge.ts'
import { fenOf } from '../ledger/paper.fixture.ts'
import { natsMissing } from '../log/restartableNats.ts'
import { pay, type SupervisedRegion, startSupervised, until } from './supervisedRegion.fixture.ts'

const missing = await natsMissing()
const longMs = 240_000

describe.skipIf(missing !== undefined)('what people see of a region', () => {
  const dataDir = join(mkdtempSync(join(tmpdir(), 'jiaozi-people-region-')), 'data')
  let region: SupervisedRegion
  let payer: TestWallet
  let payee: TestWallet

  beforeAll(async () => {
    region = await startSupervised(dataDir, ['--shards', '2', '--workers', '1'])
    payer = await openTestWallet(region)
    payee = await openTestWallet(region)
    await fund(region, payer, '1000.00')
  }, longMs)
  afterAll(async () => {
    await region?.stop()
    rmSync(join(dataDir, '..'), { recursive: true, force: true })
  }, longMs)

  const get = async (by: TestWallet, path: string) => (await region.client.call(by.signer, 'GET', path)).body
  const byInstitution = (method: string, path: string, json: object) =>
    region.client.call(region.institution, method, path, { request_id: newId(), ...json })

  test('the payee is known by the newest name, masked, which lies sealed in Postgres', async () => {
    await byInstitution('PATCH', `/v1/users/${payee.userId}`, { legal_name: '王芳' })
    const renamed = await byInstitution('PATCH', `/v1/users/${payee.userId}`, { legal_name: '张小明' })
    expect(renamed.body).toMatchObject({ masked_name: '**明' })
    await until('the newest name is followed', async () => {
      return (await get(payer, `/v1/payees/${payee.walletId}`)).masked_name === '**明'
    })
    expect(await get(payer, `/v1/payees/${payee.walletId}`)).toMatchObject({ masked_name: '**明', can_receive: true })
  })

  type Told = { event: string; amount?: string }

  test('both sides are told of a payment, and the holder of a recovery', async () => {
    await pay(region, payer, payee, '12.30')
    await byInstitution('POST', `/v1/wallets/${payee.walletId}/keys/recover`, {
      public_key: newWalletKey().publicKeyHex,
    })
    const eventsOf = async (wallet: TestWallet) =>
      (await get(wallet, `/v1/wallets/${wallet.walletId}/events`)).events as Told[]
    await until('the recovery is told', async () => (await eventsOf(payee)).at(-1)?.event === 'key.recovery_started')
    expect(await eventsOf(payee)).toMatchObject([{ event: 'payment.received', amount: '12.30' }, {}])
    // The payer is of another shard, whose follower may be behind the payee's.
    await until('the payment is told', async () => (await eventsOf(payer)).at(-1)?.event === 'payment.sent')
    expect((await eventsOf(payer)).map(({ event, amount }) => [event, amount])).toEqual([
      ['recharge.settled', '1000.00'],
      ['payment.sent', '-12.30'],
    ])
  })

  /** Reads a stream until it holds a text. The caller ends it. */
  const listen = (wallet: TestWallet, headers: Record<string, string>) => {
    const url = new URL(`/v1/wallets/${wallet.walletId}/events`, region.facts.edgeUrl)
    const signed = signatureOf(wallet.signer, 'GET', url, Buffer.alloc(0), {})
    const ca = readFileSync(region.facts.caFile)
    const heard = { text: '', ended: false }
    const asked = request(url, { ca, headers: { accept: 'text/event-stream', ...headers, ...signed } }, (response) => {
      response.on('data', (chunk: Buffer) => {
        heard.text += chunk.toString()
      })
      response.on('end', () => {
        heard.ended = true
      })
    })
    asked.end()
    return { heard, close: () => asked.destroy() }
  }

  test('a stream tells of a payment as it is made, and is taken up where it was', async () => {
    const first = listen(payee, {})
    await until('the stream stands', () => first.heard.text.includes('id: '))
    await pay(region, payer, payee, '1.01')
    await until('it is told', () => first.heard.text.includes('"amount":"1.01"'))
    first.close()
    const [, id] = /id: (.*)\nevent: payment/.exec(first.heard.text)!
    await pay(region, payer, payee, '2.02')
    const second = listen(payee, { 'last-event-id': id! })
    await until('it is taken up', () => second.heard.text.includes('"amount":"2.02"'))
    expect(second.heard.text).not.toContain('"amount":"1.01"')
    second.close()
  })

  test('a receipt and the month say what was paid, and the month closes with what the wallet holds', async () => {
    const { signed } = await pay(region, payer, payee, '3.03')
    const receipt = `/v1/wallets/${payer.walletId}/payments/${signed.payment_id}/receipt`
    await until('the payment is followed', () =>
      get(payee, receipt).then(
        () => true,
        () => false,
      ),
    )
    const parties = { payer: { wallet_id: payer.walletId }, payee: { wallet_id: payee.walletId, name: '**明' } }
    expect(await get(payer, receipt)).toMatchObject({ status: 'completed', amount: '3.03', ...parties })
    const month = new Date(Date.now() + 28_800_000).toISOString().slice(0, 7)
    for (const wallet of [payer, payee]) {
      const statement = await get(wallet, `/v1/wallets/${wallet.walletId}/statements/${month}`)
      const { balance } = await get(wallet, `/v1/wallets/${wallet.walletId}`)
      expect(statement).toMatchObject({ opening: '0.00', closing: balance, complete: false })
      const lines = statement.lines as { balance: string }[]
      expect(lines.at(-1)!.balance).toBe(balance)
    }
  })

  test('a wrong transfer comes back when its payee consents, and both see the case', async () => {
    const { signed } = await pay(region, payer, payee, '7.07')
    const before = await get(payer, `/v1/wallets/${payer.walletId}`)
    const post = (by: TestWallet, path: string, json: object) => region.client.call(by.signer, 'POST', path, json)
    const asked = { reason: 'I meant my sister', request_id: newId() }
    const open = () => post(payer, `/v1/wallets/${payer.walletId}/payments/${signed.payment_id}/dispute`, asked)
    await until('the payment is followed', () =>
      open().then(
        () => true,
        () => false,
      ),
    )
    const casesOf = async (wallet: TestWallet) =>
      (await get(wallet, `/v1/wallets/${wallet.walletId}/disputes`)).disputes as Record<string, string>[]
    await until('the payee sees it', async () => (await casesOf(payee)).length === 1)
    expect((await casesOf(payee))[0]).toMatchObject({ status: 'open', amount: '7.07', reason: 'I meant my sister' })
    const answer = `/v1/wallets/${payee.walletId}/disputes/${payer.walletId}/${signed.payment_id}/consent`
    const given = { return_id: newId() }
    expect((await post(payee, answer, given)).body).toMatchObject({ status: 'completed' })
    expect((await post(payee, answer, given)).body).toMatchObject({ status: 'completed' })
    await until('the payer sees it', async () => (await casesOf(payer))[0]?.status === 'returned')
    const after = await get(payer, `/v1/wallets/${payer.walletId}`)
    expect(fenOf(String(after.balance)) - fenOf(String(before.balance))).toBe(7_07)
  })

  test('a till with a key of its own sells and refunds, and the journal says which one', async () => {
    const shop = await openTestWallet(region, { kind: 'merchant', group: 0 })
    const path = `/v1/merchants/${shop.walletId}`
    const call = (by: RequestSigner, method: string, tail: string, json?: object) =>
      region.client.call(by, method, `${path}${tail}`, json)
    const key = newWalletKey()
    const till = subUserSigner(shop.walletId, 7, key)
    const said = { role: 'refunder', refund_limit: '2.00', public_key: key.publicKeyHex, label: '收银台 7' }
    await call(shop.signer, 'PUT', '/users/7', { ...said, request_id: newId() })
    const expires_at = new Date(Date.now() + 600_000).toISOString()
    await call(till, 'POST', '/orders', { order_no: 'K-1', amount: '5.00', expires_at })
    await pay(region, payer, shop, '5.00', 'K-1')
    const above = call(till, 'POST', '/orders/K-1/refunds', { refund_id: newId(), amount: '2.01' })
    await expect(above).rejects.toMatchObject({ reason: 'merchant-user-limit' })
    const back = await call(till, 'POST', '/orders/K-1/refunds', { refund_id: newId(), amount: '2.00' })
    expect(back.body).toMatchObject({ status: 'completed' })
    await call(shop.signer, 'POST', '/orders/K-1/refunds', { refund_id: newId(), amount: '0.50' })
    const refunds = async () =>
      (await call(till, 'GET', '/orders/K-1/refunds')).body.refunds as { amount: string; by?: object }[]
    await until('the refunds are followed', async () => (await refunds()).length === 2)
    const by = { user_no: 7, version: 1 }
    expect((await refunds()).map((one) => [one.amount, one.by])).toEqual([
      ['2.00', by],
      ['0.50', undefined],
    ])
    expect((await call(till, 'GET', '/orders')).body).toMatchObject({ orders: [{ order_no: 'K-1', by }] })
    expect((await call(shop.signer, 'GET', '/users')).body).toMatchObject({
      users: [{ user_no: 7, role: 'refunder', label: '收银台 7' }],
    })
    const headers = { 'idempotency-key': newId() }
    await region.client.call(shop.signer, 'DELETE', `${path}/users/7`, undefined, headers)
    await expect(call(till, 'GET', '/orders')).rejects.toMatchObject({ status: 401 })
    const entries = async () => (await call(region.institution, 'GET', '/users/7')).body.entries as { status: string }[]
    await until('its removal is followed', async () => (await entries())[0]!.status === 'removed')
    expect(await entries()).toMatchObject([{ version: 1, role: 'refunder', refund_limit: '2.00', label: '收银台 7' }])
  })

  test("a merchant's file of a day that is over has what moved on it; of today there is none yet", async () => {
    const shop = await openTestWallet(region, { kind: 'merchant', group: 0 })
    const dateOf = (ms: number) => new Date(ms + 28_800_000).toISOString().slice(0, 10)
    const file = (date: string) => get(shop, `/v1/merchants/${shop.walletId}/statements/${date}`)
    await until('the shop is followed', () =>
      file(dateOf(Date.now() - 86_400_000)).then(
        () => true,
        () => false,
      ),
    )
    expect(await file(dateOf(Date.now() - 86_400_000))).toMatchObject({ lines: 0, opening: '0.00', closing: '0.00' })
    const today = await file(dateOf(Date.now())).then(undefined, (error: unknown) => (error as ApiProblem).problem)
    expect(today).toMatchObject({ reason: 'statement-open' })
  })
})
