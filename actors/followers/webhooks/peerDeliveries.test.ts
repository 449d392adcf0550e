import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OwnerTable } from '../../log/ownerDirectory.ts'
import { firstOwnerRecord, type OwnerRecord } from '../../log/ownerRecord.ts'
import { createLogger } from '../../log/process.ts'
import { startTestServer, type TestServer } from '../followedTown.fixture.ts'
import { PeerDeliveries } from './peerDeliveries.ts'
import { WebhookTown } from './webhookTown.fixture.ts'

type Letter = 'a' | 'b'
const shardCount = 2
const startMs = Date.now()
const [shopOfA, shopOfB] = [4_096, 4_097]

let server: TestServer
let towns: Record<Letter, WebhookTown>
let owners: Record<Letter, OwnerTable>
let peers: Record<Letter, PeerDeliveries>

beforeAll(async () => {
  server = await startTestServer()
}, 120_000)
afterAll(() => server?.stop())

beforeEach(async () => {
  towns = { a: new WebhookTown(await server.newDatabase()), b: new WebhookTown(await server.newDatabase()) }
  owners = { a: new OwnerTable(), b: new OwnerTable() }
  for (const table of Object.values(owners)) {
    table.take(0, firstOwnerRecord('a', 'sync'), 1)
    table.take(1, firstOwnerRecord('b', 'sync'), 1)
  }
  const peer = (letter: Letter) =>
    new PeerDeliveries(towns[letter].pool, owners[letter], letter, shardCount, createLogger('test', 'silent'))
  peers = { a: peer('a'), b: peer('b') }
  for (const { sql } of Object.values(towns)) {
    for (const shard of [0, 1]) {
      await sql`insert into positions (shard, seq, chain, log_time_ms) values (${shard}, 0, ${Buffer.alloc(32)}, 0)`
    }
  }
})
afterEach(() => Promise.all(Object.values(towns).map((town) => town.end())))

/** Both regions follow the same logs: the same events at the same places. */
async function happens(count: number, upTo = 10_000): Promise<void> {
  for (const town of Object.values(towns)) {
    for (let n = 0; n < count; n++) {
      await town.tell(shopOfA, `A-${n}`, ['order.paid'], { shard: 0, sinceMs: startMs })
      await town.tell(shopOfB, `B-${n}`, ['order.paid'], { shard: 1, sinceMs: startMs })
    }
    await town.sql`update positions set seq = ${upTo}`
  }
}

const ended = (letter: Letter, orderNo: string) =>
  towns[letter].sql`update webhook_events set state = 1 where order_no = ${orderNo}`

async function pending(letter: Letter): Promise<string[]> {
  const rows = await towns[letter].sql<{ name: string }[]>`
    select order_no as name from webhook_events where state = 0 order by order_no`
  return rows.map(({ name }) => name)
}

async function tell(from: Letter): Promise<void> {
  await peers[from === 'a' ? 'b' : 'a'].take(await peers[from].told())
}

function takesOver(shard: number, region: Letter): void {
  const record: OwnerRecord = {
    epoch: 1,
    owner: region,
    mode: 'solo',
    segments: [
      { epoch: 0, region: region === 'a' ? 'b' : 'a', first: 1, last: 20_000 },
      { epoch: 1, region, first: 1 },
    ],
  }
  for (const table of Object.values(owners)) table.take(shard, record, 2)
}

test('each region learns what the other has ended, and goes on with the rest when it takes over', async () => {
  await happens(3)
  await ended('a', 'A-0')
  await ended('a', 'A-2')
  await tell('a')
  expect(await pending('b')).toEqual(['A-1', 'B-0', 'B-1', 'B-2'])
  await ended('b', 'B-1')
  await tell('b')
  expect(await pending('a')).toEqual(['A-1', 'B-0', 'B-2'])
  takesOver(0, 'b')
  const merchant = await towns.b.merchant(shopOfA)
  towns.b.shards = [0]
  towns.b.start()
  await towns.b.until('what was left is told', () => merchant.taken.length === 1)
  expect(merchant.taken[0]!.body.data.order_no).toBe('A-1')
})

test('what a region has not followed it says nothing of, and one word that is lost is made good by the next', async () => {
  await happens(2, 102)
  await ended('a', 'A-0')
  await ended('a', 'A-1')
  await tell('a')
  expect(await pending('b')).toEqual(['A-1', 'B-0', 'B-1'])
  await towns.a.sql`update positions set seq = 10000`
  await tell('a')
  expect(await pending('b')).toEqual(['B-0', 'B-1'])
})

test('of a long backlog only what was looked at counts as ended', async () => {
  await happens(1)
  const [{ seq }] = (await towns.b.sql`select seq from webhook_events where merchant = ${shopOfA}`) as unknown as [
    { seq: bigint },
  ]
  for (const town of Object.values(towns)) {
    await town.sql`
      insert into webhook_events (event_id, type, merchant, merchant_shard, order_no, order_seq, order_index, amount_fen,
        created_ms, expires_ms, shard, seq, index, at_ms, payer, payment_id, since_ms)
      select decode(md5(n::text), 'hex'), 1, ${shopOfA}, 0, 'L-' || n, 1, 0, 1, 1, 1, 0, ${Number(seq)} + n, 0, 1, 0, '', 1
      from generate_series(1, 1200) n`
  }
  await ended('a', 'L-1200')
  await ended('a', 'L-3')
  await tell('a')
  const rows = await towns.b.sql`select order_no from webhook_events where state = 4`
  expect(rows.map(({ order_no }) => order_no)).toEqual(['L-3'])
})

describe('a refund whose end one region has followed before its beginning', () => {
  /** The shard of who paid is 1: there it ended, at the place that both regions know. */
  async function endsAhead(): Promise<void> {
    await towns.b.tell(shopOfA, 'R-1', ['refund.completed'], { shard: 1, merchantShard: 0, sinceMs: startMs })
    const [{ seq }] = (await towns.b.sql`select seq::int from webhook_events where order_no = 'R-1'`) as [
      { seq: number },
    ]
    await towns.a
      .sql`insert into refund_ends values (${shopOfA}, ${Buffer.alloc(16, 9)}, 4096, 1, 0, 0, 1, ${seq}, 0, 1)`
  }

  const beginsToo = async (): Promise<void> => {
    await towns.a.sql`delete from refund_ends`
    await towns.a.tell(shopOfA, 'R-1', ['refund.completed'], { shard: 1, merchantShard: 0, sinceMs: startMs })
    const [{ event_id: id, seq }] = (await towns.b.sql`
      select event_id, seq::int from webhook_events where order_no = 'R-1'`) as [{ event_id: Uint8Array; seq: number }]
    await towns.a.sql`update webhook_events set event_id = ${id}, seq = ${seq} where order_no = 'R-1'`
  }

  test('does not count as ended there: the other tells it when it takes over', async () => {
    await happens(1)
    await endsAhead()
    await tell('a')
    expect(await pending('b')).toEqual(['A-0', 'B-0', 'R-1'])
    await beginsToo()
    await tell('a')
    expect(await pending('b')).toEqual(['A-0', 'B-0', 'R-1'])
    await ended('a', 'R-1')
    await tell('a')
    expect(await pending('b')).toEqual(['A-0', 'B-0'])
  })

  test('counts as pending again once it is said to be, whatever was believed before', async () => {
    await happens(1)
    await endsAhead()
    await towns.b.sql`update webhook_events set state = 4 where order_no = 'R-1'`
    await beginsToo()
    await tell('a')
    expect(await pending('b')).toEqual(['A-0', 'B-0', 'R-1'])
  })
})

test('a region that no longer owns a shard, or speaks of another epoch, is not believed', async () => {
  await happens(1)
  await ended('a', 'A-0')
  const late = await peers.a.told()
  takesOver(0, 'b')
  await peers.b.take(late)
  expect(await pending('b')).toEqual(['A-0', 'B-0'])
})
