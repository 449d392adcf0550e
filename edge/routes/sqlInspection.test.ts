import { describe, expect, test } from 'vitest'
import { eachTestFollowed, type FollowedTown } from '../../actors/followers/followedTown.fixture.ts'
import type { Resident } from '../../actors/host/hostTown.fixture.ts'
import { walletKinds } from '../../actors/ledger/ids.ts'
import { headOf } from '../../actors/ledger/paper.fixture.ts'
import { type CommandOp, commandOps, signers, walletActions } from '../../actors/ledger/records.ts'
import { codeOf } from '../../actors/ledger/refusals.ts'
import { createLogger } from '../../actors/log/process.ts'
import type { MerchantFilter, PaymentFilter } from './inspection.ts'
import type { Found } from './journal.ts'
import { SqlInspection } from './sqlInspection.ts'
import { SqlJournal } from './sqlJournal.ts'
import { logEndsOf } from './testLogEnds.ts'

const shardCount = 2
const edge = { kind: 'edge', id: '1' } as const
let followed: FollowedTown
let journal: SqlJournal
let inspection: SqlInspection
let alice: Resident
let bob: Resident
let tokens = 0

eachTestFollowed(
  async (one) => {
    followed = one
    const { town } = followed
    alice = await town.open(0)
    bob = await town.open(1)
    await town.fund(alice, 10_000)
    journal = new SqlJournal(followed.databaseUrl, shardCount, createLogger('test', 'silent'), logEndsOf(followed.town))
    inspection = new SqlInspection(journal, shardCount)
  },
  () => journal.close(),
)

async function record<T>(found: Promise<Found<T>>): Promise<T> {
  const one = await found
  if (one.kind !== 'found') throw new Error(`nothing was found: ${one.kind}`)
  return one.record
}

async function pay(from: Resident, to: Resident, fen: number): Promise<Uint8Array> {
  const { town } = followed
  const id = town.id()
  const seq = await town.pay(from.shard, [town.payment(from, to, fen, ++tokens, id)])
  await town.until('the payment has arrived', () => town.quiet({ [from.shard]: seq }))
  return id
}

/** Refusals are answers as well: nothing is expected of the outcome here. */
async function setStatus(by: object, wallet: Resident, action: number, text: string): Promise<void> {
  const fields = { ...headOf(by), wallet: wallet.number, action }
  await followed.town.command(wallet.shard, 'walletStatus', fields, edge, new TextEncoder().encode(text)).catch(() => 0)
}

async function project(): Promise<void> {
  await followed.project()
  await followed.caughtUp()
}

describe('what operators did', () => {
  const operator = () => ({ signer: signers.operator, principal: 1, actor: 100_001, id: followed.town.id() })

  test('is told with who, what, why, when and where, refused or not, newest first', async () => {
    await setStatus(operator(), alice, walletActions.freeze, 'stolen\tphone 手机\n2')
    await setStatus(operator(), bob, walletActions.freeze, 'court order')
    await setStatus(operator(), bob, 9, 'a mistake')
    await setStatus({ signer: signers.institution, principal: 1, actor: 1, id: followed.town.id() }, bob, 2, 'no act')
    await project()
    const { acts, more } = await record(inspection.acts({}, undefined, 10))
    expect(more).toBe(false)
    const told = acts.map(({ operator: who, op, wallet, code, reason }) => ({ who, op, wallet, code, reason }))
    const of = { who: 1, op: commandOps.walletStatus }
    expect(told).toEqual([
      { ...of, wallet: bob.number, code: codeOf['status-not-allowed'], reason: 'a mistake' },
      { ...of, wallet: bob.number, code: 0, reason: 'court order' },
      { ...of, wallet: alice.number, code: 0, reason: 'stolen\tphone 手机\n2' },
    ])
    expect(JSON.parse(acts[1]!.fields)).toEqual({ wallet: bob.number, action: walletActions.freeze })
    expect(acts[1]!.executed).toMatchObject({ shard: 1, index: 0 })
  })

  test('is found by wallet, operator and act, and page by page', async () => {
    for (const reason of ['one', 'two', 'three']) await setStatus(operator(), alice, walletActions.freeze, reason)
    await setStatus(operator(), bob, walletActions.freeze, 'four')
    await project()
    const reasons: string[] = []
    let before: Parameters<typeof inspection.acts>[1]
    for (let page = 0; page < 3; page++) {
      const { acts, more } = await record(inspection.acts({ wallet: alice.number }, before, 1))
      reasons.push(...acts.map(({ reason }) => reason))
      before = acts.at(-1)!.executed
      expect(more).toBe(page < 2)
    }
    expect(reasons).toEqual(['three', 'two', 'one'])
    expect((await record(inspection.acts({ operator: 2 }, undefined, 9))).acts).toEqual([])
    expect((await record(inspection.acts({ op: commandOps.limitsPut }, undefined, 9))).acts).toEqual([])
  })

  test('that went to every shard is one act, though each has it in its log', async () => {
    const fields = { ...headOf(operator()), number: 9, role: 1, active: 1, publicKey: new Uint8Array(32).fill(7) }
    const text = new TextEncoder().encode('a new institution')
    for (const shard of [1, 0]) await followed.town.command(shard, 'principalPut', fields, edge, text)
    await project()
    const { acts } = await record(inspection.acts({ op: commandOps.principalPut }, undefined, 9))
    expect(acts.map(({ executed, reason }) => [executed.shard, reason])).toEqual([[0, 'a new institution']])
  })
})

test('every act that an operator must explain is told with what the operator said', async () => {
  const { town } = followed
  const effectiveMs = town.timers.nowMs
  const said = async (op: CommandOp, fields: object, text = `why ${op}`) => {
    const head = headOf({ signer: signers.operator, principal: 1, actor: 100_001, id: town.id() })
    // What becomes of it is not asked here: an act that was refused is told as well.
    await town.command(0, op, { ...head, ...fields } as never, edge, new TextEncoder().encode(text)).catch(() => 0)
  }
  const limits = { balance: 10, single: 10, day: 10, year: 10 }
  await said('limitsPut', { class: 3, ...limits, effectiveMs })
  await said('riskRulePut', { level: 1, percent: 50, rechargesPerDayMax: 5, paymentsPerDayMax: 5, effectiveMs })
  await said('refundRulePut', { days: 9, effectiveMs })
  await said('recoveryRulePut', { minutes: 9, effectiveMs })
  await said('recoveryStop', { wallet: alice.number })
  await said('mandateCancel', { wallet: alice.number, mandate: town.id() })
  await said('holdVoid', { wallet: alice.number, payee: bob.number, hold: town.id() })
  const sealedName = 'n'.repeat(100)
  const why = 'why userUpdate 中'
  const reasonLength = new TextEncoder().encode(why).length
  await said('userUpdate', { user: 4_096, kyc: 1, risk: 1, reasonLength }, sealedName + why)
  await project()
  const { acts } = await record(inspection.acts({}, undefined, 99))
  const reasons = acts.map(({ reason }) => reason).toReversed()
  const ops = [
    'limitsPut',
    'riskRulePut',
    'refundRulePut',
    'recoveryRulePut',
    'recoveryStop',
    'mandateCancel',
    'holdVoid',
  ]
  expect(reasons).toEqual([...ops.map((op) => `why ${op}`), why])
})

describe('a payment is found', () => {
  const find = async (filter: Partial<PaymentFilter>) => {
    const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, ...filter }
    return (await record(inspection.payments(all, undefined, 9))).payments.map(({ amountFen }) => amountFen)
  }

  test('by its id, payer, payee, amount, time and outcome, newest first', async () => {
    const carol = await followed.town.open(0)
    const id = await pay(alice, bob, 100)
    await pay(alice, carol, 250)
    await pay(carol, bob, 200)
    await pay(carol, bob, 99_999)
    await project()
    expect(await find({})).toEqual([99_999, 200, 250, 100])
    expect(await find({ id })).toEqual([100])
    expect(await find({ wallet: alice.number })).toEqual([250, 100])
    expect(await find({ wallet: bob.number })).toEqual([200, 100])
    expect(await find({ wallet: carol.number })).toEqual([99_999, 200, 250])
    expect(await find({ amountMinFen: 200, amountMaxFen: 250 })).toEqual([200, 250])
    expect(await find({ refused: true })).toEqual([99_999])
    expect(await find({ refused: false, wallet: carol.number })).toEqual([200, 250])
    expect(await find({ toMs: 1 })).toEqual([])
    const { payments, more } = await record(
      inspection.payments({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, undefined, 3),
    )
    expect(more).toBe(true)
    const last = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }
    const rest = await record(inspection.payments(last, payments.at(-1)!.executed, 3))
    expect(rest.payments.map(({ amountFen }) => amountFen)).toEqual([100])
  })

  test('with the places of both its legs', async () => {
    const id = await pay(alice, bob, 100)
    await project()
    const trail = await record(inspection.trail(alice.number, id))
    expect(trail.payment).toMatchObject({ complete: true, code: 0 })
    expect(trail.debit).toMatchObject({ deltaFen: -100, wallet: alice.number, executed: { shard: 0 } })
    expect(trail.credit).toMatchObject({ deltaFen: 100, wallet: bob.number, executed: { shard: 1 } })
    expect(trail.lane).toMatchObject({ destination: 1 })
    expect(trail.lane!.received).toBeGreaterThan(trail.lane!.transit)
    expect([trail.returned, trail.order]).toEqual([undefined, undefined])
    expect(await inspection.trail(bob.number, id)).toEqual({ kind: 'none' })
  })

  test('that came back with where it came back, and why', async () => {
    await setStatus({ signer: signers.operator, principal: 1, actor: 100_001, id: followed.town.id() }, bob, 1, 'x')
    const id = await pay(alice, bob, 100)
    await project()
    const trail = await record(inspection.trail(alice.number, id))
    expect(trail.credit).toBeUndefined()
    expect(trail.returned).toMatchObject({ deltaFen: 100, wallet: alice.number, code: codeOf['payee-frozen'] })
    expect(trail.returned!.executed.seq).toBeGreaterThan(trail.debit!.executed.seq)
  })

  test('by the number of the order that it paid', async () => {
    const { town } = followed
    const shop = await town.open(1, walletKinds.merchant)
    const by = headOf({ signer: signers.walletKey, keyVersion: 1, actor: shop.number })
    const orderNo = new Uint8Array(32).fill(0x41, 0, 3)
    const fields = { ...by, wallet: shop.number, amount: 250, expiresMs: town.timers.nowMs + 3_600_000, orderNo }
    const order = await town.command(1, 'orderCreate', fields, edge)
    const id = town.id()
    const head = headOf({ signer: signers.walletKey, keyVersion: 1, actor: alice.number, id })
    const of = { payer: alice.number, payee: shop.number, amount: 250, requestedMs: town.timers.nowMs, order }
    await town.command(0, 'orderPayment', { ...head, ...of }, edge)
    await town.until('the payment has arrived', () => town.inTransit() === 0)
    await project()
    expect(await find({ orderNo: 'AAA' })).toEqual([250])
    expect(await find({ orderNo: 'AAB' })).toEqual([])
    const trail = await record(inspection.trail(alice.number, id))
    expect(trail.order).toEqual({ merchant: shop.number, orderNo: 'AAA', refund: false })
  })
})

describe('merchants', () => {
  const list = async (filter: MerchantFilter, after = 0, count = 9) => {
    const { merchants, more } = await record(inspection.merchants(filter, after, count))
    return { wallets: merchants.map(({ wallet }) => wallet), more, merchants }
  }

  async function open(profile?: object | string): Promise<Resident> {
    const { town } = followed
    const shop = await town.open(1, walletKinds.merchant)
    if (profile === undefined) return shop
    const text = new TextEncoder().encode(typeof profile === 'string' ? profile : JSON.stringify(profile))
    const head = headOf({ signer: signers.walletKey, keyVersion: 1, actor: shop.number, id: town.id() })
    await town.command(1, 'merchantPut', { ...head, wallet: shop.number, textLength: text.length }, edge, text)
    return shop
  }

  test('are listed page by page with what they say of themselves and how they stand, and nobody else is', async () => {
    const { town } = followed
    const [silent, tea] = [await open(), await open({ name_zh: '松间茶馆', name_en: 'Pine Tea House' })]
    await open({ name_zh: '旧名' })
    const operator = headOf({ signer: signers.operator, principal: 1, actor: 100_001, id: town.id() })
    await town.command(1, 'standingPut', { ...operator, wallet: tea.number, standing: 1, reason: 2 }, edge)
    await setStatus({ signer: signers.operator, principal: 1, actor: 100_001, id: town.id() }, silent, 1, 'a trial')
    await project()
    const all = await list({})
    expect(all.wallets.length).toBe(3)
    expect(all.wallets).toEqual(all.wallets.toSorted((a, b) => a - b))
    const of = (shop: Resident) => all.merchants.find(({ wallet }) => wallet === shop.number)
    expect(of(silent)).toMatchObject({ state: 'frozen', standing: 0, profileVersion: 0, content: undefined })
    expect(of(tea)).toMatchObject({ state: 'open', standing: 1, profileVersion: 1, institution: 1 })
    const first = await list({}, 0, 2)
    expect([first.wallets, first.more]).toEqual([all.wallets.slice(0, 2), true])
    expect(await list({}, first.wallets[1], 2)).toMatchObject({ wallets: all.wallets.slice(2), more: false })
  })

  test('are found by how their id begins and by a part of a name, letter by letter', async () => {
    const tea = await open({ name_zh: '松间茶馆', name_en: 'Pine Tea 100%_House' })
    const books = await open({ name_zh: '书店', contact: 'tea@shop.example' })
    await open('{"name_zh":"茶')
    await project()
    const digits = String(books.number)
    expect((await list({ prefix: digits })).wallets).toEqual([books.number])
    expect((await list({ prefix: digits.slice(0, 1) })).wallets).toContain(books.number)
    expect((await list({ prefix: `${digits}0` })).wallets).toEqual([])
    for (const name of ['茶', 'pine tea', '100%_h', '%_'])
      expect([name, (await list({ name })).wallets]).toEqual([name, [tea.number]])
    for (const name of ['tea@', '\\', '_%', "'"]) expect([name, (await list({ name })).wallets]).toEqual([name, []])
  })

  test('are found by their names too where a text holds what PostgreSQL cannot, which hides nobody else', async () => {
    const tea = await open({ name_zh: '松间茶馆' })
    const odd = await open({ name_zh: '茶\\u0000店', callback_url: 'https://shop.example/\0\0\ud83c\udf75\ud83c\\\0' })
    await project()
    expect((await list({ name: '茶' })).wallets.toSorted()).toEqual([tea.number, odd.number].toSorted())
    expect((await list({ name: '\\u0000店' })).wallets).toEqual([odd.number])
  })
})

test('reconciliations are told newest first, and a database that is away is said to be away', async () => {
  for (const [verdict, fen] of [
    ['pass', 0],
    ['fail', 7],
  ] as const) {
    await followed.sql`insert into reconciliations (verdict, difference_fen, report) values (${verdict}, ${fen}, '{}')`
  }
  const runs = await record(inspection.reconciliations(5))
  expect(runs.map(({ verdict, differenceFen }) => [verdict, differenceFen])).toEqual([
    ['fail', 7n],
    ['pass', 0n],
  ])
  const nowhere = new SqlJournal(
    'postgres://nobody@127.0.0.1:1/none',
    shardCount,
    createLogger('test', 'silent'),
    logEndsOf(followed.town),
  )
  expect((await new SqlInspection(nowhere, shardCount).acts({}, undefined, 1)).kind).toBe('away')
  await nowhere.close()
})
