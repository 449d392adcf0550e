import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection, PermissionViolationError } from '@nats-io/nats-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type JetStreamLog, openJetStreamLog } from '../actors/log/jetStreamLog.ts'
import { natsMissing } from '../actors/log/restartableNats.ts'
import { commandSubject } from '../actors/log/subjects.ts'
import { provisionMirrors, provisionStreams } from './streams.ts'
import { startTwoServers, type TwoServers } from './twoRegions.fixture.ts'

const missing = await natsMissing()
const shardCount = 2
const logBytesMax = 64 * 1024 ** 2
const timeoutMs = 120_000
const refusalTimeoutMs = 1_000

/** The shard that each region owns. */
const shardOf = { a: 0, b: 1 } as const

const answers = (ask: () => Promise<unknown>): Promise<boolean> =>
  ask().then(
    () => true,
    () => false,
  )

/** What a stream holds of one sequence: the place, the time and the bytes. */
type Held = { seq: number; time: string; subject: string; text: string }

describe.skipIf(missing !== undefined)(`two regions and their link ${missing ?? ''}`, { timeout: timeoutMs }, () => {
  let servers: TwoServers
  let managers: Record<'a' | 'b', JetStreamManager>
  let logs: Record<'a' | 'b', JetStreamLog>
  let anyone: Record<'a' | 'b', NatsConnection>

  beforeAll(async () => {
    servers = await startTwoServers(shardCount)
    const admins = { a: await servers.connect('a', 'admin'), b: await servers.connect('b', 'admin') }
    const plans = [{ region: 'a', peer: 'b' } as const, { region: 'b', peer: 'a' } as const]
    const sizes = { shardCount, logBytesMax }
    for (const plan of plans) await provisionStreams(admins[plan.region], { ...plan, ...sizes })
    for (const plan of plans) await provisionMirrors(admins[plan.region], admins[plan.peer], { ...plan, ...sizes })
    managers = { a: await jetstreamManager(admins.a), b: await jetstreamManager(admins.b) }
    anyone = { a: await servers.connect('a', 'anyone'), b: await servers.connect('b', 'anyone') }
    const workers = { a: await servers.connect('a', 'worker'), b: await servers.connect('b', 'worker') }
    logs = { a: await openJetStreamLog(workers.a, 'a', 0), b: await openJetStreamLog(workers.b, 'b', 1) }
  }, timeoutMs)

  afterAll(() => servers.stop(), timeoutMs)

  /** Frames of another shard, as a worker appends them. */
  async function append(region: 'a' | 'b', count: number): Promise<void> {
    const shard = shardOf[region]
    const subject = commandSubject(region, shard, { kind: 'shard', shard: 1 - shard })
    for (let n = 0; n < count; n++) {
      const outcome = await logs[region].append(subject, new TextEncoder().encode(`frame ${n}`), { timeoutMs: 5_000 })
      expect(outcome.kind).toBe('appended')
    }
  }

  async function held(at: 'a' | 'b', stream: string): Promise<Held[]> {
    const { state } = await managers[at].streams.info(stream)
    const all: Held[] = []
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await managers[at].streams.getMessage(stream, { seq })
      if (message === null) throw new Error(`sequence ${seq} of ${stream} is missing`)
      all.push({ seq, time: message.timestamp, subject: message.subject, text: message.string() })
    }
    return all
  }

  /** Waits until the mirror has what the origin has, and compares every message. */
  async function sameInBoth(): Promise<void> {
    for (const [origin, mirror, stream] of [['a', 'b', 'LOG_a_0'] as const, ['b', 'a', 'LOG_b_1'] as const]) {
      const wanted = await held(origin, stream)
      await expect
        .poll(async () => (await managers[mirror].streams.info(stream)).state.last_seq, { timeout: 60_000 })
        .toBe(wanted.length)
      expect(await held(mirror, stream)).toEqual(wanted)
    }
  }

  test('each region has the other’s log: the same sequences, times and frames', async () => {
    await append('a', 5)
    await append('b', 3)
    await sameInBoth()
  })

  test('a frame that is sent across the link lies in the log it was sent to, and nowhere else', async () => {
    const worker = await servers.connect('b', 'worker')
    const across = await openJetStreamLog(worker, 'a', 0)
    const subject = commandSubject('a', 0, { kind: 'shard', shard: 1 })
    const outcome = await across.append(subject, new TextEncoder().encode('from b'), { timeoutMs: 5_000 })
    expect(outcome).toMatchObject({ kind: 'appended', seq: 6 })
    expect((await held('a', 'LOG_a_0')).at(-1)).toMatchObject({ subject, text: 'from b' })
    await sameInBoth()
  })

  test('a mirror tells its region’s worker what it holds, and an edge may not hear it', async () => {
    const stream = 'LOG_a_0'
    const { republish: _, ...silent } = (await managers.b.streams.info(stream)).config
    await managers.b.streams.update(stream, { ...silent, republish: undefined } as never)
    // As one that an earlier version made.
    expect((await managers.b.streams.info(stream)).config.republish).toBeUndefined()
    const [admin, origin] = [await servers.connect('b', 'admin'), await servers.connect('a', 'admin')]
    await provisionMirrors(admin, origin, { region: 'b', peer: 'a', shardCount, logBytesMax })
    const mirror = await openJetStreamLog(await servers.connect('b', 'worker'), 'a', 0)
    const seen: number[] = []
    const follower = mirror.follow(1, ({ seq }) => void seen.push(seq), { live: true })
    const consumers = async () => (await managers.b.streams.info(stream)).state.consumer_count
    const hearsAll = async () => {
      const wanted = (await held('a', stream)).length
      await expect.poll(() => seen.length, { timeout: 60_000 }).toBe(wanted)
    }
    await append('a', 1)
    await hearsAll()
    await expect.poll(consumers).toBe(0)
    await append('a', 2)
    await hearsAll()
    await follower.stop()
    const edge = await servers.connect('b', 'edge')
    const refusal = new Promise((resolve) => {
      edge.subscribe('log.a.0.>', { callback: (error) => resolve(error) })
    })
    expect(await refusal).toBeInstanceOf(PermissionViolationError)
    await sameInBoth()
  })

  test('a link that was cut: frames sent across are known not to be sent, and the mirrors catch up', async () => {
    await servers.link.cut('leaf')
    await append('a', 4)
    await append('b', 4)
    const worker = await servers.connect('b', 'worker')
    const across = await openJetStreamLog(worker, 'a', 0)
    const subject = commandSubject('a', 0, { kind: 'shard', shard: 1 })
    await expect
      .poll(async () => (await across.append(subject, new Uint8Array(8), { timeoutMs: 1_000 })).kind, {
        timeout: 30_000,
      })
      .toBe('not-sent')
    const behind = await managers.b.streams.info('LOG_a_0')
    expect(behind.state.last_seq).toBeLessThan((await managers.a.streams.info('LOG_a_0')).state.last_seq)
    await servers.link.heal('leaf')
    await sameInBoth()
  })

  test('a link on which nothing comes through any more, and is whole again', async () => {
    for (const direction of ['upstream', 'downstream'] as const) {
      await servers.link.addFault('leaf', direction, direction, { type: 'timeout', attributes: { timeout: 0 } })
    }
    await append('a', 4)
    await append('b', 4)
    await servers.link.reset()
    await sameInBoth()
  })

  test('a reader that somebody else listens to when it is set back: the mirror skips nothing', async () => {
    // Who listens makes the reader send as soon as it is set back.
    const listener = anyone.b.subscribe('$JS.M.b.1', { callback: () => undefined })
    const request = 'mirror.b.CONSUMER.RESET.LOG_b_1.MIRROR_a'
    const asked: string[] = []
    anyone.a.subscribe(request, { callback: (_error, { subject }) => void asked.push(subject) })
    await servers.link.cut('leaf')
    await append('b', 200)
    await servers.link.heal('leaf')
    await expect.poll(() => asked, { timeout: 30_000 }).toContain(request)
    await append('b', 20)
    listener.unsubscribe()
    await sameInBoth()
  })

  test.each([
    ['the server that accepts the link', 'a'],
    ['the server that dials it', 'b'],
  ] as const)('kill -9 of %s loses nothing, and the mirrors catch up', async (_, region) => {
    await append('a', 10)
    await append('b', 10)
    await servers[region].kill()
    await append(region === 'a' ? 'b' : 'a', 3)
    await servers[region].start()
    // Each connection comes back by itself, and a request that went out meanwhile is never answered.
    for (const asked of [
      () => append(region, 1),
      () => managers[region].streams.info(`LOG_${region}_${shardOf[region]}`),
    ])
      await expect.poll(() => answers(asked), { timeout: 60_000 }).toBe(true)
    await sameInBoth()
  })

  describe.each([
    ['a', 'b', 'LOG_b_1'],
    ['b', 'a', 'LOG_a_0'],
  ] as const)('somebody in region %s who may do anything there', (here, there, stream) => {
    test.each([
      `$JS.${there}.API.STREAM.PURGE.${stream}`,
      `$JS.${there}.API.STREAM.DELETE.${stream}`,
      `$JS.${there}.API.STREAM.UPDATE.${stream}`,
      `$JS.${there}.API.STREAM.CREATE.STOLEN`,
      `$JS.${there}.API.STREAM.MSG.DELETE.${stream}`,
      `$JS.${there}.API.STREAM.SNAPSHOT.${stream}`,
      `$JS.${there}.API.STREAM.INFO.${stream}`,
      `$JS.${there}.API.STREAM.NAMES`,
      `$JS.${there}.API.INFO`,
      `$JS.${there}.API.CONSUMER.CREATE.KV_lease_${there}`,
      `$JS.${there}.API.CONSUMER.DELETE.${stream}.MIRROR_${here}`,
    ])('asks in vain for %s', async (subject) => {
      const before = await managers[there].streams.info(stream)
      await expect(anyone[here].request(subject, '{"seq":1}', { timeout: refusalTimeoutMs })).rejects.toThrow()
      const after = await managers[there].streams.info(stream)
      expect(after.state).toEqual(before.state)
      expect(after.config).toEqual(before.config)
    })

    test.each([
      ['the frames of its workers', `cmd.${there}.${stream.slice(-1)}.host`],
      ['the frames of its edge', `cmd.${there}.${stream.slice(-1)}.edge.${there === 'a' ? '1' : '2'}`],
      ['its leases', `$KV.lease_${there}.shard.0`],
      ['its copy of the owners', `$KV.owners_${there}.shard.0`],
      ['its effects', `fx.${there}.0`],
    ])('does not reach %s', async (_, subject) => {
      const before = await managers[there].streams.info(stream)
      const leases = await managers[there].streams.info(`KV_lease_${there}`)
      const owners = await managers[there].streams.info(`KV_owners_${there}`)
      const heard: string[] = []
      const listener = anyone[there].subscribe(subject, { callback: (_error, { subject: on }) => void heard.push(on) })
      await anyone[there].flush()
      anyone[here].publish(subject, 'forged')
      await anyone[here].flush()
      // What was sent after it and may cross has arrived: so has, or never will, what was sent before.
      const crossing = `mark.${here}.0`
      const arrived = new Promise<void>((resolve) => {
        anyone[there].subscribe(crossing, { max: 1, callback: () => resolve() })
      })
      await anyone[there].flush()
      await expect
        .poll(
          () => {
            anyone[here].publish(crossing, '')
            return Promise.race([arrived.then(() => true), anyone[here].flush().then(() => false)])
          },
          { timeout: 10_000 },
        )
        .toBe(true)
      listener.unsubscribe()
      expect(heard).toEqual([])
      expect((await managers[there].streams.info(stream)).state).toEqual(before.state)
      expect((await managers[there].streams.info(`KV_lease_${there}`)).state).toEqual(leases.state)
      expect((await managers[there].streams.info(`KV_owners_${there}`)).state).toEqual(owners.state)
    })
  })

  test('the link’s own user is none for a client', async () => {
    await expect(servers.connectAsLeaf()).rejects.toThrow('refuses the user of')
  })
})
