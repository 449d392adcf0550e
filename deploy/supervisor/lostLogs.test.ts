import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openJetStreamLog } from '../../actors/log/jetStreamLog.ts'
import { firstOwnerRecord, type OwnerRecord } from '../../actors/log/ownerRecord.ts'
import { natsMissing } from '../../actors/log/restartableNats.ts'
import { commandSubject } from '../../actors/log/subjects.ts'
import { provisionMirrors, provisionStreams } from '../streams.ts'
import { startTwoServers, type TwoServers } from '../twoRegions.fixture.ts'
import { beginAnew, findLostLogs, findUnreadable, LogsLost } from './lostLogs.ts'

const missing = await natsMissing()
const sizes = { shardCount: 1, logBytesMax: 64 * 1024 ** 2 }
const timeoutMs = 60_000
const reachedTimeoutMs = 30_000

/** Frame counts: in region a's log before and after its disk is lost, and in b's log after the takeover. */
const [before, after, taken] = [7, 3, 4]

describe.skipIf(missing !== undefined)(`the log of a region ${missing ?? ''}`, { timeout: timeoutMs }, () => {
  let servers: TwoServers
  let admins: Record<'a' | 'b', NatsConnection>

  const whileOwnedByA = firstOwnerRecord('a', 'sync')
  const takenByB: OwnerRecord = {
    epoch: 1,
    owner: 'b',
    mode: 'solo',
    segments: [
      { epoch: 0, region: 'a', first: 1, last: before },
      { epoch: 1, region: 'b', first: 1 },
    ],
  }

  beforeAll(async () => {
    servers = await startTwoServers(1)
    admins = { a: await servers.connect('a', 'admin'), b: await servers.connect('b', 'admin') }
    await provision('a')
    await provision('b')
    await mirrors()
    await append('a', before)
    await append('b', taken)
    await reached('b', 'LOG_a_0', before)
    await reached('a', 'LOG_b_0', taken)
  }, timeoutMs)

  afterAll(() => servers?.stop(), timeoutMs)

  const other = { a: 'b', b: 'a' } as const
  const provision = (region: 'a' | 'b') => provisionStreams(admins[region], { region, ...sizes, peer: other[region] })

  async function mirrors(): Promise<void> {
    await provisionMirrors(admins.a, admins.b, { region: 'a', peer: 'b', ...sizes })
    await provisionMirrors(admins.b, admins.a, { region: 'b', peer: 'a', ...sizes })
  }

  async function append(region: 'a' | 'b', count: number): Promise<number[]> {
    const log = await openJetStreamLog(await servers.connect(region, 'worker'), region, 0)
    const subject = commandSubject(region, 0, { kind: 'shard', shard: 0 })
    const seqs: number[] = []
    for (let n = 0; n < count; n++) {
      const outcome = await log.append(subject, new TextEncoder().encode(`${region} ${n}`), { timeoutMs: 5_000 })
      if (outcome.kind === 'appended') seqs.push(outcome.seq)
    }
    return seqs
  }

  async function reached(at: 'a' | 'b', stream: string, seq: number): Promise<void> {
    const manager = await jetstreamManager(admins[at])
    const deadlineMs = performance.now() + reachedTimeoutMs
    for (;;) {
      const { last_seq: last } = (await manager.streams.info(stream)).state
      if (last === seq) return
      if (performance.now() > deadlineMs) throw new Error(`${stream} in ${at} stays at ${last}, not ${seq}`)
      await sleep(50)
    }
  }

  test('is not lost while it is there, whoever owns the shard', async () => {
    for (const record of [whileOwnedByA, takenByB]) {
      expect(await findLostLogs('a', admins.a, admins.b, [record])).toEqual([])
      expect(await findLostLogs('b', admins.b, admins.a, [record])).toEqual([])
      expect(await findUnreadable('a', admins.a, admins.b, [record])).toEqual([])
    }
  })

  describe('on a disk that was lost', () => {
    beforeAll(async () => {
      await servers.loseDisk('a')
      admins.a = await servers.connect('a', 'admin')
      await provision('a')
    }, timeoutMs)

    test('may not begin anew while its region owns the shard: the other region has what was there', async () => {
      await expect(findLostLogs('a', admins.a, admins.b, [whileOwnedByA])).rejects.toThrow(
        'region a has lost the logs of shards 0, which it owns: take them over first',
      )
    })

    test('may not begin anew while the other region is away', async () => {
      await expect(findLostLogs('a', admins.a, undefined, [takenByB])).rejects.toThrow(LogsLost)
    })

    test('begins anew at a sequence that it never had, and the other region keeps both parts', async () => {
      const lost = await findLostLogs('a', admins.a, admins.b, [takenByB])
      expect(lost).toMatchObject([{ shard: 0, lastSeq: before }])
      await beginAnew(admins.a, 'a', lost[0]!)
      await mirrors()
      const seqs = await append('a', after)
      expect(seqs[0]).toBe(before + 1_000_000)
      await reached('b', 'LOG_a_0', seqs.at(-1)!)
      const manager = await jetstreamManager(admins.b)
      for (const seq of [1, before, ...seqs]) {
        expect((await manager.streams.getMessage('LOG_a_0', { seq }))?.string()).toMatch(/^a \d$/)
      }
    })

    test('is found lost once', async () => {
      expect(await findLostLogs('a', admins.a, admins.b, [takenByB])).toEqual([])
    })

    test('cannot be read up to the takeover: that much must come from the other region', async () => {
      expect(await findUnreadable('a', admins.a, admins.b, [takenByB])).toMatchObject([{ shard: 0, lost: before }])
      expect(await findUnreadable('b', admins.b, admins.a, [takenByB])).toEqual([])
    })

    test('has the other region’s log again from its beginning', async () => {
      await reached('a', 'LOG_b_0', taken)
      const manager = await jetstreamManager(admins.a)
      expect((await manager.streams.info('LOG_b_0')).state).toMatchObject({ first_seq: 1, messages: taken })
    })
  })
})
