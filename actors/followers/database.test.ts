import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { startTestServer, type TestServer } from './followedTown.fixture.ts'

let server: TestServer
let url: URL
beforeAll(async () => {
  server = await startTestServer()
  url = new URL(await server.newDatabase())
}, 120_000)
afterAll(() => server?.stop())

/** The way to the database, which can be closed. */
class Way {
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  port = 0

  async open(): Promise<void> {
    this.#server = createServer((near) => {
      const far = connect(Number(url.port), '127.0.0.1')
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
      }
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => this.#server!.listen(this.port, '127.0.0.1', resolve))
    this.port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
    await closed
  }
}

test('a pool says that the database is away, and goes on by itself when it is back', async () => {
  const way = new Way()
  await way.open()
  const through = new URL(url)
  through.port = String(way.port)
  const sql = openDatabase(through.href, 'test', 1)
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
