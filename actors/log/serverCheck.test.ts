import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { natsMissing, type RestartableNats, startRestartableNats } from './restartableNats.ts'
import { checkServer, isAtLeast, ServerUnfit, serverHealth, watchServerHealth } from './serverCheck.ts'

const missing = await natsMissing()

describe.skipIf(missing !== undefined)(`a real server${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let nats: RestartableNats
  beforeAll(async () => {
    nats = await startRestartableNats()
  })
  afterAll(() => nats.stop())

  test('that syncs always is fit, and says what it carries', async () => {
    expect(await checkServer(nats.monitorUrl)).toMatchObject({
      maxPayloadBytes: 2 * 1024 * 1024,
      maxPendingBytes: 64 * 1024 * 1024,
    })
  })

  test('that acknowledges before it syncs is refused', async () => {
    const lazy = await startRestartableNats(
      ({ dir, port, monitorPort }) =>
        `listen: 127.0.0.1:${port}\nhttp: 127.0.0.1:${monitorPort}\njetstream { store_dir: "${dir}/jetstream" }`,
    )
    await expect(checkServer(lazy.monitorUrl).finally(() => lazy.stop())).rejects.toThrow('sync_interval: always')
  })

  test('is healthy until it freezes, and again when it wakes', async () => {
    const watch = watchServerHealth(nats.monitorUrl, 20)
    const until = async (healthy: boolean) => {
      for (let i = 0; watch.current().healthy !== healthy; i++) {
        if (i === 500) throw new Error(`the watch never said ${healthy}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    await until(true)
    nats.pause()
    await until(false).finally(() => nats.resume())
    await until(true)
    watch.stop()
  }, 20_000)
})

describe('a server that only claims', () => {
  let server: Server
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  const serving = async (status: number, body: unknown) => {
    server = createServer((_request, response) => response.writeHead(status).end(JSON.stringify(body)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`
  }
  const varz = (version: string, config?: object) => ({
    version,
    max_payload: 1,
    max_pending: 1,
    jetstream: config ? { config } : {},
  })

  test.each([
    ['is too old', varz('2.9.10', { sync_always: true }), '2.14.7 or newer'],
    ['is one patch too old', varz('2.14.6', { sync_always: true }), '2.14.7 or newer'],
    ['has no JetStream', varz('2.15.2'), 'without JetStream'],
    ['does not say how it syncs', varz('2.15.2', {}), 'sync_interval: always'],
    ['is something else', { hello: 'world' }, 'not that of a nats-server'],
  ])('one that %s is refused', async (_what, body, message) => {
    const url = await serving(200, body)
    const refusal = await checkServer(url).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ServerUnfit)
    expect((refusal as Error).message).toContain(message)
  })

  test('one that is unwell says why', async () => {
    const url = await serving(503, { status: 'unavailable', error: 'stream is frozen' })
    expect(await serverHealth(url)).toEqual({ healthy: false, reason: 'NATS server: stream is frozen' })
  })
})

test('a monitoring port where nobody listens is named', async () => {
  await expect(checkServer('http://127.0.0.1:9')).rejects.toThrow('http://127.0.0.1:9')
})

test.each([
  ['2.14.7', true],
  ['2.14.10', true],
  ['2.15.0', true],
  ['3.0.0', true],
  ['2.14.6', false],
  ['2.9.10', false],
  ['1.99.99', false],
  ['2.14.7-RC.1', false],
  ['2.15.0-RC.1', true],
  ['', false],
  ['new', false],
])('version %s is enough: %s', (version, enough) => {
  expect(isAtLeast(version, '2.14.7')).toBe(enough)
})
