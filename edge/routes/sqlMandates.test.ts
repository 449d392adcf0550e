import { expect, test } from 'vitest'
import { eachTestFollowed, type FollowedTown } from '../../actors/followers/followedTown.fixture.ts'
import type { Resident } from '../../actors/host/hostTown.fixture.ts'
import { walletKinds } from '../../actors/ledger/ids.ts'
import { headOf } from '../../actors/ledger/paper.fixture.ts'
import { signers } from '../../actors/ledger/records.ts'
import { createLogger } from '../../actors/log/process.ts'
import type { TimeCursor } from './inspection.ts'
import type { PayeeMandate } from './journal.ts'
import { SqlJournal } from './sqlJournal.ts'
import { logEndsOf } from './testLogEnds.ts'

const edge = { kind: 'edge', id: '1' } as const
let followed: FollowedTown
let journal: SqlJournal
/** Payers in either shard, and whom they pay. */
let alice: Resident
let bob: Resident
let shop: Resident

eachTestFollowed(
  async (one) => {
    followed = one
    const { town } = followed
    alice = await town.open(0)
    bob = await town.open(1)
    shop = await town.open(1, walletKinds.merchant)
    journal = new SqlJournal(followed.databaseUrl, 2, createLogger('test', 'silent'), logEndsOf(followed.town))
  },
  () => journal.close(),
)

const byKeyOf = ({ number }: Resident) =>
  headOf({ signer: signers.walletKey, keyVersion: 1, actor: number, id: followed.town.id() })

/** A mandate of a payer's, each a moment after the one before. */
async function sign(payer: Resident, payee: Resident, purpose: string, changes: object = {}): Promise<Uint8Array> {
  const { town } = followed
  town.timers.advance(10)
  const head = byKeyOf(payer)
  const text = new TextEncoder().encode(purpose)
  const terms = { amount: 600, periodAmount: 1_000, firstMs: town.timers.nowMs, endsMs: 0, countMax: 0 }
  const parties = { wallet: payer.number, payee: payee.number, payeeInstitution: 1 }
  const fields = { ...head, ...parties, ...terms, period: 3, scheduled: 0, textLength: text.length, ...changes }
  await town.command(payer.shard, 'mandateSign', fields, edge, text)
  return head.id
}

async function page(status?: 'active' | 'cancelled' | 'over', before?: TimeCursor, count = 10) {
  const found = await journal.mandatesFor(shop.number, status, before, count)
  if (found.kind !== 'found') throw new Error(`nothing was found: ${found.kind}`)
  return found.record
}
const purposes = (mandates: readonly PayeeMandate[]) => mandates.map(({ purpose }) => purpose)

test('a payee finds what payers of every shard signed for it, newest first and page by page, and nothing else', async () => {
  await sign(alice, shop, 'one')
  await sign(bob, shop, 'two')
  await sign(alice, bob, 'not the shop’s')
  await sign(alice, shop, 'three')
  await followed.project()
  await followed.caughtUp()
  const { mandates, followed: positions, more } = await page()
  expect(purposes(mandates)).toEqual(['three', 'two', 'one'])
  expect(mandates.map(({ payer, shard }) => ({ payer, shard }))).toEqual([
    { payer: alice.number, shard: 0 },
    { payer: bob.number, shard: 1 },
    { payer: alice.number, shard: 0 },
  ])
  expect([positions.map(({ shard }) => shard), more]).toEqual([[0, 1], false])
  const told: (string | undefined)[] = []
  let before: TimeCursor | undefined
  for (let left = true; left; ) {
    const one = await page(undefined, before, 1)
    told.push(...purposes(one.mandates))
    const last = one.mandates[0]!
    before = { timeMs: last.signedMs, shard: last.shard, seq: last.seq, index: last.index }
    left = one.more
  }
  expect(told).toEqual(['three', 'two', 'one'])
})

test('what was cancelled or has ended by its date is not among what is active', async () => {
  const { town } = followed
  const given = await sign(alice, shop, 'cancelled')
  await sign(alice, shop, 'ends', { endsMs: town.timers.nowMs + 60_000 })
  await sign(bob, shop, 'goes on')
  await town.command(0, 'mandateCancel', { ...byKeyOf(alice), wallet: alice.number, mandate: given }, edge)
  town.timers.advance(61_000)
  await sign(alice, bob, 'a later moment')
  await followed.project()
  await followed.caughtUp()
  for (const [status, only] of [
    ['active', 'goes on'],
    ['cancelled', 'cancelled'],
    ['over', 'ends'],
  ] as const) {
    const { mandates } = await page(status)
    expect([purposes(mandates), mandates.map(({ state }) => state)]).toEqual([[only], [status]])
  }
})
