import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { describe, expect, test } from 'vitest'
import { openJetStreamLog } from './jetStreamLog.ts'
import { ensureLogStream, logStreamConfig } from './logStreams.ts'
import { connectNats } from './natsConnection.ts'
import { natsMissing } from './restartableNats.ts'
import { type FollowerState, LogRefusal, type ShardLog } from './shardLog.ts'
import { type LogUnderTest, shardLogContract } from './shardLogContract.ts'
import { commandSubject, logStreamName } from './subjects.ts'
import { testNats } from './testNats.fixture.ts'

const timeoutMs = 5_000
const subject = (shard: number) => commandSubject('a', shard, { kind: 'edge', id: '1' })
const bytesMax = 256 * 1024 * 1024
const client = { name: 'test', inboxPrefix: '_INBOX_test' }

const missing = await natsMissing()

describe.skipIf(missing !== undefined)(`with a real server${missing ? ` (skipped: ${missing})` : ''}`, () => {
  const server = testNats()
  let shards = 0

  const open = async (bytesMax: number): Promise<LogUnderTest> => {
    const shard = shards++
    const manager = await jetstreamManager(server.connection)
    // A log's messages can't be deleted; the suite must, to see what a damaged log does.
    await manager.streams.add({ ...logStreamConfig('c', shard, { bytesMax }), deny_delete: false })
    const log = await openJetStreamLog(server.connection, 'c', shard)
    return {
      log,
      subject: commandSubject('c', shard, { kind: 'edge', id: '1' }),
      damage: async (seq) => void (await manager.streams.deleteMessage(log.stream, seq)),
      trimTo: async (seq) => void (await manager.streams.purge(log.stream, { seq: seq + 1 })),
      close: async () => {
        await log.close()
        await manager.streams.delete(log.stream)
      },
    }
  }
  const withRests = (log: ShardLog): ShardLog => ({
    append: (...frame) => log.append(...frame),
    follow: (fromSeq, onEntry, options) => log.follow(fromSeq, onEntry, { ...options, restMs: 5 }),
    bounds: () => log.bounds(),
  })

  shardLogContract('the JetStream log', { open })
  shardLogContract('the JetStream log, read with rests,', {
    async open(bytesMax) {
      const under = await open(bytesMax)
      return { ...under, log: withRests(under.log) }
    },
  })

  shardLogContract('the JetStream log, read as it is told,', {
    async open(bytesMax) {
      const { log, ...under } = await open(bytesMax)
      return {
        ...under,
        log: {
          append: (...frame) => log.append(...frame),
          follow: (fromSeq, onEntry, options) => log.follow(fromSeq, onEntry, { ...options, live: true }),
          bounds: () => log.bounds(),
        },
      }
    },
  })

  const newLog = async (on = server.connection) => {
    const shard = shards++
    await ensureLogStream(server.connection, 'a', shard, { bytesMax })
    return { log: await openJetStreamLog(on, 'a', shard), shard }
  }

  describe('outcomes', () => {
    test('nobody collects the subject: the frame is surely not stored', async () => {
      const log = await openJetStreamLog(server.connection, 'a', 9_999)
      expect(await log.append(subject(9_999), new Uint8Array(1), { timeoutMs })).toEqual({ kind: 'not-sent' })
      await log.close()
    })

    test('a frame larger than the server takes is refused by size, and one larger than the stream takes by the server', async () => {
      const { log, shard } = await newLog()
      const append = (bytes: number) => log.append(subject(shard), new Uint8Array(bytes), { timeoutMs })
      await expect(append(2 * 1024 * 1024 + 1)).rejects.toThrow('the server takes at most 2097152')
      await expect(append(2 * 1024 * 1024)).rejects.toThrow(LogRefusal)
      expect((await append(2 * 1024 * 1024 - 1024)).kind).toBe('appended')
      await log.close()
    })

    test('a server that does not answer in time leaves the outcome unknown, and the frame may be there', async () => {
      const { log, shard } = await newLog()
      server.nats.pause()
      await sleep(100)
      const outcome = await log
        .append(subject(shard), Uint8Array.of(7), { timeoutMs: 100 })
        .finally(() => server.nats.resume())
      expect(outcome).toEqual({ kind: 'unknown' })
      expect(await log.append(subject(shard), Uint8Array.of(7), { timeoutMs })).toEqual({ kind: 'appended', seq: 2 })
      await log.close()
    })

    test('no frame is deduplicated by the server', async () => {
      const { log, shard } = await newLog()
      for (const seq of [1, 2, 3]) {
        expect(await log.append(subject(shard), Uint8Array.of(1), { timeoutMs })).toEqual({ kind: 'appended', seq })
      }
      await log.close()
    })
  })

  describe('streams', () => {
    test('a log’s stream is made once, refuses when full, and lets no single message be deleted', async () => {
      const shard = shards++
      expect(await ensureLogStream(server.connection, 'a', shard, { bytesMax })).toBe(true)
      expect(await ensureLogStream(server.connection, 'a', shard, { bytesMax })).toBe(false)
      const manager = await jetstreamManager(server.connection)
      const { config } = await manager.streams.info(logStreamName('a', shard))
      expect(config).toMatchObject({ discard: 'new', storage: 'file', deny_delete: true, max_bytes: bytesMax })
      await server.connection.request(subject(shard), new Uint8Array(1))
      await expect(manager.streams.deleteMessage(config.name, 1)).rejects.toThrow()
    })

    test('a stream that would drop old frames is refused by name', async () => {
      const shard = shards++
      const manager = await jetstreamManager(server.connection)
      await manager.streams.add({ ...logStreamConfig('a', shard, { bytesMax }), discard: 'old' })
      await expect(ensureLogStream(server.connection, 'a', shard, { bytesMax })).rejects.toThrow(
        `LOG_a_${shard} has discard "old"`,
      )
    })
  })

  describe('followers', () => {
    test('one connection carries only as many as its server holds bytes for', async () => {
      const own = await connectNats(server.nats, client)
      const { log } = await newLog(own)
      const followers = Array.from({ length: 8 }, () => log.follow(1, () => undefined))
      expect(() => log.follow(1, () => undefined)).toThrow('open another')
      await followers[0]!.stop()
      followers[0] = log.follow(1, () => undefined)
      expect(() => log.follow(1, () => undefined, { windowBytes: 1_000 })).toThrow('a message of the largest size')
      await log.close()
      const { log: another } = await newLog(own)
      for (let i = 0; i < 8; i++) another.follow(1, () => undefined)
      await another.close()
      await own.close()
    })

    test('a stream that is not there ends the follower by name', async () => {
      const log = await openJetStreamLog(server.connection, 'a', 9_998, { streamMissingMsMax: 300 })
      const states: FollowerState[] = []
      const follower = log.follow(1, () => undefined, { onState: (state) => states.push(state) })
      expect((await follower.failed).message).toContain('LOG_a_9998')
      expect(states[0]).toMatchObject({ kind: 'interrupted', reason: 'stream not found' })
    })

    test('a connection closed under a follower ends it', async () => {
      const own = await connectNats(server.nats, client)
      const { log } = await newLog(own)
      const follower = log.follow(1, () => undefined)
      await own.close()
      expect((await follower.failed).message).toContain('connection was closed')
      expect(await log.append(subject(0), new Uint8Array(1), { timeoutMs })).toEqual({ kind: 'not-sent' })
    })

    test.each([
      ['at once', 0],
      ['with rests', 20],
    ])('a handler that stands still bounds what the server has sent, read %s', async (_how, restMs) => {
      const { log, shard } = await newLog()
      const frameBytes = 900_000
      for (let i = 0; i < 20; i++) await log.append(subject(shard), new Uint8Array(frameBytes), { timeoutMs })
      const release = Promise.withResolvers<void>()
      const last = Promise.withResolvers<void>()
      const handler = async ({ seq }: { seq: number }) => {
        await release.promise
        if (seq === 20) last.resolve()
      }
      log.follow(1, handler, { restMs })
      const manager = await jetstreamManager(server.connection)
      await sleep(500)
      const [consumer] = await manager.consumers.list(log.stream).next()
      expect(consumer?.delivered.stream_seq).toBeGreaterThan(0)
      expect(consumer!.delivered.stream_seq * frameBytes).toBeLessThan(4 * 1024 * 1024)
      release.resolve()
      await last.promise
      await log.close()
    })

    test('a slow handler holds back the server, and loses nothing', async () => {
      const { log, shard } = await newLog()
      const frames = 30
      for (let i = 0; i < frames; i++) await log.append(subject(shard), new Uint8Array(900_000).fill(i), { timeoutMs })
      const seen: number[] = []
      await new Promise<void>((resolve, reject) => {
        const follower = log.follow(1, async (entry) => {
          expect(entry.data[0]).toBe(entry.seq - 1)
          seen.push(entry.seq)
          await sleep(10)
          if (seen.length === frames) resolve()
        })
        void follower.failed.then(reject)
      })
      expect(seen).toEqual(Array.from({ length: frames }, (_, index) => index + 1))
      await log.close()
    })

    test('what comes while a follower rests is handed out together', async () => {
      const { log, shard } = await newLog()
      const append = (byte: number) => log.append(subject(shard), Uint8Array.of(byte), { timeoutMs })
      const turns: number[][] = []
      let turn: number[] | undefined
      const { promise: all, resolve } = Promise.withResolvers<void>()
      log.follow(
        1,
        ({ seq }) => {
          if (turn === undefined) {
            turn = []
            turns.push(turn)
            setImmediate(() => {
              turn = undefined
            })
          }
          turn.push(seq)
          if (seq === 220) resolve()
        },
        { restMs: 300 },
      )
      // Much at once lets it rest; what comes then comes a little at a time.
      await Promise.all(Array.from({ length: 200 }, (_, i) => append(i)))
      while (turns.flat().length < 200) await sleep(5)
      const before = turns.length
      for (let i = 0; i < 20; i++) await append(i)
      await all
      expect(turns.flat()).toEqual(Array.from({ length: 220 }, (_, index) => index + 1))
      expect(turns.length - before).toBeLessThan(11)
      await log.close()
    })

    test.each([
      ['at once', {}],
      ['with rests', { restMs: 20 }],
      ['as it is told', { live: true }],
    ])(
      'a server killed and started again is followed on %s, without a hole and without a repeat',
      async (_how, options) => {
        const { log, shard } = await newLog()
        const seen: number[] = []
        const acked: number[] = []
        let failure: Error | undefined
        const follower = log.follow(1, (entry) => void seen.push(entry.seq), options)
        void follower.failed.then((error) => {
          failure = error
        })
        const appendUntilAcked = async (byte: number) => {
          for (let attempt = 0; attempt < 200; attempt++) {
            const outcome = await log.append(subject(shard), Uint8Array.of(byte), { timeoutMs: 1_000 })
            if (outcome.kind === 'appended') return acked.push(outcome.seq)
            await sleep(50)
          }
          throw new Error('the server did not come back')
        }
        for (let round = 0; round < 3; round++) {
          for (let i = 0; i < 10; i++) await appendUntilAcked(i)
          const inFlight = Array.from({ length: 5 }, (_, byte) =>
            log.append(subject(shard), Uint8Array.of(byte), { timeoutMs }),
          )
          await server.nats.kill()
          for (const { kind } of await Promise.all(inFlight))
            expect(['appended', 'unknown', 'not-sent']).toContain(kind)
          await server.nats.start()
        }
        await appendUntilAcked(99)
        const { last } = await log.bounds()
        for (let i = 0; seen.length < last && failure === undefined && i < 500; i++) await sleep(20)
        expect(failure).toBeUndefined()
        expect(seen).toEqual(Array.from({ length: last }, (_, index) => index + 1))
        expect(new Set(acked).size).toBe(acked.length)
        await log.close()
      },
      60_000,
    )

    test.each([
      ['at once', {}],
      ['with rests', { restMs: 20 }],
      ['as it is told', { live: true }],
    ])(
      'a server that freezes is noticed and followed on %s when it wakes',
      async (_how, options) => {
        const { log, shard } = await newLog()
        const states: string[] = []
        const arrived = Promise.withResolvers<void>()
        log.follow(1, () => arrived.resolve(), { ...options, onState: (state) => states.push(state.kind) })
        await sleep(300)
        server.nats.pause()
        await sleep(2_500)
        server.nats.resume()
        expect((await log.append(subject(shard), Uint8Array.of(1), { timeoutMs })).kind).toBe('appended')
        await arrived.promise
        expect(states).toEqual(expect.arrayContaining(['following', 'interrupted']))
        await log.close()
      },
      20_000,
    )
  })
})
