import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { DatabaseWay } from './databaseWay.fixture.ts'
import { startTestServer, type TestServer } from './followedTown.fixture.ts'

let server: TestServer
let url: string
beforeAll(async () => {
  server = await startTestServer()
  url = await server.newDatabase()
}, 120_000)
afterAll(() => server?.stop())

test('a pool says that the database is away, and goes on by itself when it is back', async () => {
  const way = new DatabaseWay(url)
  await way.open()
  const sql = openDatabase(way.url, 'test', 1)
  try {
    expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }])
    await way.close()
    for (let n = 0; n < 3; n++) await expect(sql`select 1`).rejects.toThrow()
    await way.open()
    expect([...(await sql`select 2 as two`)]).toEqual([{ two: 2 }])
  } finally {
    await sql.end({ timeout: 1 })
    await way.close()
  }
})
