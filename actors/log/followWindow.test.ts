import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renderNatsConfig } from '../../deploy/natsConfig.ts'
import { openFollowedLogs } from './followedLogs.ts'
import { followWindowBytes } from './followWindow.ts'
import { openJetStreamLogs } from './jetStreamLog.ts'
import { ensureLogStream } from './logStreams.ts'
import { connectNats } from './natsConnection.ts'
import { natsMissing, type RestartableNats, startRestartableNats } from './restartableNats.ts'
import { checkServer } from './serverCheck.ts'
import type { FollowOptions, ShardLog } from './shardLog.ts'
import { commandSubject } from './subjects.ts'

const mib = 1024 * 1024
const ours = { maxPendingBytes: 256 * mib, maxPayloadBytes: 2 * mib }
const byDefault = { maxPendingBytes: 64 * mib, maxPayloadBytes: 2 * mib }

test('few followers have two of the largest messages on their way, many share what the server holds for a client', () => {
  const windows = (limits: typeof ours, ...counts: number[]) => counts.map((count) => followWindowBytes(count, limits))
  expect(windows(ours, 1, 4, 32, 40, 64)).toEqual([4 * mib, 4 * mib, 4 * mib, Math.floor(3.2 * mib), 2 * mib])
  expect(windows(byDefault, 4, 8, 16)).toEqual([4 * mib, 4 * mib, 2 * mib])
})

test('more than the server holds one message for each are refused, with what it must be set to', () => {
  expect(() => followWindowBytes(17, byDefault)).toThrow(
    "a process cannot follow 17 shards: the NATS server's max_pending is 67108864 bytes, at least 71303168 are needed",
  )
})

const missing = await natsMissing()

describe.skipIf(missing !== undefined)(
  `as many shards as there may be${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    const shards = Array.from({ length: 64 }, (_, shard) => shard)
    const place = { region: 'a', shardCount: shards.length }
    const timeoutMs = 10_000
    /** In some of them the largest that a log takes: no window may be too small for it. */
    const bytesOf = (shard: number): number => (shard % 8 === 0 ? 2 * mib - 1024 : 10)
    let nats: RestartableNats
    let connection: NatsConnection
    let led: ShardLog[]
    let appended = 0

    const append = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        const outcomes = shards.map((shard) =>
          led[shard]!.append(commandSubject('a', shard, { kind: 'host' }), new Uint8Array(bytesOf(shard)), {
            timeoutMs,
          }),
        )
        expect(new Set((await Promise.all(outcomes)).map(({ kind }) => kind))).toEqual(new Set(['appended']))
        appended++
      }
    }

    beforeAll(async () => {
      const user = (role: 'admin' | 'worker') => ({ role, user: role, password: 'secret' })
      const users = [user('admin'), user('worker')]
      nats = await startRestartableNats(({ dir, port, monitorPort }) => {
        const server = { host: '127.0.0.1', port, monitorPort, storeDir: dir, storeBytesMax: 1024 * mib }
        return renderNatsConfig({ ...place, ...server, users })
      })
      const [admin, worker] = await Promise.all(
        users.map((each) =>
          connectNats({ ...each, url: nats.url }, { name: each.role, inboxPrefix: `_INBOX.${each.role}` }),
        ),
      )
      connection = worker!
      for (const shard of shards) await ensureLogStream(admin!, 'a', shard, { bytesMax: 16 * mib })
      await admin!.close()
      const logOf = await openJetStreamLogs(connection, ['a'], shards.length, await checkServer(nats.monitorUrl))
      led = shards.map((shard) => logOf(shard, 'a'))
      await append(2)
    }, 60_000)
    afterAll(async () => {
      await connection?.close()
      await nats?.stop()
    })

    async function expectFollowed(logs: readonly ShardLog[], options: FollowOptions): Promise<void> {
      const seen = shards.map((): number[] => [])
      const failed: Error[] = []
      const followers = shards.map((shard) =>
        logs[shard]!.follow(1, ({ data }) => void seen[shard]!.push(data.length), options),
      )
      for (const follower of followers) void follower.failed.then((error) => failed.push(error))
      const allSeen = () =>
        expect.poll(() => seen.every(({ length }) => length === appended), { timeout: 30_000 }).toBe(true)
      await allSeen()
      await append(1)
      await allSeen()
      expect(seen).toEqual(shards.map((shard) => Array(appended).fill(bytesOf(shard))))
      expect(failed).toEqual([])
      await Promise.all(followers.map((follower) => follower.stop()))
    }

    test('are led by one process', { timeout: 60_000 }, () => expectFollowed(led, { live: true }))

    test('are followed by one process, with and without rests', { timeout: 60_000 }, async () => {
      const { logs } = await openFollowedLogs(connection, { ...place, nats }, () => undefined)
      await expectFollowed(logs, { restMs: 5 })
      await expectFollowed(logs, {})
    })
  },
)
