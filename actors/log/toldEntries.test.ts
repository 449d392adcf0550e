import { jetstreamManager } from '@nats-io/jetstream'
import { headers } from '@nats-io/nats-core'
import { afterEach, describe, expect, test } from 'vitest'
import { type JetStreamLog, openJetStreamLog } from './jetStreamLog.ts'
import { ensureLogStream, logStreamConfig } from './logStreams.ts'
import { natsMissing } from './restartableNats.ts'
import type { EntryHandler, FollowOptions, LogEntry } from './shardLog.ts'
import { commandSubject, logStreamName, logStreamSubjects, toldSubjects } from './subjects.ts'
import { testNats } from './testNats.fixture.ts'
import { ToldEntries } from './toldEntries.ts'

const timeoutMs = 5_000
const bytesMax = 256 * 1024 * 1024

const missing = await natsMissing()

describe.skipIf(missing !== undefined)(`what a server tells${missing ? ` (skipped: ${missing})` : ''}`, () => {
  const server = testNats()
  let shards = 0

  const newLog = async (): Promise<{ log: JetStreamLog; shard: number }> => {
    const shard = shards++
    await ensureLogStream(server.connection, 'a', shard, { bytesMax })
    return { log: await openJetStreamLog(server.connection, 'a', shard), shard }
  }
  const appendTo = (log: JetStreamLog, shard: number, data: Uint8Array) =>
    log.append(commandSubject('a', shard, { kind: 'edge', id: '1' }), data, { timeoutMs })
  const consumersOf = async (log: JetStreamLog) => {
    const manager = await jetstreamManager(server.connection)
    return (await manager.streams.info(log.stream)).state.consumer_count
  }
  /** Follows as a leader does. @returns once it has caught up and no consumer is read any more */
  const followTold = async (log: JetStreamLog, fromSeq: number, onEntry: EntryHandler) => {
    const following = Promise.withResolvers<void>()
    const follower = log.follow(fromSeq, onEntry, {
      live: true,
      onState: ({ kind }) => kind === 'following' && following.resolve(),
    })
    await following.promise
    await expect.poll(() => consumersOf(log)).toBe(0)
    return follower
  }
  /** Reads until a sequence has come. */
  const readTo = (log: JetStreamLog, last: number, options?: FollowOptions) =>
    new Promise<LogEntry[]>((resolve, reject) => {
      const entries: LogEntry[] = []
      const onEntry = (entry: LogEntry) => {
        entries.push(entry)
        if (entry.seq === last) void follower.stop().then(() => resolve(entries))
      }
      const follower = log.follow(1, onEntry, options)
      void follower.failed.then(reject)
    })

  test('it is byte for byte, and to the millisecond, what a consumer reads', async () => {
    const { log, shard } = await newLog()
    const told: LogEntry[] = []
    const follower = await followTold(log, 1, (entry) => void told.push(entry))
    for (let i = 0; i < 40; i++) await appendTo(log, shard, new Uint8Array(i * 100).fill(i))
    await expect.poll(() => told.length).toBe(40)
    await follower.stop()
    const plain = ({ data, ...entry }: LogEntry) => ({ ...entry, bytes: Buffer.from(data).toString('hex') })
    expect(told.map(plain)).toEqual((await readTo(log, 40)).map(plain))
    expect(told[7]!.subject).toBe(`cmd.a.${shard}.edge.1`)
    await log.close()
  })

  test('a sender that writes sequence, stamp or subject into headers of its own changes nothing', async () => {
    const { log, shard } = await newLog()
    const told: LogEntry[] = []
    const follower = await followTold(log, 1, (entry) => void told.push(entry))
    const stamp = { 'Nats-Time-Stamp': '2099-01-01T00:00:00Z' }
    const place = { 'Nats-Stream': log.stream, 'Nats-Subject': 'cmd.a.0.shard.1', 'Nats-Sequence': '1000' }
    for (const forged of [stamp, { Any: '1' }, { ...place, ...stamp, 'Nats-Last-Sequence': '999' }, place]) {
      const own = headers()
      for (const [name, value] of Object.entries(forged)) own.append(name, value)
      await server.connection.request(`cmd.a.${shard}.edge.1`, Uint8Array.of(1, 2, 3), {
        headers: own,
        timeout: timeoutMs,
      })
    }
    await appendTo(log, shard, Uint8Array.of(4))
    await expect.poll(() => told.length).toBe(5)
    // It was told to the end: nothing had to be read again.
    expect(await consumersOf(log)).toBe(0)
    await follower.stop()
    const plain = ({ data, ...entry }: LogEntry) => ({ ...entry, bytes: Buffer.from(data).toString('hex') })
    expect(told.map(plain)).toEqual((await readTo(log, 5)).map(plain))
    await log.close()
  })

  test('a reader that has caught up keeps no consumer', async () => {
    const { log, shard } = await newLog()
    for (let i = 0; i < 10; i++) await appendTo(log, shard, Uint8Array.of(i))
    const seen: number[] = []
    const follower = await followTold(log, 1, ({ seq }) => void seen.push(seq))
    expect(seen).toHaveLength(10)
    await appendTo(log, shard, Uint8Array.of(11))
    await expect.poll(() => seen.at(-1)).toBe(11)
    await follower.stop()
    await log.close()
  })

  test('nothing is missed or seen twice where a reader catches up while much is appended', async () => {
    const { log, shard } = await newLog()
    const frames = 3_000
    const appended = (async () => {
      for (let i = 0; i < frames; i += 20) {
        await Promise.all(Array.from({ length: 20 }, () => appendTo(log, shard, new Uint8Array(200))))
      }
    })()
    const entries = await readTo(log, frames, { live: true })
    await appended
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: frames }, (_, i) => i + 1))
    await log.close()
  })

  test('of what comes faster than it is handled no more waits than a window, and nothing is lost', async () => {
    const { log, shard } = await newLog()
    const release = Promise.withResolvers<void>()
    const seen: number[] = []
    const follower = await followTold(log, 1, async ({ seq }) => {
      await release.promise
      seen.push(seq)
    })
    for (let i = 0; i < 20; i++) await appendTo(log, shard, new Uint8Array(900_000))
    const manager = await jetstreamManager(server.connection)
    // Nothing of it is asked for before what waits is handled.
    expect((await manager.consumers.list(log.stream).next()).length).toBe(0)
    release.resolve()
    await expect.poll(() => seen.length, { timeout: timeoutMs }).toBe(20)
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    await follower.stop()
    await log.close()
  })

  test('a stream that an earlier version made begins to tell when it is made sure of', async () => {
    const shard = shards++
    const manager = await jetstreamManager(server.connection)
    const { republish: _, ...silent } = logStreamConfig('a', shard, { bytesMax: 2 * bytesMax })
    await manager.streams.add(silent)
    const log = await openJetStreamLog(server.connection, 'a', shard)
    const seen: number[] = []
    const before = log.follow(1, ({ seq }) => void seen.push(seq), { live: true })
    await appendTo(log, shard, Uint8Array.of(1))
    await expect.poll(() => seen).toEqual([1])
    expect(await consumersOf(log)).toBe(1)
    await before.stop()
    expect(await ensureLogStream(server.connection, 'a', shard, { bytesMax })).toBe(false)
    const { config } = await manager.streams.info(logStreamName('a', shard))
    expect(config.republish?.dest).toBe(`log.a.${shard}.>`)
    expect(config.max_bytes).toBe(2 * bytesMax)
    const after = await followTold(log, 2, ({ seq }) => void seen.push(seq))
    await appendTo(log, shard, Uint8Array.of(2))
    await expect.poll(() => seen).toEqual([1, 2])
    await after.stop()
    await log.close()
  })

  describe('to a listener of its own', () => {
    let stop = async (): Promise<void> => undefined
    afterEach(() => stop())

    type Word = { entries: number[]; broken: string[]; failed: string[] }
    const listen = async (keptBytesMax = bytesMax) => {
      const { log, shard } = await newLog()
      const word: Word = { entries: [], broken: [], failed: [] }
      let lastSeq = 0
      const manager = { streams: { info: async () => ({ state: { last_seq: lastSeq } }) } }
      const told = new ToldEntries({
        connection: server.connection,
        manager: manager as never,
        stream: log.stream,
        subjects: { stored: logStreamSubjects('a', shard), told: toldSubjects('a', shard) },
        keptBytesMax,
        onEntry: ({ seq }) => void word.entries.push(seq),
        onBroken: (reason) => void word.broken.push(reason),
        onFailed: ({ message }) => void word.failed.push(message),
        onSign: () => undefined,
        onDenied: () => undefined,
      })
      await server.connection.flush()
      const append = async (count: number, bytes = 1) => {
        for (let i = 0; i < count; i++) await appendTo(log, shard, new Uint8Array(bytes))
        await server.connection.flush()
      }
      const streamHolds = (last: number) => {
        lastSeq = last
      }
      stop = () => {
        told.close()
        return log.close()
      }
      return { told, word, append, streamHolds }
    }

    test('what was told before it is taken is kept, from where the reader stands', async () => {
      const { told, word, append } = await listen()
      await append(5)
      expect(told.takeFrom(1)).toBe(false)
      told.begin(2)
      expect(told.takeFrom(2)).toBe(false)
      expect(told.takeFrom(4)).toBe(true)
      await append(1)
      expect(word.entries).toEqual([4, 5, 6])
    })

    test('what does not fit is not kept: the reader must come further first', async () => {
      const { told, word, append } = await listen(250)
      await append(4, 100)
      told.begin(0)
      expect(told.takeFrom(3)).toBe(false)
      expect(told.takeFrom(4)).toBe(true)
      expect(word.entries).toEqual([4])
    })

    test('an entry that was stored and not told is found out at the second look after it', async () => {
      const { told, word, append, streamHolds } = await listen()
      told.begin(0)
      told.takeFrom(1)
      await append(2)
      streamHolds(3)
      await told.look()
      expect(word.broken).toEqual([])
      await told.look()
      expect(word.broken).toEqual(['an entry was not told'])
    })

    test('an entry behind one that was not told is not handed on', async () => {
      const { told, word, append } = await listen()
      told.begin(0)
      told.takeFrom(5)
      await append(1)
      expect(word).toEqual({ entries: [], broken: ['an entry was not told'], failed: [] })
    })

    test('a log that holds less than was told has lost its tail', async () => {
      const { told, word, append, streamHolds } = await listen()
      told.begin(0)
      told.takeFrom(1)
      await append(2)
      streamHolds(1)
      await told.look()
      expect(word.failed[0]).toContain('the log has lost its tail')
    })
  })
})
