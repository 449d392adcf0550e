import { expect, test } from 'vitest'
import type { Resident } from '../host/hostTown.fixture.ts'
import { walletKinds } from '../ledger/ids.ts'
import { headOf } from '../ledger/paper.fixture.ts'
import { signers, walletActions } from '../ledger/records.ts'
import { codeOf } from '../ledger/refusals.ts'
import { createBlobs } from '../log/blobs.ts'
import { webhookIdText, webhookTypeOf } from '../log/webhookEvents.ts'
import { compareRegions } from './compareRegions.ts'
import { openDatabase } from './database.ts'
import { eachTestFollowed, type FollowedTown } from './followedTown.fixture.ts'

const edge = { kind: 'edge', id: '1' } as const
let followed: FollowedTown
let newDatabase: () => Promise<string>
let near: Resident
let far: Resident
let shop: Resident

eachTestFollowed(async (one, server) => {
  followed = one
  newDatabase = server.newDatabase
  const { town } = followed
  near = await town.open(1)
  far = await town.open(0)
  shop = await town.open(1, walletKinds.merchant)
  for (const payer of [near, far]) await town.fund(payer, 10_000)
})

const nameOf = (text: string): Uint8Array => {
  const bytes = new Uint8Array(32)
  bytes.set(new TextEncoder().encode(text))
  return bytes
}
const by = (actor: number) => headOf({ signer: signers.walletKey, keyVersion: 1, actor, id: followed.town.id() })
const rest = (): Promise<void> => followed.town.until('nothing is on its way', () => followed.town.inTransit() === 0)

function order(orderNo: string, lifeMs = 3_600_000): Promise<number> {
  const { town } = followed
  const fields = { wallet: shop.number, amount: 250, expiresMs: town.timers.nowMs + lifeMs, textLength: 0 }
  return town.command(1, 'orderCreate', { ...by(shop.number), ...fields, orderNo: nameOf(orderNo) }, edge)
}

async function payOrder(payer: Resident, number: number): Promise<void> {
  const { town } = followed
  const of = { payer: payer.number, payee: shop.number, amount: 250, requestedMs: town.timers.nowMs, order: number }
  await town.command(payer === far ? 0 : 1, 'orderPayment', { ...by(payer.number), ...of }, edge)
  await rest()
}

async function refund(orderNo: string, fen: number): Promise<void> {
  const wanted = { ...by(shop.number), wallet: shop.number, amount: fen, orderNo: nameOf(orderNo) }
  await followed.town.command(1, 'orderRefund', wanted, edge)
  await rest()
}

type Row = {
  type: number
  order_no: string
  amount: bigint
  payer: bigint
  refund: bigint
  reason: number
  id: Uint8Array
}

async function events(): Promise<{ name: string; row: Row }[]> {
  await followed.caughtUp()
  const rows = await followed.sql<Row[]>`
    select type, order_no, amount_fen as amount, payer, refund_fen as refund, reason, event_id as id
    from webhook_events e order by e.id`
  return rows.map((row) => ({ name: `${row.order_no} ${webhookTypeOf(row.type)}`, row }))
}
const names = async (): Promise<string[]> => (await events()).map(({ name }) => name)

test('an order that is paid, closed or expires makes one event, whatever else happens to it', async () => {
  await followed.project()
  const { town } = followed
  const paid = [await order('near'), await order('far')]
  await payOrder(near, paid[0]!)
  await payOrder(far, paid[1]!)
  await payOrder(far, paid[0]!)
  await order('closed')
  const close = () =>
    town.command(1, 'orderClose', { ...by(shop.number), wallet: shop.number, orderNo: nameOf('closed') }, edge)
  await close()
  await close()
  await order('late', 1_000)
  town.timers.nowMs += 2_000
  await order('another')
  const found = await events()
  expect(found.map(({ name }) => name).toSorted()).toEqual([
    'closed order.closed',
    'far order.paid',
    'late order.expired',
    'near order.paid',
  ])
  const paidBy = (orderNo: string) => found.find(({ row }) => row.order_no === orderNo)!.row
  expect(paidBy('near')).toMatchObject({ amount: 250n, payer: BigInt(near.number), refund: 0n, reason: 0 })
  expect(paidBy('far')).toMatchObject({ amount: 250n, payer: BigInt(far.number) })
  expect(webhookIdText(paidBy('far').id)).toMatch(/^evt_[0-9a-f]{32}$/)
})

test('refunds that arrive, near and far, and one that comes back, each with its amount and behind its order', async () => {
  await followed.project()
  const { town } = followed
  await payOrder(near, await order('near'))
  await payOrder(far, await order('far'))
  await refund('near', 40)
  await refund('far', 60)
  await refund('far', 70)
  const wallet = far.number
  const institution = headOf({ signer: signers.institution, principal: 1, actor: 1, id: town.id() })
  await town.pay(0, [town.payment(far, near, town.balance(far), 9)])
  await rest()
  await town.command(0, 'walletStatus', { ...institution, wallet, action: walletActions.close }, edge)
  await refund('far', 80)
  const found = await events()
  const of = (orderNo: string) => found.filter(({ row }) => row.order_no === orderNo)
  expect(of('near').map(({ name }) => name)).toEqual(['near order.paid', 'near refund.completed'])
  expect(of('far').map(({ name, row }) => `${name} ${row.refund} ${row.reason}`)).toEqual([
    'far order.paid 0 0',
    'far refund.completed 60 0',
    'far refund.completed 70 0',
    `far refund.failed 80 ${codeOf['payee-closed']}`,
  ])
  expect(new Set(found.map(({ row }) => webhookIdText(row.id))).size).toBe(6)
  expect(await followed.sql`select * from refund_ends`).toHaveLength(0)
})

test('are the same in another region, in the order of each order, though its logs were read at other times', async () => {
  const url = await newDatabase()
  const other = openDatabase(url, 'test', 2)
  try {
    await followed.project()
    await payOrder(far, await order('A'))
    await refund('A', 10)
    await names()
    await refund('A', 20)
    await payOrder(near, await order('B'))
    // The shard of who paid is followed to its end before the shop's: what ends there is not known to begin yet.
    const [payers, shops] = followed.town.logs
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const late = Object.assign(Object.create(shops!) as NonNullable<typeof shops>, {
      follow: (...asked: Parameters<NonNullable<typeof shops>['follow']>) => {
        const [from, onEntry, options] = asked
        return shops!.follow(from, (entry) => held.then(() => onEntry(entry)), options)
      },
      bounds: () => shops!.bounds(),
    })
    await followed.projectElsewhere(url, [payers!, late])
    const waiting = async () => (await other`select count(*)::int as n from refund_ends`)[0]!.n as number
    for (let n = 0; (await waiting()) < 2; n++) {
      if (n > 200) throw new Error('the ends of refunds do not wait for their beginnings')
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    release()
    const shared = { blobs: createBlobs(followed.town.ring), logs: followed.town.logs }
    const a = { region: 'a', sql: followed.sql, ...shared }
    const found = await compareRegions(a, { region: 'b', sql: other, ...shared }, 20_000)
    expect(found).toMatchObject({ verdict: 'pass', figures: { 'webhook_events.compared': 4, differing: 0 } })
    const there = await other<{ type: number }[]>`select type from webhook_events where order_no = 'A' order by id`
    expect(there.map(({ type }) => webhookTypeOf(type))).toEqual(['order.paid', 'refund.completed', 'refund.completed'])
  } finally {
    await other.end({ timeout: 5 })
  }
})

test('one that somebody in charge asks for again is due anew; another merchant’s is not', async () => {
  await followed.project()
  const { town, sql } = followed
  await payOrder(near, await order('A'))
  const { row } = (await events())[0]!
  await sql`update webhook_events set state = 1, attempts = 3`
  const stranger = await town.open(1, walletKinds.merchant)
  const replay = (wallet: number) => town.command(1, 'webhookReplay', { ...by(wallet), wallet, event: row.id }, edge)
  await replay(stranger.number)
  await followed.caughtUp()
  expect((await sql`select state, replays from webhook_events`)[0]).toEqual({ state: 1, replays: 0 })
  await replay(shop.number)
  await followed.caughtUp()
  expect((await sql`select state, attempts, replays from webhook_events`)[0]).toEqual({
    state: 0,
    attempts: 0,
    replays: 1,
  })
})

test('a merchant’s profile is written with its text; the one that holds is the newest', async () => {
  await followed.project()
  const { town, sql } = followed
  const put = (text: string) => {
    const bytes = new TextEncoder().encode(text)
    const fields = { ...by(shop.number), wallet: shop.number, textLength: bytes.length }
    return town.command(1, 'merchantPut', fields, edge, bytes)
  }
  await put('{"name_zh":"茶\\t馆"}')
  await put('{"name_zh":"面馆"}')
  await town.command(1, 'webhookSecretRotate', { ...by(shop.number), wallet: shop.number }, edge)
  await followed.caughtUp()
  const rows = await sql`
    select m.wallet, m.profile_version, m.secret_generation, t.content from merchants m
    join merchant_texts t on t.shard = m.shard and t.seq = m.profile_seq and t.index = m.profile_index`
  expect([...rows]).toEqual([
    { wallet: BigInt(shop.number), profile_version: 2, secret_generation: 2, content: '{"name_zh":"面馆"}' },
  ])
  expect(await sql`select 1 from merchant_texts`).toHaveLength(2)
})
