import { expect, test } from 'vitest'
import type { Resident } from '../host/hostTown.fixture.ts'
import { walletKinds } from '../ledger/ids.ts'
import { headOf } from '../ledger/paper.fixture.ts'
import { frameKinds, keyAlgorithms, merchantRoles, signers } from '../ledger/records.ts'
import { createBlobs } from '../log/blobs.ts'
import { MemoryLog } from '../log/memoryLog.ts'
import type { OwnerSegment } from '../log/ownerRecord.ts'
import { createSealer } from '../log/sealing.ts'
import { SegmentedLog } from '../log/segmentedLog.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { commandSubject } from '../log/subjects.ts'
import { comparedTables, compareRegions } from './compareRegions.ts'
import { type Database, openDatabase } from './database.ts'
import { eachTestFollowed, type FollowedTown } from './followedTown.fixture.ts'

const edge = { kind: 'edge', id: '1' } as const
const restMs = 20_000
const orderNo = (letter: number): Uint8Array => new Uint8Array(32).fill(letter, 0, 3)

let followed: FollowedTown
let url: string
let other: Database
let alice: Resident
let carol: Resident
let bob: Resident
let shop: Resident

eachTestFollowed(
  async (one, server) => {
    followed = one
    url = await server.newDatabase()
    other = openDatabase(url, 'test', 2)
    const { town } = followed
    alice = await town.open(0)
    carol = await town.open(0)
    bob = await town.open(1)
    shop = await town.open(1, walletKinds.merchant)
    await town.fund(alice, 10_000)
  },
  () => other.end({ timeout: 5 }),
)

const by = (actor: number) => headOf({ signer: signers.walletKey, keyVersion: 1, actor, id: followed.town.id() })
const rest = (): Promise<void> => followed.town.until('nothing is on its way', () => followed.town.inTransit() === 0)

async function pay(to: { number: number }, fen: number): Promise<void> {
  const { town } = followed
  const seq = await town.pay(0, [town.payment(alice, to, fen, fen)])
  await town.until('the payment has arrived', () => town.quiet({ 0: seq }))
}

async function order(letter: number): Promise<number> {
  const { town } = followed
  const fields = { wallet: shop.number, amount: 250, expiresMs: town.timers.nowMs + 3_600_000 }
  const text = new TextEncoder().encode(`{"description":"tea ${letter}"}`)
  const list = (fen: number): Uint8Array => new Uint8Array(Float64Array.of(fen).buffer)
  const split = { count: 1, payees: list(bob.number), amounts: list(20), weights: new Uint8Array(32) }
  const made = { ...by(shop.number), ...fields, ...split, orderNo: orderNo(letter), textLength: text.length }
  return town.command(1, 'orderCreateSplit', made, edge, text)
}

async function payOrder(number: number): Promise<void> {
  const { town } = followed
  const of = { payer: alice.number, payee: shop.number, amount: 250, requestedMs: town.timers.nowMs, order: number }
  await town.command(0, 'orderPayment', { ...by(alice.number), ...of }, edge)
  await rest()
}

async function refund(letter: number, fen: number): Promise<void> {
  const wanted = { ...by(shop.number), wallet: shop.number, amount: fen, orderNo: orderNo(letter) }
  await followed.town.command(1, 'orderRefund', wanted, edge)
  await rest()
}

async function profile(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text)
  const fields = { ...by(shop.number), wallet: shop.number, textLength: bytes.length }
  await followed.town.command(1, 'merchantPut', fields, edge, bytes)
}

async function putUser(number: number, version = 1): Promise<void> {
  const label = Uint8Array.from({ length: 40 }, (_, i) => number + version + i)
  const key = Uint8Array.from({ length: 33 }, (_, i) => (i === 0 ? 2 : version))
  const said = { number, role: merchantRoles.cashier, limit: 0, algorithm: keyAlgorithms.ecdsaP256, key }
  const fields = { ...by(shop.number), wallet: shop.number, ...said, textLength: label.length }
  await followed.town.command(1, 'merchantUserPut', fields, edge, label)
}

const removeUser = (number: number): Promise<number> =>
  followed.town.command(1, 'merchantUserRemove', { ...by(shop.number), wallet: shop.number, number }, edge)

async function hold(): Promise<Uint8Array> {
  const { town } = followed
  const placed = by(alice.number)
  const of = { wallet: alice.number, payee: bob.number, amount: 600, payeeInstitution: 1 }
  await town.command(0, 'holdPlace', { ...placed, ...of, expiresMs: town.timers.nowMs + 3_600_000 }, edge)
  return placed.id
}

async function capture(id: Uint8Array, fen: number): Promise<void> {
  const taken = { ...by(alice.number), signer: signers.payeeKey, hold: id }
  await followed.town.command(
    0,
    'holdCapture',
    { ...taken, wallet: alice.number, payee: bob.number, amount: fen },
    edge,
  )
  await rest()
}

async function sign(): Promise<Uint8Array> {
  const { town } = followed
  const [signed, purpose] = [by(alice.number), new TextEncoder().encode('rent')]
  const parties = { wallet: alice.number, payee: bob.number, payeeInstitution: 1 }
  const terms = { amount: 300, periodAmount: 900, firstMs: town.timers.nowMs, endsMs: 0, countMax: 0 }
  const fields = { ...signed, ...parties, ...terms, period: 3, scheduled: 0, textLength: purpose.length }
  await town.command(0, 'mandateSign', fields, edge, purpose)
  return signed.id
}

async function collect(mandate: Uint8Array, fen: number): Promise<void> {
  const taken = { ...by(alice.number), signer: signers.payeeKey, mandate }
  const of = { wallet: alice.number, payee: bob.number, amount: fen }
  await followed.town.command(0, 'mandateCollect', { ...taken, ...of }, edge)
  await rest()
}

const byInstitution = () => headOf({ signer: signers.institution, principal: 1, actor: 1, id: followed.town.id() })

async function dispute(): Promise<Uint8Array> {
  const { town } = followed
  const payment = town.id()
  const text = new TextEncoder().encode('sealed by the edge')
  const of = { wallet: bob.number, payer: alice.number, payment, amount: 30, payerInstitution: 1 }
  const opened = {
    ...by(alice.number),
    signer: signers.payeeKey,
    ...of,
    paidMs: town.timers.nowMs,
    textLength: text.length,
  }
  await town.command(1, 'disputeOpen', opened, edge, text)
  return payment
}

async function decline(payment: Uint8Array): Promise<void> {
  const of = { wallet: bob.number, payer: alice.number, payment, consent: 0 }
  await followed.town.command(1, 'disputeAnswer', { ...by(bob.number), ...of }, edge)
}

async function recover(wallet: Resident): Promise<void> {
  const key = new Uint8Array(33).fill(3)
  const fields = { ...byInstitution(), wallet: wallet.number, algorithm: keyAlgorithms.ecdsaP256, key }
  await followed.town.command(wallet.shard, 'recoveryStart', fields, edge)
}

async function stopRecovery(wallet: Resident): Promise<void> {
  const fields = { ...by(wallet.number), wallet: wallet.number }
  await followed.town.command(wallet.shard, 'recoveryStop', fields, edge)
}

const openNamed = (): Promise<number> =>
  followed.town.command(1, 'userOpen', { ...byInstitution(), bucket: 999, kyc: 1 }, edge, new Uint8Array(120).fill(1))

async function rename(user: number): Promise<void> {
  const why = new TextEncoder().encode('the papers were shown')
  const text = new Uint8Array([...new Uint8Array(120).fill(2), ...why])
  const fields = { ...byInstitution(), user, kyc: 0, risk: 255, reasonLength: why.length }
  await followed.town.command(1, 'userUpdate', fields, edge, text)
}

/** Something of everything, twice: what a cut leaves, and what happens behind it to the same things and to new ones. */
async function live(): Promise<{ again: () => Promise<void> }> {
  const { town } = followed
  const [held, first, allowed] = [await hold(), await order(0x41), await sign()]
  await collect(allowed, 25)
  await profile('{"name_zh":"tea"}')
  await putUser(1)
  await putUser(2)
  const [wrong, named] = [await dispute(), await openNamed()]
  await recover(bob)
  const open = await town.recharge(alice, 500)
  await pay(bob, 100)
  await pay(town.stranger(1), 30)
  await payOrder(first)
  await refund(0x41, 40)
  return {
    again: async () => {
      await collect(allowed, 35)
      await collect(await sign(), 5)
      await capture(held, 200)
      await capture(await hold(), 1)
      await town.settle(alice, open)
      await town.recharge(bob, 70)
      await payOrder(await order(0x42))
      await refund(0x41, 50)
      await refund(0x42, 60)
      await profile('{"name_zh":"noodles"}')
      await removeUser(1)
      await putUser(1, 2)
      await putUser(2, 2)
      await putUser(3)
      await decline(wrong)
      await dispute()
      await stopRecovery(bob)
      await recover(carol)
      await rename(named)
      await pay(carol, 10)
      await pay(bob, 20)
      await pay(town.stranger(1), 40)
      for (const shard of [0, 1]) await town.open(shard)
      await town.command(0, 'linkStatus', { ...byInstitution(), wallet: alice.number, link: alice.link, active: 0 })
    },
  }
}

async function countOf(table: string): Promise<[string, number]> {
  const [row] = await followed.sql.unsafe<{ n: number }[]>(`select count(*)::int as n from ${table}`)
  return [table, row!.n]
}

const lasts = (): number[] => followed.town.logs.map((log) => (log as MemoryLog).last)

/** The logs as another owner goes on behind the cuts. */
function cutAt(cuts: readonly number[]): { logs: SegmentedLog[]; next: MemoryLog[] } {
  const next = cuts.map((_, shard) => new MemoryLog({ name: `b ${shard}`, nowMs: () => followed.town.timers.nowMs }))
  const logs = cuts.map((last, shard) => {
    const segments: OwnerSegment[] = [
      { epoch: 0, region: 'a', first: 1, last },
      { epoch: 1, region: 'b', first: 1 },
    ]
    followed.owners[shard] = segments
    const logOf = (region: string) => (region === 'a' ? followed.town.logs[shard]! : next[shard]!)
    return new SegmentedLog({ region: 'a', segments, logOf })
  })
  return { logs, next }
}

/** The next owner of shard 0 takes another payment where the first one's tail was. */
async function payInNextEpoch(log: MemoryLog, fen: number): Promise<void> {
  const { town } = followed
  const sealer = createSealer(town.ring, 0)
  const payment = town.payment(alice, carol, fen, fen)
  const head = { kind: frameKinds.payments, epoch: 1, count: 1, incarnation: 2, counter: fen }
  await log.append(commandSubject('b', 0, edge), sealer.seal({ ...head, clockMs: town.timers.nowMs }, payment))
}

/** A projector that follows to the end of the region's logs and is stopped, which saves a state there. */
async function followToEnd(): Promise<void> {
  const projector = await followed.project()
  await followed.caughtUp()
  await followed.stop(projector)
}

const compared = (logs: readonly ShardLog[]) => {
  const shared = { blobs: createBlobs(followed.town.ring), logs }
  return compareRegions({ region: 'a', sql: followed.sql, ...shared }, { region: 'b', sql: other, ...shared }, restMs)
}

test('a database beyond a cut ends with the rows of one that never saw what was cut off', async () => {
  const { again } = await live()
  const cuts = lasts()
  await again()
  await followToEnd()
  const beyond = await Promise.all(Object.keys(comparedTables).map(countOf))

  const { logs, next } = cutAt(cuts)
  await followed.project(logs)
  await followed.projectElsewhere(url, logs)
  const { verdict, figures, notes } = await compared(logs)
  expect({ verdict, notes }).toEqual({ verdict: 'pass', notes: [] })
  // Nothing is equal because nothing is there.
  const mandates = { mandates: 1, mandate_texts: 1, mandate_payments: 1, order_splits: 1 }
  const few = {
    ...mandates,
    returns: 1,
    sagas: 2,
    orders: 1,
    order_texts: 1,
    refunds: 1,
    webhook_events: 2,
    merchants: 1,
    merchant_users: 2,
    merchant_user_labels: 2,
    holds: 1,
    users: 5,
    user_names: 1,
    disputes: 1,
    dispute_texts: 1,
    recoveries: 1,
    notices: 2,
    links: 4,
    wallets: 4,
  }
  const untouched = beyond.filter(([name, n]) => figures[`${name}.compared`]! >= n).map(([name]) => name)
  // There is one row a shard, a pair of shards or a merchant, or nothing here makes any.
  const oneEach = ['positions', 'lanes', 'merchants']
  const none = ['evidence', 'refund_ends', 'audit', 'proposals', 'proposal_decisions', 'standings']
  expect(untouched.toSorted()).toEqual([...oneEach, ...none].toSorted())
  expect(figures).toMatchObject(Object.fromEntries(Object.entries(few).map(([name, n]) => [`${name}.compared`, n])))

  for (const fen of [7, 8]) await payInNextEpoch(next[0]!, fen)
  await followed.written(0, cuts[0]! + 2)
  expect(await compared(logs)).toMatchObject({ verdict: 'pass', figures: { differing: 0 } })
  const [paid] = await followed.sql`select count(*)::int as n from payments where payee = ${carol.number}`
  expect(paid).toEqual({ n: 2 })
  expect(followed.hopeless).toEqual([])
  const users = await followed.sql`select number, version, state from merchant_users order by number`
  expect([...users]).toEqual([
    { number: 1, version: 1, state: 1 },
    { number: 2, version: 1, state: 1 },
  ])
})

test('a state that was saved beyond the cut is not begun from, though it stands where the database does', async () => {
  const { again } = await live()
  const cuts = lasts()
  await again()
  await followToEnd()
  const { logs } = cutAt(cuts)
  await followed.stop(await followed.project(logs))
  const rows = await followed.sql`select seq, epoch from positions order by shard`
  expect(rows.map(({ seq, epoch }) => [Number(seq), epoch])).toEqual(cuts.map((cut) => [cut, 0]))
})

test('a record that does not know of what the database has followed is not one to cut by', async () => {
  await followToEnd()
  await followed.sql`update positions set epoch = 3 where shard = 0`
  await expect(followed.project()).rejects.toThrow('knows nothing of epoch 3')
})
