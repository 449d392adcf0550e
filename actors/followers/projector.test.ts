import { describe, expect, test } from 'vitest'
import type { Resident } from '../host/hostTown.fixture.ts'
import { walletKinds } from '../ledger/ids.ts'
import { headOf } from '../ledger/paper.fixture.ts'
import { rechargeSteps, signers } from '../ledger/records.ts'
import { codeOf } from '../ledger/refusals.ts'
import { createBlobs } from '../log/blobs.ts'
import type { MemoryLog } from '../log/memoryLog.ts'
import { noticeKinds } from '../log/noticeKinds.ts'
import type { FollowerState, ShardLog } from '../log/shardLog.ts'
import { type Database, openDatabase } from './database.ts'
import { eachTestFollowed, type FollowedTown } from './followedTown.fixture.ts'
import { openBalance } from './stateRows.ts'

let followed: FollowedTown
let alice: Resident
let bob: Resident
let tokens = 0

eachTestFollowed(async (one) => {
  followed = one
  const { town } = followed
  alice = await town.open(0)
  bob = await town.open(1)
  await town.fund(alice, 10_000)
})

/** One frame with these payments of alice's, at its end in both shards. */
async function pay(...payments: readonly { fen: number; to?: { number: number }; id?: Uint8Array }[]): Promise<number> {
  const { town } = followed
  const records = payments.map(({ fen, to = bob, id = town.id() }) => town.payment(alice, to, fen, ++tokens, id))
  const seq = await town.pay(0, records)
  await town.until('the payments have arrived', () => town.quiet({ 0: seq }))
  return seq
}

const orderNo = new Uint8Array(32).fill(0x41, 0, 3)

/** A merchant of shard 1 with one order, whose text needs escaping. */
async function shopWithOrder(): Promise<{ shop: Resident; order: number; text: string }> {
  const { town } = followed
  const shop = await town.open(1, walletKinds.merchant)
  const text = JSON.stringify({ description: 'tea\tfor\\two', goods: 'a\nb' })
  const bytes = new TextEncoder().encode(text)
  const by = headOf({ signer: signers.walletKey, keyVersion: 1, actor: shop.number })
  const expiresMs = town.timers.nowMs + 3_600_000
  const fields = { ...by, wallet: shop.number, amount: 250, expiresMs, orderNo, textLength: bytes.length }
  const order = await town.command(1, 'orderCreate', fields, { kind: 'edge', id: '1' }, bytes)
  return { shop, order, text }
}

async function payOrder({ shop, order }: { shop: Resident; order: number }): Promise<Uint8Array> {
  const { town } = followed
  const id = town.id()
  const by = headOf({ signer: signers.walletKey, keyVersion: 1, actor: alice.number, id })
  const of = { payer: alice.number, payee: shop.number, amount: 250, requestedMs: town.timers.nowMs, order }
  await town.command(0, 'orderPayment', { ...by, ...of }, { kind: 'edge', id: '1' })
  await town.until('the payment has arrived', () => town.inTransit() === 0)
  return id
}

describe('orders', () => {
  test('are written as they stand, with the text that came with them, and who paid', async () => {
    const market = await shopWithOrder()
    const id = await payOrder(market)
    await followed.project()
    await followed.caughtUp()
    const { sql } = followed
    const rows = await sql`
      select o.order_no, o.amount_fen, o.state, o.payer, o.payment_id, t.content from orders o
      join order_texts t on t.shard = o.shard and t.seq = o.seq and t.index = o.index`
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ order_no: 'AAA', amount_fen: 250n, state: 2, payer: BigInt(alice.number) })
    expect(Buffer.from(rows[0]!.payment_id)).toEqual(Buffer.from(id))
    expect(rows[0]!.content).toBe(market.text)
    const [payment] = await sql`select code, destination, amount_fen from payments where id = ${id}`
    expect(payment).toMatchObject({ code: 0, destination: 2, amount_fen: 250n })
  })

  test('that are refunded say how much went back, and the refund is a payment of the merchant', async () => {
    const market = await shopWithOrder()
    await payOrder(market)
    const { town, sql } = followed
    const { shop } = market
    const id = town.id()
    const by = headOf({ signer: signers.walletKey, keyVersion: 1, actor: shop.number, id })
    await town.command(
      1,
      'orderRefund',
      { ...by, wallet: shop.number, amount: 100, orderNo },
      { kind: 'edge', id: '1' },
    )
    await town.until('the refund has arrived', () => town.inTransit() === 0)
    await followed.project()
    await followed.caughtUp()
    const [order] = await sql`select refunded_fen, seq from orders`
    expect(order).toMatchObject({ refunded_fen: 100n })
    const [refund] = await sql`
      select f.order_no, f.order_seq, p.payee, p.amount_fen, p.code from refunds f
      join payments p on p.payer = f.merchant and p.id = f.id`
    expect(refund).toEqual({
      order_no: 'AAA',
      order_seq: order!.seq,
      payee: BigInt(alice.number),
      amount_fen: 100n,
      code: 0,
    })
    expect(await followed.comparison()).toMatchObject({ differing: 0 })
  })

  test('that two pay are paid by one; the other payment is written as returned', async () => {
    const market = await shopWithOrder()
    await payOrder(market)
    const second = await payOrder(market)
    await followed.project()
    await followed.caughtUp()
    const [returned] = await followed.sql`select reason from returns where id = ${second}`
    expect(returned).toMatchObject({ reason: codeOf['order-paid'] })
  })
})

test('the name of a user is written as it was sealed, for the command that brought it, newest last', async () => {
  const { town, sql } = followed
  const edge = { kind: 'edge', id: '1' } as const
  const sealed = (byte: number) => new Uint8Array(120).fill(byte)
  const [first, second] = [town.id(), town.id()]
  const opening = { ...headOf({ signer: signers.institution, principal: 1, actor: 1, id: first }), bucket: 1, kyc: 1 }
  const user = await town.command(1, 'userOpen', opening, edge, sealed(1))
  const renaming = { ...headOf({ signer: signers.institution, principal: 1, actor: 1, id: second }), user, kyc: 0 }
  const why = new TextEncoder().encode('the papers were shown')
  const both = new Uint8Array([...sealed(2), ...why])
  await town.command(1, 'userUpdate', { ...renaming, risk: 255, reasonLength: why.length }, edge, both)
  const unnamed = { ...headOf({ signer: signers.institution, principal: 1, actor: 1, id: town.id() }), user, kyc: 1 }
  await town.command(1, 'userUpdate', { ...unnamed, risk: 255, reasonLength: why.length }, edge, why)
  await followed.project()
  await followed.caughtUp()
  const rows = await sql`select actor, command_id, name_sealed from user_names where user_number = ${user} order by seq`
  expect([...rows]).toEqual([
    { actor: 1n, command_id: Buffer.from(first), name_sealed: Buffer.from(sealed(1)) },
    { actor: 1n, command_id: Buffer.from(second), name_sealed: Buffer.from(sealed(2)) },
  ])
})

test('a recovery and its end are written, and the holder is told of both', async () => {
  const { town, sql } = followed
  const edge = { kind: 'edge', id: '1' } as const
  const key = new Uint8Array(33).fill(3)
  const by = headOf({ signer: signers.institution, principal: 1, actor: 1, id: town.id() })
  await town.command(0, 'recoveryStart', { ...by, wallet: alice.number, algorithm: 1, key }, edge)
  const stop = headOf({ signer: signers.walletKey, keyVersion: 1, actor: alice.number, id: town.id() })
  await town.command(0, 'recoveryStop', { ...stop, wallet: alice.number }, edge)
  await followed.project()
  await followed.caughtUp()
  const [recovery] = await sql`select state, effective_ms - started_ms as waited from recoveries`
  expect(recovery).toEqual({ state: 3, waited: 86_400_000n })
  const told = await sql`select kind from notices where wallet = ${alice.number} order by seq, index`
  expect(told.map(({ kind }) => kind)).toEqual([noticeKinds.recoveryStarted, noticeKinds.recoveryStopped])
})

test('a hold is written as it stands, its postings sum to the balance, and a capture is a payment', async () => {
  const { town, sql } = followed
  const id = town.id()
  const by = () => headOf({ signer: signers.walletKey, keyVersion: 1, actor: alice.number, id: town.id() })
  const edge = { kind: 'edge', id: '1' } as const
  const expiresMs = town.timers.nowMs + 60_000
  const of = { wallet: alice.number, payee: bob.number }
  for (const hold of [id, town.id()]) {
    const fields = { ...by(), id: hold, ...of, amount: 600, expiresMs, payeeInstitution: 1 }
    await town.command(0, 'holdPlace', fields, edge)
  }
  const capture = { ...by(), signer: signers.payeeKey }
  await town.command(0, 'holdCapture', { ...capture, ...of, amount: 250, hold: id }, edge)
  await town.until('the capture has arrived', () => town.inTransit() === 0)
  town.timers.advance(61_000)
  await town.until('both have expired', () => town.observers[0]!.ledger.state.books.held === 0)
  await followed.project()
  await followed.caughtUp()
  const rows = await sql`select payee, amount_fen, captured_fen, state from holds order by captured_fen desc`
  const of600 = { payee: BigInt(bob.number), amount_fen: 600n, state: 4 }
  expect([...rows]).toEqual([
    { ...of600, captured_fen: 250n },
    { ...of600, captured_fen: 0n },
  ])
  const [paid] = await sql`select payee, amount_fen, code from payments where id = ${capture.id}`
  expect(paid).toEqual({ payee: BigInt(bob.number), amount_fen: 250n, code: 0 })
  expect(await followed.comparison()).toMatchObject({ differing: 0 })
})

const count = async (table: 'entries' | 'payments' | 'returns'): Promise<number> =>
  Number((await followed.sql.unsafe(`select count(*) as n from ${table}`))[0]!.n)

const nothingDiffers = { compared: 2, differing: 0, differingFen: 0n, notes: [] }

/** A connection whose commit arrives, and whose word of it does not: `failures` times. */
function losesWord(url: string, failures: number): { open: () => Database; lost: () => number } {
  let lost = 0
  const open = (): Database => {
    const sql = openDatabase(url, 'projector', 1)
    const begin = async (work: (tx: unknown) => unknown): Promise<unknown> => {
      const result = await sql.begin(work as never)
      if (lost >= failures) return result
      lost++
      throw new Error('the connection was lost')
    }
    return new Proxy(sql, { get: (target, name) => (name === 'begin' ? begin : Reflect.get(target, name)) })
  }
  return { open, lost: () => lost }
}

/** A log whose readers can be told that they are cut off from it, and that they are back. */
function severable(log: ShardLog): { log: ShardLog; tell: (state: FollowerState) => void } {
  let tell: (state: FollowerState) => void = () => undefined
  const follow: ShardLog['follow'] = (fromSeq, onEntry, options = {}) => {
    tell = (state) => options.onState?.(state)
    return log.follow(fromSeq, onEntry, options)
  }
  const severed = new Proxy(log, {
    get: (target, name) => (name === 'follow' ? follow : (Reflect.get(target, name) as () => unknown).bind(target)),
  })
  return { log: severed, tell: (state) => tell(state) }
}

/** A database whose statements outside of transactions are counted. */
function counting(url: string): { open: () => Database; asked: () => number } {
  let asked = 0
  const open = (): Database =>
    new Proxy(openDatabase(url, 'projector', 1), {
      apply: (target, of, args) => {
        asked++
        return Reflect.apply(target as never, of, args)
      },
    })
  return { open, asked: () => asked }
}

describe('a projector', () => {
  test('that does not hear a log leaves no sign that it is up to date, and does when it hears it again', async () => {
    const { open, asked } = counting(followed.databaseUrl)
    followed.openDatabase = open
    const [first, second] = followed.town.logs.map(severable) as [ReturnType<typeof severable>, { log: ShardLog }]
    const projector = await followed.project([first.log, second.log])
    await followed.caughtUp()
    first.tell({ kind: 'interrupted', reason: 'connection lost' })
    expect(projector.unheard).toBe('connection lost')
    const { sql } = followed
    await sql`update positions set followed_at = now() - interval '2 minutes'`
    const signs = async (): Promise<boolean> => {
      const [row] = await sql<{ heard: boolean }[]>`
        select max(followed_at) > now() - interval '1 minute' as heard from positions`
      return row!.heard
    }
    const before = asked()
    // It asks the database once a second whether it is there.
    while (asked() < before + 3) await new Promise((resolve) => setTimeout(resolve, 50))
    expect({ heard: await signs(), trouble: projector.trouble }).toEqual({ heard: false, trouble: '' })
    first.tell({ kind: 'following' })
    while (!(await signs())) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(projector.unheard).toBe('')
  })

  test('writes every posting once, and every wallet as the log has it', async () => {
    await followed.project()
    for (let n = 1; n <= 20; n++) await pay({ fen: n }, { fen: 100 })
    expect(await followed.comparison()).toEqual(nothingDiffers)
    // A recharge, and two postings a payment.
    expect(await count('entries')).toBe(1 + 2 * 40)
    expect(await count('payments')).toBe(40)
  })

  test('gives a write that takes longer than it has more time, until the database has taken it', async () => {
    const { sql } = followed
    await sql.unsafe(`create function slow() returns trigger language plpgsql as $$
      begin perform pg_sleep(0.5); return null; end $$`)
    await sql.unsafe('create trigger slow after insert on payments for each statement execute function slow()')
    followed.writeTimeoutMs = 100
    await followed.project()
    await pay({ fen: 7 })
    expect(await followed.comparison()).toEqual(nothingDiffers)
    expect(await count('payments')).toBe(1)
  })

  test('says by a code alone why a row is refused, for the words of a database repeat what is in it', async () => {
    await followed.sql.unsafe('alter table orders alter column order_no type int using 0')
    const projector = await followed.project()
    await shopWithOrder()
    while (projector.trouble === '') await new Promise((resolve) => setTimeout(resolve, 50))
    expect(projector.trouble).toMatch(/^a row is refused: 22/)
    expect(projector.trouble).not.toContain('AAA')
    await followed.sql.unsafe('alter table orders alter column order_no type text')
    expect(await followed.comparison()).toEqual({ ...nothingDiffers, compared: 3 })
  })

  test('writes what was refused, what came back, and a request that was sent twice only once', async () => {
    await followed.project()
    const { town } = followed
    const id = town.id()
    const seq = await pay({ fen: 700, id })
    await pay({ fen: 700, id })
    await pay({ fen: 1_000_000 }, { fen: 30, to: town.stranger(1) })
    expect(await followed.comparison()).toEqual(nothingDiffers)
    const rows = await followed.sql<{ amount: bigint; code: number; seq: bigint; index: number; payer: bigint }[]>`
      select amount_fen as amount, code, seq, index, payer from payments order by seq, index`
    expect(rows.map(({ amount, code, index }) => [Number(amount), code, index])).toEqual([
      [700, 0, 0],
      [1_000_000, codeOf['funds-insufficient'], 0],
      [30, 0, 1],
    ])
    expect(rows[0]).toMatchObject({ seq: BigInt(seq), payer: BigInt(alice.number) })
    const returned = await followed.sql<{ payer: bigint; reason: number }[]>`select payer, reason from returns`
    expect([...returned]).toEqual([{ payer: BigInt(alice.number), reason: codeOf['payee-unknown'] }])
    expect(town.balance(alice)).toBe(9_300)
  })

  test('writes users, wallets, links and sagas as the ledger holds them; a balance opens in its own row only', async () => {
    await followed.project()
    const { town, sql } = followed
    const open = await town.recharge(bob, 500)
    await town.until('the frames are read', () => town.quiet({}))
    await followed.caughtUp()
    const { state } = town.observers[1]!.ledger
    const wallets = await sql<{ number: bigint; user: bigint; state: string; seq: bigint; sealed: Uint8Array }[]>`
      select number, user_number as user, state, seq, balance_sealed as sealed from wallets order by number`
    expect(wallets.map(({ number }) => Number(number))).toEqual([alice.number, bob.number].toSorted((a, b) => a - b))
    const row = wallets.find(({ number }) => Number(number) === alice.number)!
    const blobs = createBlobs(town.ring)
    expect(openBalance(blobs, row.number, row.seq, row.sealed)).toBe(10_000n)
    expect(() => openBalance(blobs, bob.number, row.seq, row.sealed)).toThrow()
    expect(() => openBalance(blobs, row.number, row.seq + 1n, row.sealed)).toThrow()
    expect(Buffer.from(row.sealed).includes(Buffer.from(new BigInt64Array([10_000n]).buffer))).toBe(false)
    const users = await sql<{ kyc: number }[]>`select kyc from users`
    expect(users.map(({ kyc }) => kyc)).toEqual([1, 1])
    const links = await sql<{ wallet: bigint; masked: string; limit: bigint; active: number }[]>`
      select wallet, masked, limit_fen as limit, active from links where shard = 1`
    expect([...links]).toEqual([{ wallet: BigInt(bob.number), masked: '*', limit: 100_000_000n, active: 1 }])
    const sagas = await sql<{ wallet: bigint; id: Uint8Array; step: number; amount: bigint }[]>`
      select wallet, id, step, amount_fen as amount from sagas order by amount_fen`
    expect(sagas.map(({ wallet, step, amount }) => [Number(wallet), step, Number(amount)])).toEqual([
      [bob.number, rechargeSteps.requested, 500],
      [alice.number, rechargeSteps.settled, 10_000],
    ])
    expect(Buffer.from(sagas[0]!.id)).toEqual(Buffer.from(open))
    await town.settle(bob, open)
    await followed.caughtUp()
    const [settled] = await sql<{ step: number }[]>`select step from sagas where amount_fen = 500`
    expect(settled!.step).toBe(rechargeSteps.settled)
    expect(state.openSagas.size).toBe(0)
  })

  test('that is stopped in the middle goes on behind what it wrote', async () => {
    const first = await followed.project()
    await pay({ fen: 100 })
    await followed.caughtUp()
    await followed.stop(first)
    await pay({ fen: 200 })
    expect(await count('payments')).toBe(1)
    await followed.project()
    await pay({ fen: 300 })
    expect(await followed.comparison()).toEqual(nothingDiffers)
    expect(await count('payments')).toBe(3)
  })

  test('that never hears of its commit writes nothing twice', async () => {
    const { open, lost } = losesWord(followed.databaseUrl, 3)
    followed.openDatabase = open
    await followed.project()
    for (const fen of [100, 200, 300, 400]) {
      await pay({ fen })
      await followed.caughtUp()
    }
    expect(await followed.comparison()).toEqual(nothingDiffers)
    expect(lost()).toBe(3)
    expect(await count('payments')).toBe(4)
    expect(followed.hopeless).toEqual([])
  })

  test('whose connection is cut off in a transaction writes it again, whole', async () => {
    await followed.project()
    for (let n = 0; n < 5; n++) {
      await pay({ fen: 100 })
      await followed.sql`
        select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'projector'`
    }
    expect(await followed.comparison()).toEqual(nothingDiffers)
    expect(await count('payments')).toBe(5)
  })

  test('stops when another one writes into its database, and the other goes on', async () => {
    await followed.project()
    await followed.caughtUp()
    await followed.project()
    // Both stand at the same place; who writes second finds the place taken, and neither writes a row twice.
    for (let n = 0; n < 40 && followed.hopeless.length === 0; n++) await pay({ fen: 1 })
    expect(await followed.comparison()).toEqual(nothingDiffers)
    for (const { message } of followed.hopeless) expect(message).toMatch(/another process follows into this database/)
  })

  test('refuses a database that was filled from another log', async () => {
    const first = await followed.project()
    await pay({ fen: 100 })
    await followed.caughtUp()
    await followed.stop(first)
    await followed.sql`update positions set chain = ${new Uint8Array(32)} where shard = 0`
    await expect(followed.project()).rejects.toThrow(/shard 0: the database followed another log than this one/)
  })

  test('begins in a trimmed log at the snapshot it left when it was stopped', async () => {
    const first = await followed.project()
    await pay({ fen: 100 })
    await followed.caughtUp()
    await followed.stop(first)
    for (const log of followed.town.logs) (log as MemoryLog).trimTo((await log.bounds()).last)
    await followed.project()
    await pay({ fen: 200 })
    expect(await followed.comparison()).toEqual(nothingDiffers)
    expect(await count('payments')).toBe(2)
  })
})

describe('a comparison of database and log', () => {
  test('finds a balance of another wallet, a lost entry and an entry that nobody posted', async () => {
    const projector = await followed.project()
    await pay({ fen: 100 })
    expect(await followed.comparison()).toEqual(nothingDiffers)
    await followed.stop(projector)
    const { sql } = followed
    const [a, b] = [alice.number, bob.number]
    await sql`update wallets set balance_sealed = (select balance_sealed from wallets where number = ${b}) where number = ${a}`
    expect(await followed.comparison()).toMatchObject({ differing: 1, notes: [expect.stringMatching(/unreadable/)] })
    await sql`delete from entries where wallet = ${b}`
    expect(await followed.comparison()).toMatchObject({ differing: 2 })
    await sql`update wallets set state = 'frozen' where number = ${b}`
    await sql`delete from wallets where number = ${a}`
    const { differing, notes } = await followed.comparison()
    expect(differing).toBe(2)
    expect(notes.join()).toMatch(new RegExp(`wallet ${alice.number}: is missing in Postgres`))
  })
})
