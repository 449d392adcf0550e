import { describe, expect, test } from 'vitest'
import type { Resident } from '../host/hostTown.fixture.ts'
import { createBlobs } from '../log/blobs.ts'
import { type ComparedRegion, comparedTables, compareRegions } from './compareRegions.ts'
import { type Database, openDatabase } from './database.ts'
import { eachTestFollowed, type FollowedTown } from './followedTown.fixture.ts'
import type { Projector } from './projector.ts'
import { sealBalance } from './stateRows.ts'

let followed: FollowedTown
let elsewhere: Database
let alice: Resident
let bob: Resident
let projectors: Projector[]
let regions: [ComparedRegion, ComparedRegion]

const restMs = 20_000

eachTestFollowed(
  async (one, server) => {
    followed = one
    const { town } = followed
    alice = await town.open(0)
    bob = await town.open(1)
    await town.fund(alice, 10_000)
    const url = await server.newDatabase()
    elsewhere = openDatabase(url, 'test', 2)
    const near = await followed.project()
    const records = [100, 20_000].map((fen, token) => town.payment(alice, bob, fen, token, town.id()))
    const seq = await town.pay(0, records)
    await town.until('the payment has arrived', () => town.quiet({ 0: seq }))
    await followed.caughtUp()
    // Later and in one go: what is sealed, and at which position a row was written, is different here.
    projectors = [near, await followed.projectElsewhere(url)]
    const shared = { blobs: createBlobs(town.ring), logs: town.logs }
    regions = [
      { region: 'a', sql: followed.sql, ...shared },
      { region: 'b', sql: elsewhere, ...shared },
    ]
    expect(await compareRegions(...regions, restMs)).toMatchObject({ verdict: 'pass' })
  },
  () => elsewhere.end({ timeout: 5 }),
)

test('two regions that followed the same logs are equal, row by row, with balances opened', async () => {
  const { verdict, figures, notes } = await compareRegions(...regions, restMs)
  expect({ verdict, notes }).toEqual({ verdict: 'pass', notes: [] })
  expect(figures).toMatchObject({ differing: 0, 'wallets.compared': 2, 'entries.compared': 3, 'payments.compared': 2 })
})

test('every table is compared, but those that only this region writes', async () => {
  const tables = await elsewhere<{ name: string }[]>`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition`
  const ownOnly = ['reconciliations', 'review_cases', 'webhook_attempts']
  expect(tables.map(({ name }) => name).sort()).toEqual([...Object.keys(comparedTables), ...ownOnly].sort())
})

describe('what differs is found', () => {
  const differing = async () => {
    const { verdict, figures, notes = [] } = await compareRegions(...regions, restMs)
    expect(verdict).toBe('fail')
    return { figures, notes }
  }

  test('a row that is missing in one region', async () => {
    await elsewhere`delete from payments where amount_fen = 100`
    const { figures, notes } = await differing()
    expect(figures).toMatchObject({ differing: 1, 'payments.differing': 1 })
    expect(notes[0]).toMatch(/^payments .*: is missing in region b$/)
  })

  test('a row that one region alone has', async () => {
    await elsewhere`insert into users values (9, 1, 1, 0)`
    expect((await differing()).notes).toEqual(['users 9: is missing in region a'])
  })

  test('a column', async () => {
    await elsewhere`update wallets set state = 'frozen' where number = ${alice.number}`
    expect((await differing()).figures).toMatchObject({ differing: 1, 'wallets.differing': 1 })
  })

  test('a balance, which nobody can see without the key', async () => {
    const { number } = alice
    const [{ seq }] = (await elsewhere`select seq from wallets where number = ${number}`) as [{ seq: bigint }]
    const sealed = sealBalance(regions[1].blobs, number, Number(seq), 9_899)
    await elsewhere`update wallets set balance_sealed = ${sealed} where number = ${number}`
    const { notes } = await differing()
    expect(notes[0]).toMatch(/^wallets \d+: .* 9900 fen in region a, .* 9899 fen in region b$/)
  })

  test('a balance that does not open', async () => {
    await elsewhere`update wallets set balance_sealed = ${new Uint8Array(60)} where number = ${alice.number}`
    expect((await differing()).notes[0]).toContain('a balance that does not open in region b')
  })
})

test('while the regions stand at different positions nothing is said of them', async () => {
  await elsewhere`update positions set seq = seq + 1 where shard = 1`
  const { verdict, notes } = await compareRegions(...regions, 0)
  expect(verdict).toBe('unknown')
  expect(notes![0]).toMatch(/^shard 1 stands at \d+ in region a and at \d+ in region b$/)
})

test('regions that stand at the same positions, but behind the end of a log, are not equal for that', async () => {
  for (const projector of projectors) await followed.stop(projector)
  const { town } = followed
  const seq = await town.pay(1, [town.payment(bob, alice, 50, 3, town.id())])
  await town.until('the payment has arrived', () => town.quiet({ 1: seq }))
  const { verdict, notes } = await compareRegions(...regions, 0)
  expect(verdict).toBe('unknown')
  expect(notes![0]).toMatch(/^shard \d stands at \d+ in both regions, and its log ends at \d+$/)
})

test('regions that have followed nothing yet are not equal for that', async () => {
  for (const { sql } of regions) await sql`update positions set seq = 0`
  expect(await compareRegions(...regions, 0)).toMatchObject({
    verdict: 'unknown',
    notes: ['region a has followed nothing of shard 0 yet'],
  })
})

test('of regions whose databases know nothing of a shard, or of any, nothing is said', async () => {
  for (const { sql } of regions) await sql`delete from positions where shard = 1`
  const silent = { verdict: 'unknown', notes: ['region a has followed nothing of shard 1 yet'] }
  expect(await compareRegions(...regions, 0)).toMatchObject(silent)
  await elsewhere`insert into positions (shard, seq, chain, log_time_ms) values (1, 0, ${Buffer.alloc(32)}, 0)`
  expect(await compareRegions(...regions, 0)).toMatchObject(silent)
  for (const { sql } of regions) await sql`delete from positions`
  expect((await compareRegions(...regions, 0)).verdict).toBe('unknown')
  const [a, b] = regions
  const noLogs = await compareRegions({ ...a, logs: [] }, { ...b, logs: [] }, 0)
  expect(noLogs).toMatchObject({ verdict: 'unknown', notes: ['there is no log of either region'] })
})

test('a position of a shard of which there is no log is no equality', async () => {
  for (const { sql } of regions)
    await sql`insert into positions select 2, seq, chain, log_time_ms from positions where shard = 1`
  expect(await compareRegions(...regions, 0)).toMatchObject({
    verdict: 'unknown',
    notes: ['the database of region a has a shard 2, of which there is no log'],
  })
})
