import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAuditedRegion } from '../actors/followers/auditedRegion.ts'
import { compareRegions } from '../actors/followers/compareRegions.ts'
import { openDatabase } from '../actors/followers/database.ts'
import { natsMissing } from '../actors/log/restartableNats.ts'
import { ApiProblem, newId, newWalletKey, subUserSigner, walletSigner } from './client/node.ts'
import type { RequestSigner } from './client/requests.ts'
import { edgeSession } from './console/edgeSession.fixture.ts'
import { openTestWallet } from './testEdge.ts'
import { type Letter, letters, type PlacedWallet, startTestRegions, type TestRegions } from './testRegions.ts'

const missing = await natsMissing()
const timeoutMs = 240_000
const restMs = 60_000
/** As `npm start -- --regions 2` deals the shards out. */
const owners = ['a', 'b'] as const
const other = (letter: Letter): Letter => (letter === 'a' ? 'b' : 'a')

/** Of an answer that may be a refusal. */
const statusOf = (told: Promise<{ status: number }>): Promise<number> =>
  told.then(
    ({ status }) => status,
    (error: unknown) => {
      if (error instanceof ApiProblem) return error.status
      throw error
    },
  )

type AsOf = { shard: number; seq: number; age_ms?: number }

describe.skipIf(missing !== undefined)(`two regions, an edge in each ${missing ?? ''}`, { timeout: timeoutMs }, () => {
  let two: TestRegions
  let wallets: [PlacedWallet, PlacedWallet][]

  beforeAll(async () => {
    two = await startTestRegions()
    wallets = []
    for (const shard of [0, 1]) {
      // One through the edge beside the shard's owner, one through the other.
      wallets.push([await two.wallet(shard, '100.00', 'a'), await two.wallet(shard, '100.00', 'b')])
    }
  }, timeoutMs)
  afterAll(() => two?.close(), timeoutMs)

  const keys = (through: Letter, { walletId }: PlacedWallet, tail: string, by: RequestSigner, more: object = {}) =>
    two.edges[through].call(by, 'POST', `/v1/wallets/${walletId}/keys${tail}`, { request_id: newId(), ...more })
  const move = async (from: Letter, shard: number): Promise<void> => {
    const mode = async () => ((await two.control(from, shard, 'status')).record as { mode: string }).mode
    await expect.poll(mode, { timeout: 30_000 }).toBe('sync')
    expect(await two.control(from, shard, 'move')).toMatchObject({ ok: true })
    const there = async () => (await two.show(other(from), wallets[shard]![0])).body.as_of
    await expect.poll(there, { timeout: 30_000 }).not.toHaveProperty('age_ms')
  }
  const recovered = {} as { lost: PlacedWallet; renewed: PlacedWallet; effectiveMs: number }

  test('a recovery is seen through both edges, and the old key stops it through either', async () => {
    const rule = { minutes: 1, reason: 'a trial', request_id: newId() }
    expect(await two.edges.a.call(two.operator, 'PUT', '/v1/limits/recoveries', rule)).toMatchObject({ status: 200 })
    const [lost, kept] = [await two.wallet(0, '10.00'), await two.wallet(0, '10.00')]
    const key = newWalletKey()
    for (const wallet of [lost, kept]) {
      // Both edges know the old key from now on.
      for (const letter of letters) {
        expect(await two.pay(letter, wallet, wallets[0]![0], '0.01')).toMatchObject({ status: 200 })
      }
      const told = await keys('b', wallet, '/recover', two.institution, { public_key: key.publicKeyHex })
      expect(told).toMatchObject({ status: 200, body: { status: 'waiting', key_version: 1 } })
      recovered.effectiveMs = Date.parse(String(told.body.effective_at))
      for (const letter of letters) {
        const coming = async () => (await two.show(letter, wallet)).body.key_recovery
        await expect.poll(coming, { timeout: 10_000 }).toMatchObject({ effective_at: told.body.effective_at })
      }
    }
    expect(await keys('b', kept, '/recover/stop', kept.signer)).toMatchObject({ status: 200 })
    for (const letter of letters) {
      const coming = async () => (await two.show(letter, kept)).body.key_recovery
      await expect.poll(coming, { timeout: 10_000 }).toBeUndefined()
    }
    expect(await statusOf(keys('a', kept, '/recover/stop', kept.signer))).toBe(404)
    recovered.lost = lost
    recovered.renewed = { ...lost, key, signer: walletSigner(lost.walletId, key) }
  })

  const fresh = async (wallet: PlacedWallet): Promise<string> =>
    String((await two.show('a', wallet, '?fresh=true')).body.balance)

  const directions = [0, 1].flatMap((from) => [0, 1].flatMap((to) => letters.map((edge) => [from, to, edge] as const)))
  test.each(directions)(
    'a payment from shard %i to shard %i through the edge in %s completes',
    async (from, to, edge) => {
      const [payer, payee] = [wallets[from]![0], wallets[to]![1]]
      const before = [await fresh(payer), await fresh(payee)].map(Number)
      expect(await two.pay(edge, payer, payee, '1.25')).toMatchObject({ status: 200, body: { status: 'completed' } })
      expect([await fresh(payer), await fresh(payee)].map(Number)).toEqual([before[0]! - 1.25, before[1]! + 1.25])
    },
  )

  test('a payment asked again through the other edge gets the same answer', async () => {
    const [payer, payee] = [wallets[0]![0], wallets[1]![1]]
    const first = await two.pay('a', payer, payee, '0.50')
    const path = `/v1/wallets/${payer.walletId}/payments/${first.body.payment_id}`
    for (const letter of letters) {
      const show = async () => (await two.edges[letter].call(payer.signer, 'GET', path)).body
      await expect.poll(show, { timeout: 10_000 }).toEqual(first.body)
    }
  })

  test('a read in the region that owns the shard has no age; in the other it says how old it is', async () => {
    for (const shard of [0, 1]) {
      const owner = owners[shard]!
      const here = (await two.show(owner, wallets[shard]![0])).body.as_of as AsOf
      expect(here).not.toHaveProperty('age_ms')
      const there = (await two.show(other(owner), wallets[shard]![0])).body.as_of as AsOf
      expect(there.age_ms).toBeGreaterThanOrEqual(0)
      const asked = (await two.show(other(owner), wallets[shard]![0], '?fresh=true')).body.as_of as AsOf
      expect(asked).not.toHaveProperty('age_ms')
    }
  })

  /** Eight people who pay one another through both edges until they are told to stop; their latencies, in ms. */
  const payOn = (): { end: () => Promise<number[]> } => {
    let ended = false
    const tookMs: number[] = []
    const person = async (n: number): Promise<void> => {
      for (let turn = 0; !ended; turn++) {
        const [from, to] = [wallets[n % 2]![(n >> 1) % 2]!, wallets[(n + turn) % 2]![((n >> 1) + 1) % 2]!]
        const beganMs = performance.now()
        const told = await two.pay(letters[(n + turn) % 2]!, from, to, '0.01')
        tookMs.push(performance.now() - beganMs)
        expect(told).toMatchObject({ status: 200, body: { status: 'completed' } })
      }
    }
    const people = Promise.all(Array.from({ length: 8 }, (_, n) => person(n)))
    const end = async () => {
      ended = true
      await people
      return tookMs
    }
    return { end }
  }

  test('a shard moves to the other region and back while people pay, and every payment completes', async () => {
    const total = async () => {
      const all = await Promise.all(wallets.flat().map(fresh))
      return all.reduce((sum, yuan) => sum + Math.round(Number(yuan) * 100), 0)
    }
    const before = await total()
    const paying = payOn()
    let tookMs: number[] = []
    try {
      for (const from of letters) {
        await move(from, 0)
        const [payer, payee] = wallets[0]!
        expect(await two.pay(from, payer!, payee!, '0.01')).toMatchObject({ status: 200 })
      }
    } finally {
      tookMs = await paying.end()
    }
    expect(tookMs.length).toBeGreaterThanOrEqual(8)
    expect(await total()).toBe(before)
  })

  test('a key that was recovered is dead at once at both edges, though the shard has moved meanwhile', async () => {
    const { lost, renewed, effectiveMs } = recovered
    const payee = wallets[1]![0]
    await move('a', 0)
    const fromOwner = async () => (await two.edges.a.call(two.institution, 'GET', `/v1/wallets/${lost.walletId}`)).body
    expect(Date.now(), 'the waiting time was over before the shard had moved').toBeLessThan(effectiveMs)
    for (const letter of letters) {
      expect(await statusOf(two.pay(letter, renewed, payee, '0.01'))).toBe(401)
    }
    // Through one edge alone: the other hears of the new key from nobody but its own failure.
    const restMs = effectiveMs - Date.now() + 30_000
    const version = async () => (await two.show('b', { ...lost, signer: two.institution })).body.key_version
    await expect.poll(version, { timeout: restMs, interval: 200 }).toBe(2)
    const before = await fromOwner()
    for (const letter of letters) {
      expect(await statusOf(two.pay(letter, lost, payee, '0.01'))).toBe(401)
      await expect.poll(() => statusOf(two.show(letter, lost)), { timeout: 10_000 }).toBe(401)
      expect(await statusOf(keys(letter, lost, '/recover/stop', lost.signer))).toBe(401)
    }
    expect((await fromOwner()).balance).toBe(before.balance)
    for (const letter of letters) {
      expect(await two.pay(letter, renewed, payee, '0.01')).toMatchObject({ status: 200 })
      expect((await two.show(letter, renewed)).status).toBe(200)
    }
  })

  test('who logged in to the console at one edge is known at the other, and out at both by logging out at either', async () => {
    const at = (letter: Letter) => {
      const { edgeUrl, caFile } = two.regions.facts(letter)
      return edgeSession(edgeUrl, caFile)
    }
    const edges = { a: at('a'), b: at('b') }
    const asked = (letter: Letter, cookie: string) => edges[letter].ask(cookie, 'GET', '/v1/region')
    for (const letter of letters) {
      const there = other(letter)
      const cookie = await edges[letter].logIn('li.na')
      expect([letter, await asked(letter, cookie), await asked(there, cookie)]).toEqual([letter, 200, 200])
      expect(await edges[there].ask(cookie, 'DELETE', '/v1/session')).toBe(200)
      expect(await asked(there, cookie)).toBe(401)
      await expect.poll(() => asked(letter, cookie), { timeout: 10_000, interval: 20 }).toBe(401)
    }
  })

  test('a till that was removed sells nothing more at either edge, wherever its shard is', async () => {
    const client = two.edges.a
    const shop = await openTestWallet({ client, institution: two.institution }, { kind: 'merchant', group: 0 })
    const path = `/v1/merchants/${shop.walletId}`
    const entered = async (through: Letter) => {
      const key = newWalletKey()
      const json = { role: 'cashier', public_key: key.publicKeyHex, label: 'Till', request_id: newId() }
      await two.edges[through].call(shop.signer, 'PUT', `${path}/users/1`, json)
      return subUserSigner(shop.walletId, 1, key)
    }
    const sell = (through: Letter, by: RequestSigner): Promise<number> => {
      const expires_at = new Date(Date.now() + 600_000).toISOString()
      const json = { order_no: `T-${newId().slice(-12)}`, amount: '1.00', expires_at }
      return statusOf(two.edges[through].call(by, 'POST', `${path}/orders`, json))
    }
    for (const through of letters) {
      const till = await entered(through)
      // At once, though the copy beside one of the edges may not have heard of the till yet.
      for (const letter of letters) expect(await sell(letter, till)).toBe(201)
      const headers = { 'idempotency-key': newId() }
      await two.edges[other(through)].call(shop.signer, 'DELETE', `${path}/users/1`, undefined, headers)
      // Where the copy still knows the key the ledger says no.
      for (const letter of letters) expect([401, 404]).toContain(await sell(letter, till))
      for (const letter of letters) await expect.poll(() => sell(letter, till), { timeout: 10_000 }).toBe(401)
    }
  })

  test('a list is the same in both regions, and so is every row of their databases', async () => {
    const payer = wallets[0]![0]
    const list = async (letter: Letter) => {
      const { body } = await two.edges[letter].call(payer.signer, 'GET', `/v1/wallets/${payer.walletId}/entries`)
      return body.entries as unknown[]
    }
    const opened = async (letter: Letter) => {
      const region = await openAuditedRegion(join(two.regions.dataDir, letter), 'test')
      return { ...region, region: letter, sql: openDatabase(region.facts.databaseUrl, 'test', 2) }
    }
    const [a, b] = [await opened('a'), await opened('b')]
    const { verdict, figures, notes } = await compareRegions(a, b, restMs)
    for (const { sql, connection } of [a, b]) await Promise.all([sql.end({ timeout: 5 }), connection.close()])
    expect({ verdict, notes }).toEqual({ verdict: 'pass', notes: [] })
    expect(figures['merchant_users.compared']).toBe(2)
    expect(figures['payments.compared']).toBeGreaterThanOrEqual(directions.length)
    expect(await list('a')).toEqual(await list('b'))
  })
})
