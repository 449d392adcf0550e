import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { natsMissing } from '../../actors/log/restartableNats.ts'
import { provisionStreams } from '../../deploy/streams.ts'
import { startTwoServers, type TwoServers } from '../../deploy/twoRegions.fixture.ts'
import { type NatsEndedSessions, openEndedSessions } from './natsEndedSessions.ts'

const missing = await natsMissing()
const timeoutMs = 60_000
const shardCount = 1
const newSession = (): string => randomBytes(16).toString('base64url')
const letters = ['a', 'b'] as const

/** Two servers with the permissions and the link of an installation: an edge may do here what it may do there. */
describe.skipIf(missing !== undefined)(`sessions that have ended ${missing ?? ''}`, { timeout: timeoutMs }, () => {
  let servers: TwoServers
  let nowMs = Date.now()
  const faults: string[] = []
  const opened: NatsEndedSessions[] = []

  beforeAll(async () => {
    servers = await startTwoServers(shardCount)
    for (const region of letters) {
      const admin = await servers.connect(region, 'admin')
      const peer = region === 'a' ? 'b' : 'a'
      await provisionStreams(admin, { region, peer, shardCount, logBytesMax: 64 * 1024 ** 2 })
    }
  }, timeoutMs)
  afterEach(() => {
    for (const one of opened.splice(0)) one.close()
    faults.length = 0
  })
  afterAll(() => servers.stop(), timeoutMs)

  async function edge(region: 'a' | 'b'): Promise<NatsEndedSessions> {
    const onFault = (what: string, error: unknown): void => void faults.push(`${what}: ${error}`)
    const connection = await servers.connect(region, 'edge')
    const sessions = await openEndedSessions(connection, { region, nowMs: () => nowMs, onFault })
    opened.push(sessions)
    return sessions
  }
  const hears = (sessions: NatsEndedSessions, id: string) =>
    expect.poll(() => sessions.has(id), { timeout: 20_000, interval: 20 }).toBe(true)
  const inAnHour = (): number => nowMs + 3_600_000

  test('are known to every edge of both regions, and to one that starts later', async () => {
    const [a, sameRegion, b] = [await edge('a'), await edge('a'), await edge('b')]
    const id = newSession()
    expect([a.has(id), sameRegion.has(id), b.has(id)]).toEqual([false, false, false])
    expect(await a.add(id, inAnHour())).toBe(true)
    expect(a.has(id)).toBe(true)
    await hears(sameRegion, id)
    await hears(b, id)
    await b.round()
    for (const one of opened.splice(0)) one.close()
    for (const region of letters) expect([region, (await edge(region)).has(id)]).toEqual([region, true])
    expect(faults).toEqual([])
  })

  test('are more than one message and one reading hold', async () => {
    const a = await edge('a')
    const ids = Array.from({ length: 1_203 }, newSession)
    await Promise.all(ids.map((id) => a.add(id, inAnHour())))
    const [again, b] = [await edge('a'), await edge('b')]
    expect(ids.filter((id) => !again.has(id))).toEqual([])
    await a.round()
    await expect.poll(() => ids.filter((id) => !b.has(id)), { timeout: 20_000 }).toEqual([])
    expect(faults).toEqual([])
  })

  test('cross a link that was cut when somebody logged out, as soon as it is whole', async () => {
    const [a, b] = [await edge('a'), await edge('b')]
    await servers.link.cut('leaf')
    const id = newSession()
    expect(await a.add(id, inAnHour())).toBe(true)
    await a.round()
    expect(b.has(id)).toBe(false)
    await servers.link.heal('leaf')
    await hears(b, id)
  })

  test('are stored once the server is there again', async () => {
    const a = await edge('a')
    await servers.a.kill()
    const id = newSession()
    expect(await a.add(id, inAnHour())).toBe(false)
    expect(a.has(id)).toBe(true)
    await servers.a.start()
    await expect
      .poll(
        async () => {
          await a.round()
          return (await edge('a')).has(id)
        },
        { timeout: 30_000 },
      )
      .toBe(true)
  })

  test('are forgotten when their time is over anyway', async () => {
    const a = await edge('a')
    const id = newSession()
    await a.add(id, nowMs + 1_000)
    nowMs += 1_000
    await a.round()
    expect(a.has(id)).toBe(false)
    await a.round()
    expect((await edge('a')).has(id)).toBe(false)
  })

  test('are nothing that a stranger can say', async () => {
    const a = await edge('a')
    const anyone = await servers.connect('a', 'anyone')
    for (const text of ['', '{', 'null', '[["short",1]]', `[["${newSession()}","soon"]]`, '{"$b":"AA=="}']) {
      anyone.publish('ended.a', text)
    }
    const worker = await servers.connect('a', 'worker')
    const forged = newSession()
    worker.publish('ended.a', JSON.stringify([[forged, inAnHour()]]))
    await worker.flush()
    const id = newSession()
    anyone.publish('ended.b', JSON.stringify([[id, inAnHour()]]))
    await hears(a, id)
    expect(a.has(forged)).toBe(false)
  })
})
