import { describe, expect, test } from 'vitest'
import { bucketOf } from './ids.ts'
import { walletsPerUserMax } from './people.ts'
import { keyAlgorithms, keyCauses, signers, walletActions } from './records.ts'
import { institution, operator, otherInstitution, Town } from './town.fixture.ts'
import { viewUser } from './views.ts'

const keyOf = (seed: number): Uint8Array => Uint8Array.from({ length: 33 }, (_, i) => (i === 0 ? 3 : seed + i))

function town(): Town {
  const t = new Town({ shards: 2 })
  t.open('alice', { shard: 0, yuan: '100.00' })
  t.open('bob', { shard: 0 })
  return t
}

type Heads = ReturnType<Town['byOperator']>

function openWallet(
  t: Town,
  user: number,
  o: Partial<{ class: number; kind: number; head: Heads; key: Uint8Array }> = {},
) {
  const { class: group = 1, kind = 1, head = t.byInstitution(), key = keyOf(1) } = o
  const request = { ...head, user, class: group, kind, algorithm: keyAlgorithms.ecdsaP256, key }
  return t.command(0, 'walletOpen', request)
}

function setKey(t: Town, name: string, cause: number, head: Heads, key = keyOf(9)) {
  const { shard, number } = t.wallet(name)
  return t.command(shard, 'walletKey', { ...head, wallet: number, cause, algorithm: keyAlgorithms.ecdsaP256, key })
}

function setStatus(t: Town, name: string, action: number, head: Heads): string {
  const { shard, number } = t.wallet(name)
  return t.command(shard, 'walletStatus', { ...head, wallet: number, action }).refusal
}

const openUser = (t: Town, kyc: number, bucket = 0) => t.command(0, 'userOpen', { ...t.byInstitution(), bucket, kyc })

describe('users and wallets', () => {
  test("a user's wallets are numbered in the user's bucket, and so live in one shard", () => {
    const t = town()
    const user = openUser(t, 1, 4_094).value
    const numbers = [1, 2, 3].map(() => openWallet(t, user).value)
    expect(new Set([user, ...numbers].map(bucketOf))).toEqual(new Set([4_094]))
    expect(new Set(numbers).size).toBe(3)
    expect(viewUser(t.shards[0]!.ledger.state, user)!.wallets).toEqual(numbers.map((n) => `W${n}`))
  })

  test('a number has at least seven digits', () => {
    expect(String(openUser(town(), 1, 0).value).length).toBeGreaterThanOrEqual(7)
  })

  test.each([
    [1, [1, 2, 3, 4]],
    [2, [2, 3, 4]],
    [3, [3, 4]],
    [4, [4]],
  ])('who was identified at level %i may hold wallets of the classes %j', (kyc, classes) => {
    const t = town()
    const user = openUser(t, kyc).value
    const accepted = [1, 2, 3, 4].filter((group) => openWallet(t, user, { class: group }).refusal === 'accepted')
    expect(accepted).toEqual(classes)
  })

  test("a corporate wallet is a merchant's, and asks for the strongest identification", () => {
    const t = town()
    const [strong, weak] = [openUser(t, 1).value, openUser(t, 2).value]
    expect(openWallet(t, strong, { class: 0, kind: 1 }).refusal).toBe('kyc-insufficient')
    expect(openWallet(t, weak, { class: 0, kind: 2 }).refusal).toBe('kyc-insufficient')
    const { value } = openWallet(t, strong, { class: 0, kind: 2 })
    expect(viewUser(t.shards[0]!.ledger.state, strong)!.wallets).toEqual([`M${value}`])
  })

  test('stronger identification opens stronger classes from then on', () => {
    const t = town()
    const user = openUser(t, 3).value
    expect(openWallet(t, user, { class: 2 }).refusal).toBe('kyc-insufficient')
    t.command(0, 'userUpdate', { ...t.byInstitution(), user, kyc: 2, risk: 255 })
    expect(openWallet(t, user, { class: 2 }).refusal).toBe('accepted')
  })

  test('a user holds so many wallets and no more', () => {
    const t = new Town({ shards: 1 })
    const user = openUser(t, 1).value
    for (let n = 0; n < walletsPerUserMax; n++) expect(openWallet(t, user).refusal).toBe('accepted')
    expect(openWallet(t, user).refusal).toBe('wallets-too-many')
  })

  test('a full shard takes neither users nor wallets, and goes on with those it has', () => {
    const t = new Town({ shards: 1, walletsMax: 4 })
    t.open('alice', { yuan: '10.00' })
    const user = t.wallet('alice').user
    const opened = Array.from({ length: 5 }, () => [openUser(t, 1).refusal, openWallet(t, user).refusal])
    expect(opened.at(-1)).toEqual(['shard-full', 'shard-full'])
    expect(t.pay('alice', 'alice', '1.00', { payeeNumber: t.wallet('alice').number + 4_096 }).refusal).toBe('accepted')
  })

  test.each([0, 5])('a strength of identification of %i is none', (kyc) => {
    expect(openUser(town(), kyc).refusal).toBe('kyc-insufficient')
  })

  test('a bucket of another shard, or none, is misplaced', () => {
    for (const bucket of [1, 4_095, 4_096, 4_098, 4_294_967_295]) {
      expect([bucket, openUser(town(), 1, bucket).refusal]).toEqual([bucket, 'shard-misplaced'])
    }
  })
})

describe('only the own institution and the operator act for a user', () => {
  test('another institution opens no wallet, updates no user and freezes nothing', () => {
    const t = town()
    const { user, number } = t.wallet('alice')
    const head = (): Heads => t.byInstitution(otherInstitution)
    expect(openWallet(t, user, { head: head() }).refusal).toBe('signer-not-allowed')
    expect(t.command(0, 'userUpdate', { ...head(), user, kyc: 1, risk: 3 }).refusal).toBe('signer-not-allowed')
    expect(setStatus(t, 'alice', walletActions.freeze, head())).toBe('signer-not-allowed')
    expect(setKey(t, 'alice', keyCauses.revoke, head()).refusal).toBe('signer-not-allowed')
    expect(t.view('alice')).toMatchObject({ number, risk: 0, state: 'open', keyVersion: 1 })
  })

  test('an institution that is not known, or may not act any more, does nothing', () => {
    const t = town()
    const head = (): Heads => ({ ...t.byInstitution(), principal: 77 })
    expect(t.command(0, 'userOpen', { ...head(), bucket: 0, kyc: 1 }).refusal).toBe('institution-unknown')
    expect(setStatus(t, 'alice', walletActions.freeze, head())).toBe('institution-unknown')
    const put = { ...t.byOperator(), number: institution, role: 1, active: 0, publicKey: new Uint8Array(32) }
    expect(t.command(0, 'principalPut', put).refusal).toBe('accepted')
    expect(setStatus(t, 'alice', walletActions.freeze, t.byInstitution())).toBe('institution-unknown')
    expect(openUser(t, 1).refusal).toBe('institution-unknown')
    expect(t.pay('alice', 'bob', '1.00').refusal).toBe('accepted')
  })

  test("rules and principals are the operator's", () => {
    const t = town()
    const rule = { level: 0, percent: 100, rechargesPerDayMax: 1, paymentsPerDayMax: 1, effectiveMs: 0 }
    const put = { number: 3, role: 2, active: 1, publicKey: new Uint8Array(32) }
    for (const head of [t.byInstitution(), t.byWallet('alice'), { ...t.byOperator(), principal: operator + 1 }]) {
      expect(t.command(0, 'riskRulePut', { ...head, ...rule }).refusal).toBe('signer-not-allowed')
      expect(t.command(0, 'principalPut', { ...head, id: t.id(), ...put }).refusal).toBe('signer-not-allowed')
    }
    expect(t.command(0, 'principalPut', { ...t.byOperator(), ...put }).refusal).toBe('accepted')
    expect(t.command(0, 'riskRulePut', { ...t.byOperator(), principal: 3, ...rule }).refusal).toBe('accepted')
  })

  test.each([
    ['number 0', { number: 0 }],
    ['number 256', { number: 256 }],
    ['role 3', { role: 3 }],
    ['active 2', { active: 2 }],
  ])('a principal of %s is none', (_, wrong) => {
    const t = town()
    const put = { ...t.byOperator(), number: 3, role: 2, active: 1, publicKey: new Uint8Array(32), ...wrong }
    expect(t.command(0, 'principalPut', put).refusal).toBe('rule-invalid')
  })
})

describe('keys', () => {
  test('after a rotation the old key is dead and the new one pays', () => {
    const t = town()
    expect(setKey(t, 'alice', keyCauses.rotate, t.byWallet('alice'))).toMatchObject({ refusal: 'accepted', value: 2 })
    expect(t.pay('alice', 'bob', '1.00').refusal).toBe('key-not-current')
    expect(setStatus(t, 'alice', walletActions.close, t.byWallet('alice'))).toBe('key-not-current')
    expect(setKey(t, 'alice', keyCauses.rotate, t.byWallet('alice')).refusal).toBe('key-not-current')
    t.wallet('alice').keyVersion = 2
    expect(t.pay('alice', 'bob', '1.00').refusal).toBe('accepted')
    expect(t.view('alice').key).toEqual(keyOf(9))
  })

  test('who signed must fit the cause', () => {
    const t = town()
    expect(setKey(t, 'alice', keyCauses.rotate, t.byInstitution()).refusal).toBe('signer-not-allowed')
    expect(setKey(t, 'alice', keyCauses.revoke, t.byOperator()).refusal).toBe('signer-not-allowed')
    expect(setKey(t, 'alice', 7, t.byInstitution()).refusal).toBe('status-not-allowed')
  })

  test('a key says how it signs, and one that signs in no known way is none', () => {
    const t = town()
    const { shard, number } = t.wallet('alice')
    const change = { wallet: number, cause: keyCauses.rotate, key: keyOf(9) }
    const refusalOf = (algorithm: number): string =>
      t.command(shard, 'walletKey', { ...t.byWallet('alice'), ...change, algorithm }).refusal
    for (const algorithm of [0, 3, 5, 255]) expect(refusalOf(algorithm)).toBe('key-invalid')
    expect(refusalOf(keyAlgorithms.webauthnP256)).toBe('accepted')
    expect(t.view('alice').algorithm).toBe(keyAlgorithms.webauthnP256)
  })

  test('what is no compressed point is no key', () => {
    const t = town()
    for (const first of [0, 1, 4, 255]) {
      const key = keyOf(9)
      key[0] = first
      expect(setKey(t, 'alice', keyCauses.rotate, t.byWallet('alice'), key).refusal).toBe('key-invalid')
      expect(openWallet(t, t.wallet('alice').user, { key }).refusal).toBe('key-invalid')
    }
  })

  test('a payment signed before the rotation is answered after it as it was', () => {
    const t = town()
    const id = t.id()
    t.pay('alice', 'bob', '60.00', { id })
    setKey(t, 'alice', keyCauses.rotate, t.byWallet('alice'))
    expect(t.pay('alice', 'bob', '60.00', { id })).toMatchObject({ refusal: 'accepted', repeated: true })
  })
})

describe('freezing and closing', () => {
  test('a frozen wallet neither pays nor takes, recharges nor redeems, until it is unfrozen', () => {
    const t = town()
    expect(setStatus(t, 'alice', walletActions.freeze, t.byInstitution())).toBe('accepted')
    expect(t.pay('alice', 'bob', '1.00').refusal).toBe('wallet-frozen')
    expect(t.pay('bob', 'alice', '0.00', { fen: 1 }).refusal).toBe('funds-insufficient')
    expect(t.recharge('alice', '1.00').answer.refusal).toBe('wallet-frozen')
    expect(t.redeem('alice', '1.00').answer.refusal).toBe('wallet-frozen')
    expect(setStatus(t, 'alice', walletActions.unfreeze, t.byOperator())).toBe('accepted')
    expect(t.pay('alice', 'bob', '1.00').refusal).toBe('accepted')
  })

  test('the holder can neither freeze nor unfreeze', () => {
    const t = town()
    expect(setStatus(t, 'alice', walletActions.freeze, t.byWallet('alice'))).toBe('signer-not-allowed')
    expect(setStatus(t, 'alice', walletActions.unfreeze, t.byWallet('alice'))).toBe('signer-not-allowed')
  })

  test('only an empty wallet closes, and it stays closed', () => {
    const t = town()
    expect(setStatus(t, 'alice', walletActions.close, t.byWallet('alice'))).toBe('wallet-not-empty')
    t.pay('alice', 'bob', '100.00')
    expect(setStatus(t, 'alice', walletActions.close, t.byWallet('alice'))).toBe('accepted')
    expect(t.pay('bob', 'alice', '1.00').refusal).toBe('payee-closed')
    for (const action of Object.values(walletActions)) {
      expect(setStatus(t, 'alice', action, t.byInstitution())).toBe('wallet-closed')
    }
    expect(setKey(t, 'alice', keyCauses.revoke, t.byInstitution()).refusal).toBe('wallet-closed')
  })

  test('a wallet with a recharge or a redemption under way does not close', () => {
    const t = town()
    t.recharge('bob', '1.00')
    expect(setStatus(t, 'bob', walletActions.close, t.byWallet('bob'))).toBe('wallet-not-empty')
    const { id } = t.redeem('alice', '100.00')
    expect(t.balance('alice')).toBe(0)
    expect(setStatus(t, 'alice', walletActions.close, t.byInstitution())).toBe('wallet-not-empty')
    t.redemptionStep('alice', id, 3)
    expect(setStatus(t, 'alice', walletActions.close, t.byInstitution())).toBe('accepted')
  })

  test('a frozen wallet is not closed by its holder, but by its institution', () => {
    const t = town()
    setStatus(t, 'bob', walletActions.freeze, t.byInstitution())
    expect(setStatus(t, 'bob', walletActions.close, t.byWallet('bob'))).toBe('wallet-frozen')
    expect(setStatus(t, 'bob', walletActions.close, t.byInstitution())).toBe('accepted')
  })

  test('an action that does not exist is none', () => {
    expect(setStatus(town(), 'bob', 4, town().byInstitution())).toBe('status-not-allowed')
  })
})

test('a signer that is none of ours opens nothing', () => {
  const t = town()
  for (const signer of [0, signers.connector, signers.system, 200]) {
    const head = { ...t.byInstitution(), signer }
    expect(t.command(0, 'userOpen', { ...head, bucket: 0, kyc: 1 }).refusal).toBe('signer-not-allowed')
    expect(openWallet(t, t.wallet('alice').user, { head: { ...head, id: t.id() } }).refusal).toBe('signer-not-allowed')
    expect(setStatus(t, 'alice', walletActions.freeze, { ...head, id: t.id() })).toBe('signer-not-allowed')
  }
})
