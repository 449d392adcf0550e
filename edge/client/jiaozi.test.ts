import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestApi, type TestWallet } from '../routes/testApi.ts'
import {
  done,
  importWalletKey,
  Jiaozi,
  type JiaoziOptions,
  newId,
  newWalletKey,
  principalSigner,
  signPayment,
  subUserSigner,
  type WalletKey,
  walletSigner,
} from './index.ts'
import { TestNetwork } from './testNetwork.ts'

const baseUrl = 'https://edge.test'
let api: TestApi
let network: TestNetwork
let own: TestWallet
let shop: TestWallet
let key: WalletKey

const clientOf = (signedBy: TestWallet, signingKey: WalletKey, options: Partial<JiaoziOptions> = {}): Jiaozi =>
  new Jiaozi({ baseUrl, signer: walletSigner(signedBy.walletId, signingKey), fetch: network.fetch, ...options })
const jwkOf = (wallet: TestWallet) => wallet.key.privateKey.export({ format: 'jwk' }) as JsonWebKey
const problem =
  (status: number, reason: string, headers: object = {}) =>
  () =>
    new Response(JSON.stringify({ type: `/problems/${reason}`, title: reason, status, reason }), {
      status,
      headers: { 'content-type': 'application/problem+json', ...headers },
    })

beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  own = await api.openWallet()
  shop = await api.openWallet(api.institution, 'merchant', 0)
  await api.fund(own, '100.00')
  network = new TestNetwork(api)
  key = await importWalletKey(jwkOf(own))
})
afterEach(() => api.close())

const payment = (amount = '12.50', changes: object = {}) =>
  signPayment({ payer_wallet: own.walletId, payee_wallet: shop.walletId, amount, ...changes }, key)

describe('what is asked is done', () => {
  test('by a merchant’s sub-user, with a key of its own', async () => {
    const [owner, till] = [await importWalletKey(jwkOf(shop)), await newWalletKey()]
    const path = { wallet_id: shop.walletId, user_no: 3 }
    const body = { role: 'cashier', public_key: till.publicKeyHex } as const
    const entered = done(await clientOf(shop, owner).call('putMerchantUser', { path, body }))
    expect(entered).toMatchObject({ keyid: `${shop.walletId}/users/3`, version: 1 })
    const signer = subUserSigner(shop.walletId, 3, till)
    const order = { order_no: 'T-3', amount: '1.00', expires_at: new Date(Date.now() + 60_000).toISOString() }
    const at = { wallet_id: shop.walletId }
    const jiaozi = new Jiaozi({ baseUrl, signer, fetch: network.fetch })
    expect(done(await jiaozi.call('createOrder', { path: at, body: order })).by).toEqual({ user_no: 3, version: 1 })
    const profile = await jiaozi.call('putMerchant', { path: at, body: { name_zh: '茶' } })
    expect(profile).toMatchObject({ kind: 'refused', problem: { reason: 'not-allowed' } })
  })

  test('by a wallet, a merchant and an institution, each with a key of its own kind', async () => {
    const bank = await principalSigner('institution:1', api.institution.pem)
    const jiaozi = new Jiaozi({ baseUrl, signer: bank, fetch: network.fetch })
    const { user_id } = done(await jiaozi.call('openUser', { body: { kyc_level: 1 } }))
    const merchantKey = await newWalletKey()
    const opening = { user_id, class: 0, kind: 'merchant', public_key: merchantKey.publicKeyHex } as const
    const { wallet_id } = done(await jiaozi.call('openWallet', { body: opening }))

    const seller = walletSigner(wallet_id, merchantKey)
    const order = { order_no: 'T-1', amount: '12.5', expires_at: new Date(Date.now() + 60_000).toISOString() }
    const made = await jiaozi.call('createOrder', { path: { wallet_id }, body: order }, { signer: seller })
    expect(made).toMatchObject({ kind: 'done', status: 201, body: { status: 'created', amount: '12.50' } })
    const paid = await jiaozi.call('submitPayment', {
      body: await payment('12.5', { payee_wallet: wallet_id, order: 'T-1' }),
    })
    expect(paid).toMatchObject({ kind: 'done', body: { status: 'completed' } })
    const asked = { path: { wallet_id, order_no: 'T-1' }, query: { fresh: 'true' } } as const
    const shown = done(await jiaozi.call('showOrder', asked, { signer: seller }))
    expect(shown).toMatchObject({ status: 'paid', payer_wallet: own.walletId })
  })

  test('under an id that the client makes where the caller gives none', async () => {
    const { link_id } = done(
      await clientOf(own, key).call('linkAccount', {
        path: { wallet_id: own.walletId },
        body: { account_type: 'bank', account_no: '6225880123459999', balance_limit: '500' },
      }),
    )
    const unlinked = await clientOf(own, key).call('unlinkAccount', { path: { wallet_id: own.walletId, link_id } })
    expect(unlinked.kind).toBe('done')
    const [linking, unlinking] = network.asked
    expect(JSON.parse(linking!.body).request_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    expect(unlinking!.headers.get('idempotency-key')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    expect(unlinking!.headers.get('signature-input')).toContain('"idempotency-key"')
  })

  test('a batch goes as lines, and each record is told of', async () => {
    const signer = await principalSigner('institution:1', api.institution.pem)
    const header = { batch_id: newId(), requested_at: new Date().toISOString() }
    const record = { payer_wallet: own.walletId, payee_wallet: shop.walletId, amount: '1.00', authorisation: 7 }
    const body = `${JSON.stringify(header)}\n${JSON.stringify(record)}\n`
    const outcome = await new Jiaozi({ baseUrl, signer, fetch: network.fetch }).call('submitBatch', { body })
    expect(outcome).toMatchObject({ kind: 'done', body: { status: 'completed', completed: 1, refused: 0 } })
  })
})

describe('a refusal', () => {
  test('is an outcome of its own, with its problem', async () => {
    const outcome = await clientOf(own, key, { language: 'zh' }).call('submitPayment', { body: await payment('1000') })
    expect(outcome).toMatchObject({
      kind: 'refused',
      problem: { status: 409, reason: 'funds-insufficient', title: '余额不足', errors: [{ field: 'amount' }] },
    })
    expect(() => done(outcome)).toThrow('余额不足')
    expect(network.asked).toHaveLength(1)
  })

  test('of what cannot even be sent is the caller’s mistake', async () => {
    const jiaozi = new Jiaozi({ baseUrl, fetch: network.fetch })
    await expect(jiaozi.call('showWallet', { path: { wallet_id: own.walletId } })).rejects.toThrow('must be signed')
    await expect(payment('1.005')).rejects.toThrow('at most two decimals')
    await expect(importWalletKey('-----BEGIN EC PRIVATE KEY-----')).rejects.toThrow('PKCS#8')
    await expect(principalSigner('institution:1', 'no key')).rejects.toThrow('PKCS#8')
  })
})

describe('when answers or requests are lost', () => {
  test('the same is asked again under the same id, and money moves once', async () => {
    network.fates.push('answer lost', 'request lost', problem(503, 'unavailable'), problem(429, 'overloaded'))
    const outcome = await clientOf(own, key).call('submitPayment', { body: await payment() })
    expect(outcome).toMatchObject({ kind: 'done', body: { status: 'completed' } })
    expect(network.asked).toHaveLength(5)
    expect(new Set(network.asked.map(({ body }) => body)).size).toBe(1)
    expect([api.balance(own), api.balance(shop)]).toEqual([8_750, 1_250])
  })

  test('until the deadline: then nobody knows, and asking again tells', async () => {
    network.fates.push('answer lost', ...Array(200).fill('request lost'))
    const outcome = await clientOf(own, key, { deadlineMs: 400 }).call('submitPayment', { body: await payment() })
    expect(outcome).toMatchObject({ kind: 'unknown', why: 'no answer: fetch failed' })
    expect(() => done(outcome)).toThrow('The outcome is not known')
    network.fates.length = 0
    if (outcome.kind !== 'unknown') throw new Error('it is unknown')
    expect(await outcome.again()).toMatchObject({ kind: 'done', body: { status: 'completed' } })
    expect(api.balance(own)).toBe(8_750)
  })

  test('a command without an id of its own keeps the one that was made for it', async () => {
    network.fates.push('answer lost', 'answer lost')
    const before = await clientOf(own, key).call('listLinkedAccounts', { path: { wallet_id: own.walletId } })
    expect(before.kind).toBe('done')
    const body = { account_type: 'bank', account_no: '6225880123459999', balance_limit: '500' } as const
    network.fates.length = 0
    network.fates.push('answer lost', 'answer lost')
    const linked = await clientOf(own, key).call('linkAccount', { path: { wallet_id: own.walletId }, body })
    expect(linked.kind).toBe('done')
    const list = done(await clientOf(own, key).call('listLinkedAccounts', { path: { wallet_id: own.walletId } }))
    expect(list.linked_accounts).toHaveLength(2)
  })

  test('a key that the lost try replaced is no reason to believe that nothing was done', async () => {
    network.fates.push('answer lost')
    const next = await newWalletKey()
    const asked = { path: { wallet_id: own.walletId }, body: { public_key: next.publicKeyHex } }
    const outcome = await clientOf(own, key).call('rotateWalletKey', asked)
    expect(outcome).toMatchObject({ kind: 'unknown', problem: { status: 401 } })
    const shown = await clientOf(own, next).call('showWallet', { path: { wallet_id: own.walletId } })
    expect(shown.kind).toBe('done')
  })

  test('what is no answer of the API is none', async () => {
    network.fates.push(() => new Response('<h1>Blocked</h1>', { status: 403 }))
    const outcome = await clientOf(own, key).call('submitPayment', { body: await payment() })
    expect(outcome).toMatchObject({ kind: 'unknown', why: "the answer was 403 and none of the API's" })
    network.fates.push(() => new Response('<h1>Bad gateway</h1>', { status: 502 }))
    expect(await clientOf(own, key).call('submitPayment', { body: await payment() })).toMatchObject({ kind: 'done' })
  })

  test('what is under way is asked for until it has ended', async () => {
    const pending = { payment_id: newId(), payer_wallet: own.walletId, status: 'pending' }
    network.fates.push(() => Response.json(pending, { status: 202 }))
    const outcome = await clientOf(own, key).call('submitPayment', { body: await payment() })
    expect(outcome).toMatchObject({ kind: 'done', body: { status: 'completed' } })
    network.fates.push(...Array(200).fill(() => Response.json(pending, { status: 202 })))
    const open = await clientOf(own, key).call('submitPayment', { body: await payment() }, { deadlineMs: 200 })
    expect(open).toMatchObject({ kind: 'unknown', why: 'it is under way', pending })
  })

  test('a caller who waits no longer is let go at once, and knows no more than that', async () => {
    const leaving = new AbortController()
    network.fates.push(() => {
      leaving.abort()
      throw new TypeError('fetch failed')
    })
    const settings = { signal: leaving.signal }
    const outcome = await clientOf(own, key).call('submitPayment', { body: await payment() }, settings)
    expect(outcome).toMatchObject({ kind: 'unknown', why: 'the caller waits no longer' })
    expect(network.asked).toHaveLength(1)
  })
})
