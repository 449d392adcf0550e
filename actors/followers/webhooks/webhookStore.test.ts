import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, RenewedPool } from '../database.ts'
import { startTestServer, type TestServer } from '../followedTown.fixture.ts'
import { WebhookStore } from './webhookStore.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
}, 120_000)
afterAll(() => server?.stop())

const merchant = 4_097
const orders = 3_000
const perMerchant = 64

/** Two events for each order, and no statistics of the table yet. */
const backlog = `
  insert into webhook_events (event_id, type, merchant, merchant_shard, order_no, order_seq, order_index, amount_fen,
    created_ms, expires_ms, shard, seq, index, at_ms, payer, payment_id, refund_id, since_ms)
  select decode(lpad(to_hex(n), 32, '0'), 'hex'), 1, ${merchant}, 0, 'T-' || n % ${orders}, 1, 0, 1250,
    1, 60000, 0, n, 0, 1, 4096, decode(lpad(to_hex(n), 32, '0'), 'hex'), null, 1
  from generate_series(0, ${2 * orders - 1}) n`

test('to find what is due of a long backlog takes as many rows of the index as are found, not all for each', async () => {
  const url = await server.newDatabase()
  const sql = openDatabase(url, 'test', 1)
  const pool = new RenewedPool(() => openDatabase(url, 'webhooks', 1))
  const readSoFar = async (): Promise<number> => {
    await pool.ask((at) => at`select pg_stat_force_next_flush()`, 1_000, 'counts')
    const [row] = await sql<{ read: bigint }[]>`
      select sum(idx_tup_read)::bigint as read from pg_stat_user_indexes where relname = 'webhook_events'`
    return Number(row!.read)
  }
  try {
    await sql.unsafe('alter table webhook_events set (autovacuum_enabled = false)')
    await sql.unsafe(backlog)
    const before = await readSoFar()
    const due = await new WebhookStore(pool).due(1_000, {
      shards: [0],
      busy: [],
      full: [],
      perMerchant,
      count: perMerchant,
    })
    const read = (await readSoFar()) - before
    expect(new Set(due.map(({ event }) => event.orderNo)).size).toBe(perMerchant)
    expect(due.every(({ id }) => Number(id) <= orders)).toBe(true)
    expect(read).toBeGreaterThanOrEqual(2 * perMerchant)
    expect(read).toBeLessThan(10 * perMerchant)
  } finally {
    await pool.end()
    await sql.end({ timeout: 5 })
  }
})
