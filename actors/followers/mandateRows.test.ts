import { expect, test } from 'vitest'
import type { Resident } from '../host/hostTown.fixture.ts'
import { walletKinds } from '../ledger/ids.ts'
import { headOf } from '../ledger/paper.fixture.ts'
import { signers } from '../ledger/records.ts'
import { codeOf } from '../ledger/refusals.ts'
import { eachTestFollowed, type FollowedTown } from './followedTown.fixture.ts'

const edge = { kind: 'edge', id: '1' } as const
const purpose = new TextEncoder().encode('rent\tof May')

let followed: FollowedTown
let alice: Resident
let bob: Resident

eachTestFollowed(async (one) => {
  followed = one
  const { town } = followed
  alice = await town.open(0)
  bob = await town.open(1, walletKinds.merchant)
  await town.fund(alice, 10_000)
})

const by = () => headOf({ signer: signers.walletKey, keyVersion: 1, actor: alice.number, id: followed.town.id() })

/** A mandate of alice's for bob, of six yuan a time. */
async function sign(changes: object): Promise<Uint8Array> {
  const { town } = followed
  const head = by()
  const terms = { amount: 600, periodAmount: 1_000, firstMs: town.timers.nowMs, endsMs: 0, countMax: 0 }
  const parties = { wallet: alice.number, payee: bob.number, payeeInstitution: 1 }
  const fields = { ...head, ...parties, ...terms, period: 3, scheduled: 0, textLength: purpose.length, ...changes }
  await town.command(0, 'mandateSign', fields, edge, purpose)
  return head.id
}

test('a mandate is written as it stands with what it is for, and a collection is a payment by it', async () => {
  const { town, sql } = followed
  const mandate = await sign({})
  const collect = { ...by(), signer: signers.payeeKey, wallet: alice.number, payee: bob.number, mandate }
  await town.command(0, 'mandateCollect', { ...collect, amount: 250 }, edge)
  await town.until('the payment has arrived', () => town.inTransit() === 0)
  await followed.project()
  await followed.caughtUp()
  const [row] = await sql`
    select m.id, m.amount_fen, m.period_amount_fen, m.taken_fen, m.payments, m.state, t.content from mandates m
    join mandate_texts t on t.shard = m.shard and t.seq = m.seq and t.index = m.index`
  expect(row).toMatchObject({ amount_fen: 600n, period_amount_fen: 1_000n, taken_fen: 250n, payments: 1n, state: 1 })
  expect(Buffer.from(row!.id)).toEqual(Buffer.from(mandate))
  expect(row!.content).toBe('rent\tof May')
  const [paid] = await sql`
    select p.id, p.amount_fen, p.code, p.destination from mandate_payments m
    join payments p on p.payer = m.wallet and p.id = m.id where m.mandate = ${mandate}`
  expect(paid).toMatchObject({ amount_fen: 250n, code: 0, destination: 2 })
  expect(Buffer.from(paid!.id)).toEqual(Buffer.from(collect.id))
  expect(await followed.comparison()).toMatchObject({ differing: 0 })
})

test('what a schedule paid and what it tried are payments, though nobody sent them', async () => {
  const { town, sql } = followed
  const firstMs = town.timers.nowMs + 60_000
  const paying = await sign({ period: 0, scheduled: 1, periodAmount: 0, firstMs })
  const poor = await sign({ period: 0, scheduled: 1, periodAmount: 0, firstMs: firstMs + 1, amount: 1_000_000 })
  town.timers.advance(61_000)
  await town.until('it is paid', () => town.observers[1]!.ledger.state.books.wallets === 600 && town.inTransit() === 0)
  await followed.project()
  await followed.caughtUp()
  const rows = await sql`
    select m.mandate, p.amount_fen, p.code, p.destination from mandate_payments m
    join payments p on p.payer = m.wallet and p.id = m.id order by p.index`
  const told = rows.map(({ mandate, ...rest }) => ({ ...rest, mandate: Buffer.from(mandate).toString('hex') }))
  const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex')
  expect(told).toEqual([
    { mandate: hex(paying), amount_fen: 600n, code: 0, destination: 2 },
    { mandate: hex(poor), amount_fen: 1_000_000n, code: codeOf['funds-insufficient'], destination: 0 },
  ])
  const states = await sql`select state, tries, last_code from mandates order by amount_fen`
  expect([...states]).toEqual([
    { state: 3, tries: 0, last_code: 0 },
    { state: 1, tries: 1, last_code: codeOf['funds-insufficient'] },
  ])
  expect(await followed.comparison()).toMatchObject({ differing: 0 })
})

test('the splits of an order are written with it, and each is a payment of the merchant', async () => {
  const { town, sql } = followed
  const carol = await town.open(1)
  const list = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer)
  const orderNo = new Uint8Array(32).fill(0x41, 0, 3)
  const splits = {
    count: 2,
    payees: list(alice.number, carol.number),
    amounts: list(100, 0),
    weights: Uint8Array.of(0, 0, 136, 19),
  }
  const head = { ...headOf({ signer: signers.walletKey, keyVersion: 1, actor: bob.number }), wallet: bob.number }
  const of = { amount: 251, expiresMs: town.timers.nowMs + 3_600_000, orderNo, textLength: 0 }
  const order = await town.command(1, 'orderCreateSplit', { ...head, ...of, ...splits }, edge)
  const pay = { payer: alice.number, payee: bob.number, amount: 251, requestedMs: town.timers.nowMs, order }
  await town.command(0, 'orderPayment', { ...by(), ...pay }, edge)
  await town.until('all has arrived', () => town.inTransit() === 0)
  await followed.project()
  await followed.caughtUp()
  const rows = await sql`
    select s.place, s.payee, s.amount_fen, s.weight, s.state, p.amount_fen as paid_fen, p.code, p.destination
    from order_splits s join payments p on p.payer = s.merchant and p.id = s.payment_id order by s.place`
  expect([...rows]).toEqual([
    {
      place: 0,
      payee: BigInt(alice.number),
      amount_fen: 100n,
      weight: 0,
      state: 2,
      paid_fen: 100n,
      code: 0,
      destination: 1,
    },
    {
      place: 1,
      payee: BigInt(carol.number),
      amount_fen: 76n,
      weight: 5_000,
      state: 2,
      paid_fen: 76n,
      code: 0,
      destination: 0,
    },
  ])
  const entries = await sql`select kind, delta_fen from entries where wallet = ${bob.number} order by index`
  expect([...entries]).toEqual([
    { kind: 2, delta_fen: 251n },
    { kind: 12, delta_fen: -100n },
    { kind: 12, delta_fen: -76n },
  ])
  expect(await followed.comparison()).toMatchObject({ differing: 0 })
})
