import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId, newWalletKey, subUserSigner } from '../client/node.ts'
import type { RequestSigner } from '../client/requests.ts'
import { operations } from './app.ts'
import { type Role, subUserRoles } from './caller.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { openSubUser, subUserOf, usersPath } from './testMerchantUsers.ts'
import { samples } from './testOperations.ts'
import type { Told } from './testRequest.ts'
import { newOrder, orderOf, ordersPath, paidOrder, walletPath, withId } from './testThings.ts'

let api: TestApi
let shop: TestWallet

beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  shop = await api.openWallet(api.institution, 'merchant')
})
afterEach(() => api.close())

const create = (by: RequestSigner, json = orderOf()): Promise<Told> => api.ask('POST', ordersPath(shop), { by, json })
const put = (userNo: number, json: object, by = shop.signer): Promise<Told> =>
  api.ask('PUT', usersPath(shop, `/${userNo}`), { by, json })
const remove = (userNo: number, by = shop.signer): Promise<Told> =>
  api.ask('DELETE', usersPath(shop, `/${userNo}`), { by, headers: { 'idempotency-key': newId() } })
const refund = (by: RequestSigner, order: string, amount: string, refund_id = newId()): Promise<Told> =>
  api.ask('POST', ordersPath(shop, `/${order}/refunds`), { by, json: { refund_id, amount } })

describe('a merchant’s sub-user', () => {
  test('signs with its own key, and the order says who made it', async () => {
    const till = await openSubUser(api, shop, 2, 'cashier')
    const told = await create(till)
    expect(told).toMatchObject({ status: 201, body: { status: 'created', by: { user_no: 2, version: 1 } } })
    const order = String(told.body.order_no)
    const shown = await api.ask('GET', ordersPath(shop, `/${order}`), { by: shop.signer })
    expect(shown.body).toMatchObject({ by: { user_no: 2, version: 1 } })
    const own = await newOrder(api, shop)
    expect((await api.ask('GET', ordersPath(shop, `/${own}`), { by: till })).body).not.toHaveProperty('by')
  })

  test('refunds as much as its limit; the merchant makes the same refund good under the same id', async () => {
    const order = await paidOrder(api, shop)
    const refunder = await openSubUser(api, shop, 1, 'refunder', { refund_limit: '0.40' })
    const id = newId()
    const above = await refund(refunder, order, '0.41', id)
    expect(above).toMatchObject({ status: 422, body: { reason: 'merchant-user-limit', errors: [{ field: 'amount' }] } })
    expect(await refund(shop.signer, order, '0.41', id)).toMatchObject({ status: 200, body: { status: 'completed' } })
    const paid = await refund(refunder, order, '0.40')
    expect(paid).toMatchObject({ status: 200, body: { status: 'completed' } })
    const path = walletPath(shop, `/payments/${paid.body.refund_id}`)
    expect(await api.ask('GET', path, { by: refunder })).toMatchObject({ status: 200 })
  })

  test.each<Role>(['cashier', 'refunder'])('a %s sends no part of an order’s money on', async (role) => {
    const own = await api.openWallet()
    const till = await openSubUser(api, shop, 2, role)
    const json = orderOf({ splits: [{ payee_wallet: own.walletId, percent: '99.00' }] })
    const wrong = { status: 403, body: { reason: 'merchant-user-role', errors: [{ field: 'splits' }] } }
    expect(await create(till, json)).toMatchObject(wrong)
    const made = await create(shop.signer, json)
    expect([made.status, made.body.by]).toEqual([201, undefined])
  })

  test('that was removed is nobody from then on', async () => {
    const order = await paidOrder(api, shop)
    const refunder = await openSubUser(api, shop, 1, 'refunder')
    expect(await remove(1)).toMatchObject({ status: 200, body: { status: 'removed', user_no: 1 } })
    for (const told of [await create(refunder), await refund(refunder, order, '0.10')]) {
      expect(told).toMatchObject({ status: 401, body: { reason: 'not-signed' } })
    }
    expect((await api.ask('GET', ordersPath(shop, `/${order}`), { by: refunder })).status).toBe(401)
    expect(await remove(1)).toMatchObject({ status: 404, body: { reason: 'merchant-user-unknown' } })
  })

  test('with another key has that one, and what the old one signs counts no more', async () => {
    const [old, other] = [await openSubUser(api, shop, 1, 'cashier'), await openSubUser(api, shop, 1, 'accountant')]
    expect((await create(old)).status).toBe(401)
    expect(await create(other)).toMatchObject({ status: 403, body: { reason: 'merchant-user-role' } })
    api.orders = { orders: [], followed: { shard: 0, seq: 9, timeMs: Date.now() }, more: false }
    expect((await api.ask('GET', ordersPath(shop), { by: other })).status).toBe(200)
  })

  test('goes when the merchant’s own key is revoked', async () => {
    const till = await openSubUser(api, shop, 1, 'cashier')
    const json = withId()
    await api.ask('POST', walletPath(shop, '/keys/revoke'), { by: api.institution.signer, json })
    expect((await create(till)).status).toBe(401)
  })

  test('that nobody has, or whose signature is another’s, is answered like a wallet that does not exist', async () => {
    await openSubUser(api, shop, 1, 'cashier')
    const key = newWalletKey()
    const strangers = [
      subUserSigner(shop.walletId, 1, key),
      subUserSigner(shop.walletId, 2, key),
      subUserSigner('M999999999', 1, key),
      { ...shop.signer, keyId: `${shop.walletId}/users/1` },
    ]
    const answers = await Promise.all(strangers.map((by) => create(by)))
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401])
    expect(new Set(answers.map(({ bytes }) => Buffer.from(bytes).toString()))).toHaveProperty('size', 1)
  })

  test.each(['users', 'users/0', 'users/1/', 'users/100', 'Users/1', 'users/1/users/1'])(
    'is not what keyid ends with %s names',
    async (tail) => {
      await openSubUser(api, shop, 1, 'cashier')
      const by = { ...subUserSigner(shop.walletId, 1, newWalletKey()), keyId: `${shop.walletId}/${tail}` }
      expect(await create(by)).toMatchObject({ status: 401, body: { reason: 'not-signed' } })
    },
  )

  test('of a person’s wallet cannot be', async () => {
    const ann = await api.openWallet()
    const json = subUserOf('cashier')
    const told = await api.ask('PUT', usersPath(ann, '/1'), { by: ann.signer, json })
    expect(told).toMatchObject({ status: 422, body: { reason: 'merchant-required' } })
  })

  test.each([
    ['a cashier with a limit', { refund_limit: '1.00', role: 'cashier' }, 'refund_limit'],
    ['a refunder without one', { refund_limit: undefined }, 'refund_limit'],
    ['a refunder who may send back nothing', { refund_limit: '0.00' }, 'refund_limit'],
    ['a label of two lines', { label: 'a\nb' }, 'label'],
    ['a label of 41 characters', { label: 'x'.repeat(41) }, 'label'],
    ['no key', { public_key: undefined }, 'public_key'],
    ['a role that there is not', { role: 'owner' }, 'role'],
  ])('is not %s', async (_, changes, field) => {
    const told = await put(1, subUserOf('refunder', changes))
    expect(told).toMatchObject({ status: 422, body: { errors: [{ field }] } })
  })

  test('has a number from 1 to 32', async () => {
    expect((await put(32, subUserOf('cashier'))).status).toBe(200)
    expect(await put(33, subUserOf('cashier'))).toMatchObject({ status: 422, body: { errors: [{ field: 'user_no' }] } })
  })
})

describe('where the shard is only followed', () => {
  test('a sub-user that the copy does not know yet is asked of the owner; one that it knows still does nothing', async () => {
    const till = await openSubUser(api, shop, 1, 'cashier')
    api.becomeStandby()
    const late = await openSubUser(api, shop, 2, 'cashier')
    expect((await create(late)).status).toBe(201)
    expect((await create(till)).status).toBe(201)
    await remove(1)
    expect(await create(till)).toMatchObject({ status: 404, body: { reason: 'merchant-user-unknown' } })
  })

  test('another key counts at once, and the old one opens nothing that must be fresh', async () => {
    const old = await openSubUser(api, shop, 1, 'accountant')
    api.becomeStandby()
    expect((await api.ask('GET', walletPath(shop, '?fresh=true'), { by: old })).status).toBe(200)
    const other = await openSubUser(api, shop, 1, 'cashier')
    expect((await create(other)).status).toBe(201)
    expect(await create(old)).toMatchObject({ status: 401, body: { reason: 'key-not-current' } })
    expect((await api.ask('GET', walletPath(shop, '?fresh=true'), { by: old })).status).toBe(401)
  })
})

describe('whom a merchant has given keys', () => {
  test('it sees with the labels that the journal has, sealed for each of them', async () => {
    const { labels } = api.web.services
    const commandId = Uint8Array.from({ length: 16 }, (_, i) => i)
    const merchant = Number(shop.walletId.slice(1))
    await openSubUser(api, shop, 1, 'cashier')
    await openSubUser(api, shop, 2, 'refunder', { refund_limit: '200' })
    for (let version = 1; version <= 2; version++) await openSubUser(api, shop, 3, 'cashier')
    const sealed = labels.seal({ merchant, number: 1, commandId }, 'Till 1')
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('Till')
    const of = { version: 1, role: 'cashier', limit: 0, changedMs: Date.now(), removed: false } as const
    const label = { commandId, sealed }
    api.merchantUsers = [
      { ...of, number: 1, label },
      { ...of, number: 2, label },
      { ...of, number: 3, label: { commandId, sealed: labels.seal({ merchant, number: 3, commandId }, 'Till 3') } },
    ]
    const told = await api.ask('GET', usersPath(shop), { by: shop.signer })
    const { users } = told.body as { users: Record<string, unknown>[] }
    expect(users).toMatchObject([
      { user_no: 1, keyid: `${shop.walletId}/users/1`, version: 1, role: 'cashier', label: 'Till 1' },
      { user_no: 2, role: 'refunder', refund_limit: '200.00' },
      { user_no: 3, version: 2 },
    ])
    // What was sealed for another opens nowhere, and the label of an earlier till is not this one's.
    for (const one of [1, 2]) expect(users[one]).not.toHaveProperty('label')
    const history = await api.ask('GET', usersPath(shop, '/1'), { by: api.operator.signer })
    expect(history.body.entries).toMatchObject([{ version: 1, status: 'active', label: 'Till 1' }])
  })
})

/**
 * What each role may do, written down by hand: of its own merchant, by a cashier, a refunder, an accountant. What stands
 * in no line is 403 for all of them.
 */
const matrix: Readonly<Record<string, readonly [number, number, number]>> = {
  createOrder: [201, 201, 403],
  closeOrder: [200, 200, 403],
  refundOrder: [403, 200, 403],
  listOrders: [200, 200, 200],
  showOrder: [200, 200, 200],
  listRefunds: [200, 200, 200],
  showOrderQr: [200, 200, 403],
  showMerchantQr: [200, 200, 403],
  showPayment: [403, 200, 200],
  showReceipt: [403, 403, 200],
  showWallet: [403, 403, 200],
  listEntries: [403, 403, 200],
  showStatement: [403, 403, 200],
  showDailyStatement: [403, 403, 200],
  listWebhooks: [403, 403, 200],
  showWebhook: [403, 403, 200],
}

describe('every role may do what its line says, and nothing of another merchant', () => {
  const cases = Object.keys(matrix).flatMap((name) =>
    subUserRoles.map((role, n) => [name, role, matrix[name]![n]!] as [string, Role, number]),
  )
  test.each(cases)('%s by a %s: %i', async (name, role, status) => {
    const other = await api.openWallet(api.otherInstitution, 'merchant')
    const { path, json } = await samples[name]!.sample(api, shop, other)
    const [own, foreign] = [await openSubUser(api, shop, 9, role), await openSubUser(api, other, 9, role)]
    const { method } = operations.find((one) => one.name === name)!
    const asked = (by: RequestSigner) => api.ask(method.toUpperCase(), path, { by, ...(json && { json }) })
    // To a stranger of the same role there is nothing, or it may not ask at all; never a hint of what there is.
    const strange = await asked(foreign)
    const open = operations.find((one) => one.name === name)!.callers.includes(role)
    expect([strange.status, JSON.stringify(strange.body).includes(shop.walletId)]).toEqual([open ? 404 : 403, false])
    expect(await asked(own)).toMatchObject({ status })
    await remove(9)
    expect((await asked(own)).status).toBe(401)
  })

  test('all else is closed to them', async () => {
    const closed = operations.filter(({ name }) => matrix[name] === undefined)
    expect(closed.length).toBeGreaterThan(60)
    const users = await Promise.all(subUserRoles.map((role, n) => openSubUser(api, shop, n + 1, role)))
    for (const { method, path } of closed) {
      const named = path.replace('{wallet_id}', shop.walletId).replaceAll(/\{\w+\}/g, '1')
      for (const by of users) {
        const told = await api.ask(method.toUpperCase(), named, { by })
        expect([method, path, by.keyId, told.status]).toEqual([method, path, by.keyId, 403])
      }
    }
  })
})
