import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Batch, writeBatch } from './batch.ts'
import type { Database } from './database.ts'
import { startTestServer, type TestServer } from './followedTown.fixture.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
}, 120_000)
afterAll(() => server?.stop())

const idOf = (n: number): string => n.toString(16).padStart(32, '0')
const returnsOf = (count: number): Batch =>
  ({
    steps: [],
    days: new Set<number>(),
    added: {},
    replaced: {},
    returns: Array.from({ length: count }, (_, n) => ({ payer: 4_096 + (n % 7), id: idOf(n), reason: 3, seq: n })),
    webhooks: { events: '', refundEnds: '', replays: [] },
  }) as unknown as Batch

test('however many payments came back, they are written by as many statements as one, each once', async () => {
  let statements = 0
  const sql = postgres(await server.newDatabase(), {
    max: 1,
    onnotice: () => undefined,
    debug: () => {
      statements += 1
    },
  }) as unknown as Database
  try {
    const writing = async (batch: Batch): Promise<number> => {
      statements = 0
      await writeBatch(sql, batch)
      return statements
    }
    // The first of a connection asks for more.
    await writing(returnsOf(1))
    const forOne = await writing(returnsOf(1))
    expect(await writing(returnsOf(5_000))).toBe(forOne)
    await writeBatch(sql, returnsOf(5_000))
    const [row] = await sql`select count(*)::int as n, count(distinct payer)::int as payers from returns`
    expect(row).toEqual({ n: 5_000, payers: 7 })
    const [last] =
      await sql`select payer::int, reason, seq::int from returns where id = ${Buffer.from(idOf(4_999), 'hex')}`
    expect(last).toEqual({ payer: 4_096 + (4_999 % 7), reason: 3, seq: 4_999 })
  } finally {
    await sql.end({ timeout: 5 })
  }
})
