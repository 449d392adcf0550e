import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAssertions } from '../../actors/log/evidence.ts'
import { createOpener } from '../../actors/log/sealing.ts'
import { siteOf } from '../auth/site.ts'
import { type Making, TestPasskey } from '../auth/testPasskey.ts'
import { newId, newWalletKey, signPayment } from '../client/node.ts'
import { writeMessage } from '../wire/protobuf.ts'
import { TestApi, type TestWallet } from './testApi.ts'

let api: TestApi
let payee: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  payee = await api.openWallet()
})
afterAll(() => api.close())

type PasskeyWallet = { readonly wallet: TestWallet; readonly passkey: TestPasskey }

/** Gives a wallet a passkey for its key, as its owner does who has a key already. */
async function take(wallet: TestWallet, passkey: TestPasskey, making: Making = {}) {
  const request_id = newId()
  const json = {
    algorithm: 'webauthn-p256',
    passkey: passkey.register(wallet.walletId, request_id, making),
    request_id,
  }
  return api.ask('POST', `/v1/wallets/${wallet.walletId}/keys`, { by: wallet.signer, json })
}

async function passkeyWallet(amount = '5.00'): Promise<PasskeyWallet> {
  const wallet = await api.openWallet()
  await api.fund(wallet, amount)
  const passkey = new TestPasskey()
  expect((await take(wallet, passkey)).body).toMatchObject({ key_version: 2 })
  return { wallet, passkey }
}

const paymentBy = ({ walletId }: TestWallet, changes: object = {}) => ({
  payment_id: newId(),
  payer_wallet: walletId,
  payee_wallet: payee.walletId,
  amount: '1.00',
  currency: 'CNY-DC',
  timestamp: new Date().toISOString(),
  ...changes,
})
const pay = (json: object) => api.ask('POST', '/v1/payments', { json })

describe('a wallet takes a passkey for its key', () => {
  test('from its institution when it is opened', async () => {
    const { userId } = await api.openWallet()
    const request_id = newId()
    const passkey = new TestPasskey().register(userId, request_id)
    const json = { user_id: userId, class: 3, kind: 'personal', algorithm: 'webauthn-p256', passkey, request_id }
    const told = await api.ask('POST', '/v1/wallets', { by: api.institution.signer, json })
    expect(told).toMatchObject({ status: 201, body: { key_version: 1 } })
    expect((await api.ask('POST', '/v1/wallets', { by: api.institution.signer, json })).body).toEqual(told.body)
  })

  test.each<[string, Making, string]>([
    ['on another page', { site: siteOf('https://evil.test') }, 'origin'],
    ['by somebody whom it did not verify', { flags: 0x41 }, 'User verification was required'],
    ['by signing with an old one', { type: 'webauthn.get' }, 'webauthn.get'],
    ['with a statement about its maker', { format: 'packed' }, 'the attestation must be "none"'],
  ])('but not one that was made %s', async (_, making, message) => {
    const told = await take(await api.openWallet(), new TestPasskey(), making)
    expect(told.status).toBe(422)
    expect(told.body.errors).toEqual([{ field: 'passkey', message: expect.stringContaining(message) }])
  })

  test('nor one that was made for another wallet or request, or none, or a key beside it', async () => {
    const { walletId, signer } = await api.openWallet()
    const request_id = newId()
    const ask = async (json: object) =>
      (await api.ask('POST', `/v1/wallets/${walletId}/keys`, { by: signer, json: { request_id, ...json } })).body.errors
    const of = (subject: string, id: string) => ({
      algorithm: 'webauthn-p256',
      passkey: new TestPasskey().register(subject, id),
    })
    const challenge = [{ field: 'passkey', message: expect.stringContaining('challenge') }]
    expect(await ask(of(payee.walletId, request_id))).toEqual(challenge)
    expect(await ask(of(walletId, newId()))).toEqual(challenge)
    expect(await ask({ algorithm: 'webauthn-p256' })).toEqual([{ field: 'passkey', message: 'is missing' }])
    const { publicKeyHex } = newWalletKey()
    const superfluous = (field: string) => [{ field, message: expect.stringContaining('does not go with') }]
    expect(await ask({ ...of(walletId, request_id), public_key: publicKeyHex })).toEqual(superfluous('public_key'))
    expect(await ask({ ...of(walletId, request_id), algorithm: 'ecdsa-p256' })).toEqual(superfluous('passkey'))
  })
})

describe('a payment by passkey', () => {
  test('is carried out once, whether it comes as JSON or Protobuf', async () => {
    const { wallet, passkey } = await passkeyWallet()
    const json = passkey.pay(paymentBy(wallet))
    const told = await pay(json)
    expect(told).toMatchObject({ status: 200, body: { status: 'completed' } })
    const bytes = writeMessage('PaymentRequest', json)
    const again = await api.ask('POST', '/v1/payments', { bytes, type: 'application/x-protobuf' })
    expect(again.status).toBe(200)
    expect(api.balance(wallet)).toBe(400)
  })

  test('signed again is the same payment, though its signature is another', async () => {
    const { wallet, passkey } = await passkeyWallet()
    const payment = paymentBy(wallet)
    const first = await pay(passkey.pay(payment))
    expect((await pay(passkey.pay(payment))).body).toEqual(first.body)
    expect(api.balance(wallet)).toBe(400)
  })

  test('pays for nothing else: another amount, payee, order or id is refused', async () => {
    const { wallet, passkey } = await passkeyWallet()
    const signed = passkey.pay(paymentBy(wallet))
    const others = [{ amount: '2.00' }, { payee_wallet: 'W1048577' }, { order: 'T-1' }, { payment_id: newId() }]
    for (const other of others) {
      const told = await pay({ ...signed, ...other })
      expect(told.status).toBe(401)
      expect(told.body.errors).toEqual([
        { field: 'webauthn.client_data_json', message: expect.stringContaining('another challenge') },
      ])
    }
    expect(api.balance(wallet)).toBe(500)
  })

  test('by somebody whom the phone did not know, or on a page of a stranger, is refused', async () => {
    const { wallet, passkey } = await passkeyWallet()
    for (const making of [{ flags: 0x01 }, { site: siteOf('https://evil.test') }, { type: 'webauthn.create' }]) {
      expect((await pay(passkey.pay(paymentBy(wallet), making))).status).toBe(401)
    }
    expect(api.balance(wallet)).toBe(500)
  })

  test('by another passkey is refused', async () => {
    const { wallet } = await passkeyWallet()
    expect((await pay(new TestPasskey().pay(paymentBy(wallet)))).status).toBe(401)
  })

  test('is not to be had by a key that signs without an authenticator, nor such a signature by a passkey', async () => {
    const plain = await api.openWallet()
    await api.fund(plain, '5.00')
    const asserted = new TestPasskey().pay(paymentBy(plain))
    const payment = paymentBy(plain)
    expect((await pay({ ...signPayment(payment, plain.key), webauthn: asserted.webauthn })).status).toBe(401)
    const { wallet, passkey } = await passkeyWallet()
    const { webauthn: _, ...bare } = passkey.pay(paymentBy(wallet))
    expect((await pay(bare)).status).toBe(401)
  })

  test('names what is wrong with the form of its assertion', async () => {
    const { wallet, passkey } = await passkeyWallet()
    const good = passkey.pay(paymentBy(wallet))
    const errorsOf = async (webauthn: unknown) => (await pay({ ...good, webauthn })).body.errors
    expect(await errorsOf('x')).toEqual([{ field: 'webauthn', message: 'must be an object' }])
    expect(await errorsOf({ ...good.webauthn, user_handle: 'x' })).toMatchObject([{ field: 'webauthn.user_handle' }])
    expect(await errorsOf({ ...good.webauthn, authenticator_data: '' })).toMatchObject([
      { field: 'webauthn.authenticator_data', message: 'is missing' },
    ])
    expect(await errorsOf({ ...good.webauthn, client_data_json: 'a+b=' })).toMatchObject([
      { field: 'webauthn.client_data_json', message: expect.stringContaining('base64url') },
    ])
  })

  test('leaves in the log what proves it: the assertion, beside its signature', async () => {
    const { wallet, passkey } = await passkeyWallet()
    const json = passkey.pay(paymentBy(wallet))
    const { position } = (await pay(json)).body as { position: { shard: number; seq: number; index: number } }
    const log = api.logs[position.shard]!
    const found: Uint8Array[] = []
    const follower = log.follow(position.seq, (entry) => {
      if (entry.seq === position.seq) found.push(entry.data)
      return undefined
    })
    while (found.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await follower.stop()
    const { header, evidence } = createOpener(api.ring).open(found[0]!)
    const kept = readAssertions(evidence!(), header.count).get(position.index)!
    const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
    expect(base64url(kept.authenticatorData)).toBe(json.webauthn.authenticator_data)
    expect(base64url(kept.clientDataJson)).toBe(json.webauthn.client_data_json)
  })
})

describe('any other request of a wallet', () => {
  test('is signed by its passkey too, one at a time', async () => {
    const { wallet, passkey } = await passkeyWallet()
    const by = passkey.signer(wallet.walletId)
    const path = `/v1/wallets/${wallet.walletId}`
    const told = await api.ask('GET', path, { by, headersOf: by.headers })
    expect(told).toMatchObject({ status: 200, body: { balance: '5.00' } })
    const stale = by.headers()
    expect((await api.ask('GET', `${path}/linked-accounts`, { by, headersOf: () => stale })).status).toBe(401)
    expect((await api.ask('GET', path, { by })).status).toBe(401)
  })

  test('and the passkey can be replaced by its own word', async () => {
    const { wallet, passkey } = await passkeyWallet()
    const by = passkey.signer(wallet.walletId)
    const next = new TestPasskey()
    const request_id = newId()
    const json = { algorithm: 'webauthn-p256', passkey: next.register(wallet.walletId, request_id), request_id }
    const path = `/v1/wallets/${wallet.walletId}/keys`
    expect((await api.ask('POST', path, { by, json, headersOf: by.headers })).body).toMatchObject({ key_version: 3 })
    expect((await pay(passkey.pay(paymentBy(wallet)))).status).toBe(401)
    expect((await pay(next.pay(paymentBy(wallet)))).status).toBe(200)
  })
})
