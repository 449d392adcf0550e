import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type JetStreamLog, openJetStreamLog } from './jetStreamLog.ts'
import { ensureLogStream } from './logStreams.ts'
import { connectNats } from './natsConnection.ts'
import type { OwnerSegment } from './ownerRecord.ts'
import { natsMissing, type RestartableNats, startRestartableNats } from './restartableNats.ts'
import { CutBelow } from './segmentedFollower.ts'
import { SegmentedLog } from './segmentedLog.ts'
import type { Follower } from './shardLog.ts'
import { commandSubject } from './subjects.ts'

const timeoutMs = 5_000
const missing = await natsMissing()

describe.skipIf(missing !== undefined)(
  `the log of a shard that changed its owner, on a real server${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let nats: RestartableNats
    let connection: NatsConnection
    let shards = 0
    let streams: Record<string, JetStreamLog>
    const followers: Follower[] = []

    beforeAll(async () => {
      nats = await startRestartableNats()
      connection = await connectNats(nats, { name: 'test', inboxPrefix: '_INBOX_test' })
    })
    afterAll(async () => {
      await Promise.all(followers.map((follower) => follower.stop()))
      await connection.close()
      await nats.stop()
    })

    /** Streams of both regions for a shard of its own, and a way to write into them. */
    async function open() {
      const shard = shards++
      streams = {}
      for (const region of ['a', 'b']) {
        await ensureLogStream(connection, region, shard, { bytesMax: 16 * 1024 * 1024 })
        streams[region] = await openJetStreamLog(connection, region, shard)
      }
      const fill = async (region: string, ...texts: string[]): Promise<void> => {
        const subject = commandSubject(region, shard, { kind: 'edge', id: '1' })
        for (const text of texts) {
          const outcome = await streams[region]!.append(subject, new TextEncoder().encode(text), { timeoutMs })
          expect(outcome.kind).toBe('appended')
        }
      }
      const logOf = (segments: OwnerSegment[]) =>
        new SegmentedLog({ region: 'a', segments, logOf: (region) => streams[region]! })
      return { fill, logOf }
    }

    function read(log: SegmentedLog, from = 1) {
      const seen: string[] = []
      const follower = log.follow(from, ({ seq, epoch, data }) => {
        seen.push(`${seq} ${epoch} ${new TextDecoder().decode(data)}`)
      })
      followers.push(follower)
      return { seen, follower }
    }
    const first: OwnerSegment = { epoch: 0, region: 'a', first: 1 }

    test('is read through its segments and goes on live in the last, also across one that lags', async () => {
      const { fill, logOf } = await open()
      await fill('a', 'a1', 'a2', 'late')
      await fill('b', 'early')
      const log = logOf([
        { ...first, last: 2 },
        { epoch: 1, region: 'b', first: 3, last: 4 },
        { epoch: 2, region: 'a', first: 4 },
      ])
      const { seen } = read(log)
      await expect.poll(() => seen).toEqual(['1 0 a1', '2 0 a2'])
      await fill('b', 'early', 'b3', 'b4', 'later')
      await fill('a', 'a4')
      await expect.poll(() => seen, { timeout: 5_000 }).toHaveLength(5)
      expect(seen.slice(2)).toEqual(['3 1 b3', '4 1 b4', '5 2 a4'])
      await fill('a', 'a5')
      await expect.poll(() => seen.at(-1)).toBe('6 2 a5')
      expect(await log.bounds()).toEqual({ first: 1, last: 6 })
    })

    test('is left at a cut while it is read, and a reader beyond the cut goes back', async () => {
      const { fill, logOf } = await open()
      await fill('a', 'a1')
      const log = logOf([first])
      const { seen } = read(log)
      await expect.poll(() => seen).toHaveLength(1)
      log.update([
        { ...first, last: 1 },
        { epoch: 1, region: 'b', first: 1 },
      ])
      await fill('a', 'never')
      await fill('b', 'b1', 'b2')
      await expect.poll(() => seen).toEqual(['1 0 a1', '2 1 b1', '3 1 b2'])
      log.update([
        { ...first, last: 1 },
        { epoch: 1, region: 'b', first: 1, last: 1 },
        { epoch: 2, region: 'a', first: 3 },
      ])
      expect(await followers.at(-1)!.failed).toBeInstanceOf(CutBelow)
      await fill('a', 'a3')
      const { seen: again } = read(log)
      await expect.poll(() => again).toEqual(['1 0 a1', '2 1 b1', '3 2 a3'])
    })
  },
)
