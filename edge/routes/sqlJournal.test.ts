import { beforeEach, describe, expect, test } from 'vitest'
import { eachTestFollowed, type FollowedTown } from '../../actors/followers/followedTown.fixture.ts'
import type { Resident } from '../../actors/host/hostTown.fixture.ts'
import { encodeBatch } from '../../actors/ledger/frameBuilder.ts'
import { uuidAt } from '../../actors/ledger/paper.fixture.ts'
import { batchHeader, batchRecord, frameKinds } from '../../actors/ledger/records.ts'
import { codeOf } from '../../actors/ledger/refusals.ts'
import { viewCommand } from '../../actors/ledger/views.ts'
import { createLogger } from '../../actors/log/process.ts'
import { ShardUnavailable } from '../gateway/ports.ts'
import type { Followed, Found } from './journal.ts'
import { SqlJournal } from './sqlJournal.ts'
import { logEndsOf } from './testLogEnds.ts'

const minuteMs = 60_000
let followed: FollowedTown
let journal: SqlJournal
let alice: Resident
let bob: Resident
/** Where the shards' logs end, as the journal is told. */
let endOf: (shard: number) => Promise<Followed>
let serial = 0

eachTestFollowed(
  async (one) => {
    followed = one
    const { town } = followed
    alice = await town.open(0)
    bob = await town.open(1)
    await town.fund(alice, 10_000)
    endOf = logEndsOf(town)
    journal = new SqlJournal(followed.databaseUrl, 2, createLogger('test', 'silent'), (shard) => endOf(shard))
  },
  () => journal.close(),
)

const newId = (): Uint8Array => uuidAt(followed.town.timers.nowMs, ++serial)

/** Pays a fen, and waits until it has arrived. */
async function pay(from: Resident, to: Resident): Promise<Uint8Array> {
  const { town } = followed
  const id = newId()
  const seq = await town.pay(from.shard, [town.payment(from, to, 1, ++serial, id)])
  await town.until('the payment has arrived', () => town.quiet({ [from.shard]: seq }))
  return id
}

/** The journal as it is when its projector has just written something, wherever that stands. */
const writtenJustNow = () => followed.sql`update positions set followed_at = now()`

async function followThenStop(): Promise<void> {
  const projector = await followed.project()
  await followed.caughtUp()
  await followed.stop(projector)
}

const kindOf = async (found: Promise<Found<unknown>>): Promise<string> => (await found).kind

test('a payment that the ledger has forgotten is not denied by a journal that still catches up', async () => {
  const { town } = followed
  await followThenStop()
  const id = await pay(alice, bob)
  town.timers.advance(42 * minuteMs)
  for (let n = 0; n < 5; n++) await pay(alice, bob)
  expect(viewCommand(town.observers[0]!.ledger.state, alice.number, id)).toBeUndefined()
  await writtenJustNow()
  expect(await kindOf(journal.payment(alice.number, id))).toBe('away')
  expect(await kindOf(journal.paymentsById(id))).toBe('away')
  await followed.project()
  await followed.caughtUp()
  expect(await journal.payment(alice.number, id)).toMatchObject({ kind: 'found', record: { complete: true } })
  expect(await kindOf(journal.payment(alice.number, newId()))).toBe('none')
})

test('a batch is found by the payments of its records, whole and only once no more of them can come', async () => {
  const { town } = followed
  const id = newId()
  const header = { id, institution: 1, digestHigh: 0x1020304, digestLow: 5, flags: 0, requestedMs: town.timers.nowMs }
  const records = [30, 999_999, 40].map((amount, n) => {
    return { payer: alice.number, payee: bob.number, amount, authorisation: 7, index: n * 7_000 }
  })
  const bytes = encodeBatch({ ...header, token: 0 }, records)
  const bodies = [batchHeader.size + batchRecord.size, batchRecord.size, batchRecord.size].map((size, n) => {
    const from = n === 0 ? 0 : batchHeader.size + n * batchRecord.size
    return bytes.subarray(from, from + size)
  })
  const seq = await town.append(0, { kind: 'edge', id: '1' }, frameKinds.batch, bodies)
  await town.until('the batch has arrived', () => town.quiet({ 0: seq }))
  await pay(alice, bob)
  expect(await kindOf(journal.paymentsOfBatch(id))).toBe('away')
  await followThenStop()
  const found = await journal.paymentsOfBatch(id)
  const rows = found.kind === 'found' ? found.record : []
  expect(rows.map(({ id, code, complete }) => [(id[14]! << 8) | id[15]!, code, complete])).toEqual([
    [0, 0, true],
    [7_000, codeOf['funds-insufficient'], true],
    [14_000, 0, true],
  ])
  expect(rows[0]!.digest).toEqual(Buffer.from([4, 3, 2, 1, 5, 0, 0, 0]))
  expect(await kindOf(journal.paymentsOfBatch(newId()))).toBe('none')
  for (let n = 0; n < 3; n++) await pay(bob, alice)
  town.timers.advance(2 * minuteMs)
  await pay(bob, alice)
  await pay(bob, alice)
  expect(await kindOf(journal.paymentsOfBatch(id))).toBe('away')
})

describe('that there is nothing', () => {
  beforeEach(followThenStop)

  /** Moves the ends of the logs away from where the journal stands. */
  function ahead(frames: number, ms: number, shards: readonly number[] = [0]): void {
    const standing = endOf
    endOf = async (shard) => {
      const { seq, timeMs } = await standing(shard)
      return shards.includes(shard) ? { shard, seq: seq + frames, timeMs: timeMs + ms } : { shard, seq, timeMs }
    }
  }

  test.each([
    ['at the end of a log to which nothing was added for long', 0, 0, 'none'],
    ['behind the one frame that asked, whenever the one before it came', 1, 600 * minuteMs, 'none'],
    ['behind many frames of the last minute', 9_000, minuteMs, 'none'],
    ['behind two frames, the first of them older than a minute', 2, minuteMs + 1, 'away'],
  ])('is said %s', async (_, frames, ms, kind) => {
    ahead(frames, ms)
    const id = newId()
    for (const asked of [
      journal.payment(alice.number, id),
      journal.paymentsById(id),
      journal.saga(alice.number, id),
      journal.order(alice.number, 'A-1'),
      journal.merchant(alice.number),
      journal.userName(alice.number),
      journal.mandate(alice.number, id),
    ])
      expect(await kindOf(asked)).toBe(kind)
  })

  test('of a payer is for the payer’s shard alone to say, and of an id for every shard', async () => {
    ahead(9, 600 * minuteMs, [1])
    expect(await kindOf(journal.payment(alice.number, newId()))).toBe('none')
    expect(await kindOf(journal.payment(bob.number, newId()))).toBe('away')
    expect(await kindOf(journal.paymentsById(newId()))).toBe('away')
  })

  test('is not said while the owner of the shard does not answer, and the database is not thought away for it', async () => {
    endOf = async (shard) => {
      throw new ShardUnavailable(shard, 'timeout')
    }
    expect(await kindOf(journal.payment(alice.number, newId()))).toBe('away')
    expect(await kindOf(journal.followed())).toBe('found')
  })

  test('is not said while the projector is not heard, and is while it is busy with another shard', async () => {
    await followed.sql`update positions set followed_at = now() - interval '2 minutes'`
    expect(await kindOf(journal.payment(alice.number, newId()))).toBe('away')
    expect(await kindOf(journal.merchant(alice.number))).toBe('away')
    await followed.sql`update positions set followed_at = now() where shard = 1`
    expect(await kindOf(journal.payment(alice.number, newId()))).toBe('none')
  })

  test('is not said of a shard that the journal has never heard of', async () => {
    await followed.sql`delete from positions where shard = 0`
    expect(await kindOf(journal.payment(alice.number, newId()))).toBe('away')
  })
})
