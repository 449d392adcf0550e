import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BySubUser, Market, type UserOptions } from './market.fixture.ts'
import { merchantUsersMax } from './merchantUserTable.ts'
import { viewMerchantUser } from './merchantUserViews.ts'
import { yuanOf } from './paper.fixture.ts'
import { keyAlgorithms, keyCauses, walletActions } from './records.ts'
import { expectSound, snapshot } from './replica.fixture.ts'
import { State } from './state.ts'

const dayMs = 86_400_000

/** A tea house with an order that ann of the same shard has paid, and one that bo of another has: ten yuan each. */
function market(): Market {
  const m = new Market({ idsMax: 1_024 })
  m.shop('tea house', { shard: 0 })
  m.shop('noodle bar', { shard: 0 })
  m.open('ann', { shard: 0, yuan: '100.00' })
  m.open('bo', { shard: 1, yuan: '100.00' })
  for (const payer of ['ann', 'bo']) {
    m.order('tea house', `of-${payer}`, '10.00')
    m.payOrder(payer, 'tea house', `of-${payer}`, '10.00')
  }
  m.settle()
  return m
}

const first = { number: 1, version: 1 } as const

describe('who a merchant’s sub-users are', () => {
  test('is what its own key says: number, role, limit, and which key is the current one', () => {
    const m = market()
    expect(m.putUser('tea house', 1)).toMatchObject({ refusal: 'accepted', value: 1 })
    expect(m.putUser('tea house', 32, { role: 'refunder', limit: 700 })).toMatchObject({ value: 1 })
    expect(m.putUser('tea house', 7, { role: 'accountant' })).toMatchObject({ value: 1 })
    m.wait(1_000)
    expect(m.putUser('tea house', 1, { role: 'refunder', limit: 1 })).toMatchObject({ refusal: 'accepted', value: 2 })
    expect(m.users('tea house').map(({ number, version, role, limit }) => [number, version, role, limit])).toEqual([
      [1, 2, 'refunder', 1],
      [7, 1, 'accountant', 0],
      [32, 1, 'refunder', 700],
    ])
    expect(m.users('noodle bar')).toEqual([])
    const read = viewMerchantUser(m.shards[0]!.ledger.state, m.wallet('tea house').number, 1)!
    expect(read.wallet.number).toBe(m.wallet('tea house').number)
    expect(read.user).toMatchObject({ number: 1, version: 2, changedMs: m.nowMs, algorithm: keyAlgorithms.ecdsaP256 })
    expectSound(m)
  })

  test('goes on counting where it was when a number is given to somebody else', () => {
    const m = market()
    m.putUser('tea house', 1)
    expect(m.removeUser('tea house', 1)).toMatchObject({ refusal: 'accepted', value: 1 })
    expect(m.users('tea house')).toEqual([])
    expect(m.removeUser('tea house', 1).refusal).toBe('merchant-user-unknown')
    expect(m.putUser('tea house', 1)).toMatchObject({ refusal: 'accepted', value: 2 })
    expect(m.order('tea house', 'T-1', '1.00', { by: first }).refusal).toBe('key-not-current')
    expect(m.order('tea house', 'T-1', '1.00', { by: { number: 1, version: 2 } }).refusal).toBe('accepted')
    expectSound(m)
  })

  test('the same request again is the same user', () => {
    const m = market()
    const head = { id: m.id() }
    expect(m.putUser('tea house', 1, { head }).value).toBe(1)
    expect(m.putUser('tea house', 1, { head })).toMatchObject({ refusal: 'accepted', value: 1, repeated: true })
    expect(m.users('tea house')).toMatchObject([{ version: 1 }])
  })

  test.each<[string, number, UserOptions, string]>([
    ['with the number nought', 0, {}, 'rule-invalid'],
    ['with a number above the last', merchantUsersMax + 1, {}, 'rule-invalid'],
    ['who refunds and has no limit', 1, { role: 'refunder', limit: 0 }, 'amount-invalid'],
    ['who refunds half a fen', 1, { role: 'refunder', limit: 0.5 }, 'amount-invalid'],
    ['who does not refund and has a limit', 1, { role: 'cashier', limit: 5 }, 'rule-invalid'],
    ['in a role that there is not', 1, { changes: { role: 4 } }, 'rule-invalid'],
    ['with a passkey', 1, { changes: { algorithm: keyAlgorithms.webauthnP256 } }, 'key-invalid'],
    ['with a key that is none', 1, { changes: { key: new Uint8Array(33) } }, 'key-invalid'],
    ['entered by its institution', 1, { head: { signer: 2, principal: 1 } }, 'signer-not-allowed'],
    ['entered by an operator', 1, { head: { signer: 3, principal: 9 } }, 'signer-not-allowed'],
    ['entered with an old key', 1, { head: { keyVersion: 2 } }, 'key-not-current'],
    ['entered by another sub-user', 1, { head: { signer: 7, principal: 2, keyVersion: 1 } }, 'signer-not-allowed'],
  ])('%s: refused', (_, number, options, refusal) => {
    const m = market()
    m.putUser('tea house', 2, { role: 'refunder' })
    expect(m.putUser('tea house', number, options).refusal).toBe(refusal)
    expect(m.users('tea house')).toHaveLength(1)
    expectSound(m)
  })

  test('of a wallet that is no merchant’s there are none', () => {
    const m = market()
    expect(m.putUser('ann', 1).refusal).toBe('merchant-required')
  })

  test('nobody but the merchant’s key removes one', () => {
    const m = market()
    m.putUser('tea house', 1)
    for (const head of [m.byInstitution(), m.byOperator(), { signer: 7, principal: 1 }]) {
      expect(m.removeUser('tea house', 1, head).refusal).toBe('signer-not-allowed')
    }
    expect(m.users('tea house')).toHaveLength(1)
  })
})

describe('what a sub-user may do', () => {
  const roles = [
    ['cashier', ['accepted', 'accepted', 'merchant-user-role']],
    ['refunder', ['accepted', 'accepted', 'accepted']],
    ['accountant', ['merchant-user-role', 'merchant-user-role', 'merchant-user-role']],
  ] as const
  test.each(roles)('%s: make an order, close one, refund one: %s', (role, told) => {
    const m = market()
    m.order('tea house', 'T-9', '1.00')
    m.putUser('tea house', 1, { role })
    const refusals = [
      m.order('tea house', 'T-1', '5.00', { by: first }),
      m.close('tea house', 'T-9', first),
      m.refund('tea house', 'of-bo', '5.00', { by: first }),
    ].map(({ refusal }) => refusal)
    expect(refusals).toEqual(told)
    m.settle()
    expectSound(m)
  })

  test('is nothing with money but refunds, and nothing of what the merchant says of itself', () => {
    const m = market()
    m.putUser('tea house', 1, { role: 'refunder' })
    const { number: wallet, link } = m.wallet('tea house')
    const by = () => ({ ...m.byWallet('tea house'), signer: 7, principal: 1, keyVersion: 1 })
    const change = { wallet, cause: keyCauses.rotate, algorithm: 1, key: new Uint8Array(33).fill(2) }
    expect(m.command(0, 'merchantPut', { ...by(), wallet, textLength: 0 }).refusal).toBe('signer-not-allowed')
    expect(m.command(0, 'webhookSecretRotate', { ...by(), wallet }).refusal).toBe('signer-not-allowed')
    expect(m.command(0, 'walletKey', { ...by(), ...change }).refusal).toBe('signer-not-allowed')
    expect(m.command(0, 'redemptionRequest', { ...by(), wallet, amount: 100, link }).refusal).toBe('signer-not-allowed')
  })

  test('is done for its own merchant alone', () => {
    const m = market()
    m.putUser('tea house', 1, { role: 'refunder' })
    expect(m.order('noodle bar', 'T-1', '1.00', { by: first }).refusal).toBe('merchant-user-unknown')
    m.putUser('noodle bar', 1, { role: 'accountant' })
    expect(m.order('noodle bar', 'T-1', '1.00', { by: first }).refusal).toBe('merchant-user-role')
  })

  test('is kept with the order: which of them made it, and with which key', () => {
    const m = market()
    m.putUser('tea house', 3)
    m.putUser('tea house', 3)
    m.order('tea house', 'T-1', '1.00', { by: { number: 3, version: 2 } })
    m.order('tea house', 'T-2', '1.00')
    expect(m.orderView('tea house', 'T-1')).toMatchObject({ user: 3, userVersion: 2 })
    expect(m.orderView('tea house', 'T-2')).toMatchObject({ user: 0, userVersion: 0 })
    // Whoever asks for the same order again did not make it.
    expect(m.order('tea house', 'T-2', '1.00', { by: { number: 3, version: 2 } }).refusal).toBe('accepted')
    expect(m.orderView('tea house', 'T-2')).toMatchObject({ user: 0 })
    expectSound(m)
  })
})

describe('a refund by a sub-user', () => {
  test('is as large as its limit and no larger; the merchant may make the same one good under the same id', () => {
    const m = market()
    m.putUser('tea house', 1, { role: 'refunder', limit: 500 })
    const id = m.id()
    expect(m.refund('tea house', 'of-bo', '5.01', { by: first, id }).refusal).toBe('merchant-user-limit')
    expect(m.refund('tea house', 'of-bo', '5.00', { by: first }).refusal).toBe('accepted')
    expect(m.refund('tea house', 'of-ann', '5.01', { id, digest: 9 }).refusal).toBe('accepted')
    m.settle()
    expect([m.balance('bo'), m.balance('ann')]).toEqual([9_500, 9_501])
    expectSound(m)
  })

  test('may be the first of many: its limit counts for each of them', () => {
    const m = market()
    m.putUser('tea house', 1, { role: 'refunder', limit: 500 })
    for (const refusal of ['accepted', 'accepted', 'refund-exceeds-payment']) {
      expect(m.refund('tea house', 'of-bo', '5.00', { by: first }).refusal).toBe(refusal)
    }
  })

  test('belongs to the merchant’s wallet, so that one that comes back is found', () => {
    const m = market()
    m.putUser('tea house', 1, { role: 'refunder' })
    const { number, shard } = m.wallet('bo')
    m.pay('bo', 'ann', '90.00')
    m.settle()
    m.command(shard, 'walletStatus', { ...m.byInstitution(), wallet: number, action: walletActions.close })
    m.refund('tea house', 'of-bo', '2.00', { by: first })
    m.settle()
    expect(m.orderView('tea house', 'of-bo')).toMatchObject({ refunded: 0, refunds: 0 })
    expect(m.balance('tea house')).toBe(2_000)
  })
})

describe('a key of the merchant that was lost takes its sub-users with it', () => {
  function withTwo(): Market {
    const m = market()
    m.putUser('tea house', 1)
    m.putUser('tea house', 2, { role: 'accountant' })
    m.putUser('noodle bar', 1)
    return m
  }
  const revoke = (m: Market) => {
    const fields = { wallet: m.wallet('tea house').number, cause: keyCauses.revoke, algorithm: 0 }
    return m.command(0, 'walletKey', { ...m.byInstitution(), ...fields, key: new Uint8Array(33) })
  }

  test('when it is revoked', () => {
    const m = withTwo()
    expect(revoke(m).refusal).toBe('accepted')
    expect([m.users('tea house'), m.users('noodle bar').length]).toEqual([[], 1])
    expect(m.order('tea house', 'T-1', '1.00', { by: first }).refusal).toBe('merchant-user-unknown')
    expectSound(m)
  })

  test('when a recovery has given the wallet a new one, and not before', () => {
    const m = withTwo()
    const wallet = m.wallet('tea house').number
    m.command(0, 'recoveryRulePut', { ...m.byOperator(), minutes: 60, effectiveMs: 0 })
    const key = new Uint8Array(33).fill(2)
    m.command(0, 'recoveryStart', { ...m.byInstitution(), wallet, algorithm: 1, key })
    expect(m.order('tea house', 'T-1', '1.00', { by: first }).refusal).toBe('accepted')
    m.wait(3_600_000)
    m.tick(0)
    expect(m.users('tea house')).toEqual([])
    expectSound(m)
  })

  test('but not when its holder replaces it', () => {
    const m = withTwo()
    const change = { wallet: m.wallet('tea house').number, cause: keyCauses.rotate, algorithm: 1 }
    m.command(0, 'walletKey', { ...m.byWallet('tea house'), ...change, key: new Uint8Array(33).fill(2) })
    expect(m.users('tea house')).toHaveLength(2)
    expect(m.order('tea house', 'T-1', '1.00', { by: first }).refusal).toBe('accepted')
  })
})

test('sub-users outlive snapshots and the days', () => {
  const m = market()
  m.putUser('tea house', 1, { role: 'refunder', limit: 900 })
  m.wait(3 * dayMs)
  const state = State.load(snapshot(m.shards[0]!.ledger.state))
  expect(viewMerchantUser(state, m.wallet('tea house').number, 1)?.user).toMatchObject({ role: 'refunder', limit: 900 })
  expect(m.refund('tea house', 'of-bo', '9.00', { by: first }).refusal).toBe('accepted')
})

/** The plainest book of the same: a row a number, and what each role may do. */
type Row = { version: number; role: 'cashier' | 'refunder' | 'accountant'; limit: number; there: boolean }
const shops = ['tea house', 'noodle bar'] as const

class Book {
  readonly #rows = new Map<string, Row>()

  put(shop: string, number: number, role: Row['role'], limit: number): number {
    const version = (this.#rows.get(`${shop}/${number}`)?.version ?? 0) + 1
    this.#rows.set(`${shop}/${number}`, { version, role, limit, there: true })
    return version
  }

  remove(shop: string, number: number): string {
    const row = this.#rows.get(`${shop}/${number}`)
    if (!row?.there) return 'merchant-user-unknown'
    row.there = false
    return 'accepted'
  }

  clear(shop: string): void {
    for (const [key, row] of this.#rows) if (key.startsWith(`${shop}/`)) row.there = false
  }

  /** Why a sub-user may not, or 'accepted'. */
  judge(shop: string, by: BySubUser, refundFen?: number): string {
    const row = this.#rows.get(`${shop}/${by.number}`)
    if (!row?.there) return 'merchant-user-unknown'
    if (row.version !== by.version) return 'key-not-current'
    if (row.role === 'accountant' || (refundFen !== undefined && row.role === 'cashier')) return 'merchant-user-role'
    return refundFen !== undefined && refundFen > row.limit ? 'merchant-user-limit' : 'accepted'
  }

  rows(shop: string): object[] {
    const own = [...this.#rows].filter(([key, { there }]) => there && key.startsWith(`${shop}/`))
    const found = own.map(([key, { version, role, limit }]) => ({
      number: Number(key.split('/')[1]),
      version,
      role,
      limit: role === 'refunder' ? limit : 0,
    }))
    return found.sort((a, b) => a.number - b.number)
  }
}

const someShop = fc.constantFrom(...shops)
const someNumber = fc.integer({ min: 1, max: 3 })
const someVersion = fc.integer({ min: 1, max: 3 })
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      shop: someShop,
      number: someNumber,
      role: fc.constantFrom('cashier', 'refunder', 'refunder', 'accountant'),
      limit: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), shop: someShop, number: someNumber }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke' as const), shop: someShop }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      shop: someShop,
      number: someNumber,
      version: someVersion,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      number: someNumber,
      version: someVersion,
      fen: fc.integer({ min: 1, max: 80 }),
      of: fc.constantFrom('of-ann', 'of-bo'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('arrive' as const) }) },
)

test('whoever is put, removed and given other roles: a removed one does nothing, a refunder never more than its limit', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const m = market()
      const book = new Book()
      let refunded = 0
      for (const [n, one] of steps.entries()) {
        if (one.do === 'put') {
          const role = one.role as Row['role']
          const limit = role === 'refunder' ? one.limit : 0
          // Whose key was revoked enters nobody any more.
          const told = m.putUser(one.shop, one.number, { role, limit })
          expect(told).toMatchObject({ refusal: 'accepted', value: book.put(one.shop, one.number, role, limit) })
        } else if (one.do === 'remove') {
          expect(m.removeUser(one.shop, one.number).refusal).toBe(book.remove(one.shop, one.number))
        } else if (one.do === 'revoke') {
          const fields = { wallet: m.wallet(one.shop).number, cause: keyCauses.revoke, algorithm: 0 }
          const told = m.command(0, 'walletKey', { ...m.byInstitution(), ...fields, key: new Uint8Array(33) })
          m.wallet(one.shop).keyVersion = told.value
          book.clear(one.shop)
        } else if (one.do === 'order') {
          const by = { number: one.number, version: one.version }
          expect(m.order(one.shop, `T-${n}`, '1.00', { by }).refusal).toBe(book.judge(one.shop, by))
        } else if (one.do === 'refund') {
          const by = { number: one.number, version: one.version }
          const told = m.refund('tea house', one.of, yuanOf(one.fen), { by }).refusal
          const judged = book.judge('tea house', by, one.fen)
          expect([judged, 'refund-exceeds-payment']).toContain(told)
          if (told === 'accepted') refunded += one.fen
          if (judged !== 'accepted') expect(told).toBe(judged)
        } else m.settle()
        for (const shop of shops) expect(m.users(shop)).toMatchObject(book.rows(shop))
      }
      m.settle()
      expect(m.balance('ann') + m.balance('bo')).toBe(18_000 + refunded)
      expectSound(m)
    }),
    { numRuns: 60 },
  )
})
