import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from './database.ts'
import { startTestServer, type TestServer } from './followedTown.fixture.ts'
import { copyIn } from './replacedRows.ts'

let server: TestServer
let sql: Database

beforeAll(async () => {
  server = await startTestServer()
  sql = openDatabase(await server.newDatabase(), 'test', 1)
  await sql`create table numbers (n int check (n < 1000000))`
}, 120_000)

afterAll(async () => {
  await sql?.end({ timeout: 5 })
  await server?.stop()
})

const lines = (count: number): string => Array.from({ length: count }, (_, n) => `${n}\n`).join('')
const copied = (text: string): Promise<unknown> =>
  sql.begin((tx) => copyIn(tx as unknown as Database, 'copy numbers from stdin', text))
const count = async (): Promise<number> => Number((await sql`select count(*) as n from numbers`)[0]!.n)

test.each([
  ['its only row', 'none\n', '22P02'],
  ['the first of many rows', `none\n${lines(500_000)}`, '22P02'],
  ['the last of many rows', `${lines(500_000)}1000000\n`, '23514'],
])(
  'rows of which the database refuses %s are refused with its reason, and the connection goes on',
  async (_, text, code) => {
    await expect(copied(text)).rejects.toMatchObject({ code })
    expect(await count()).toBe(0)
    await copied('1\n2\n')
    expect(await count()).toBe(2)
    await sql`truncate numbers`
  },
)
