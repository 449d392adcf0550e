import { jetstreamManager } from '@nats-io/jetstream'
import { describe, expect, test } from 'vitest'
import { provisionMirrors, provisionStreams } from '../../deploy/streams.ts'
import { startTwoServers } from '../../deploy/twoRegions.fixture.ts'
import { openJetStreamLog } from '../log/jetStreamLog.ts'
import { OwnerTable } from '../log/ownerDirectory.ts'
import { firstOwnerRecord, type OwnerRecord, type OwnerSegment } from '../log/ownerRecord.ts'
import { natsMissing } from '../log/restartableNats.ts'
import { commandSubject } from '../log/subjects.ts'
import { streamLimit, trimmingTwoRegions } from './twoRegionTrim.ts'

/** Positions 1-9 lie in a's stream, 10-14 in b's from 101 on, the rest in a's again, where 10-20 counted for nothing. */
const segments: OwnerSegment[] = [
  { epoch: 0, region: 'a', first: 1, last: 9 },
  { epoch: 1, region: 'b', first: 101, last: 105 },
  { epoch: 2, region: 'a', first: 21 },
]
const record: OwnerRecord = { epoch: 2, owner: 'a', mode: 'sync', segments }

test.each([
  [0, 0, 0],
  [4, 4, 0],
  [9, 9, 0],
  [10, 9, 101],
  [14, 9, 105],
  [15, 21, 105],
  [20, 26, 105],
])('what lies up to position %i ends at %i in the stream of a, at %i in that of b', (position, a, b) => {
  expect([streamLimit(segments, 'a', position), streamLimit(segments, 'b', position)]).toEqual([a, b])
})

describe('a region', () => {
  type Callback = (error: Error | null, message: { data: Uint8Array }) => void
  const archiver = () => {
    const owners = new OwnerTable()
    owners.take(0, record, 1)
    const heard = new Map<string, Callback>()
    const said: { subject: string; data: Uint8Array }[] = []
    const connection = {
      publish: (subject: string, data: Uint8Array) => void said.push({ subject, data }),
      subscribe: (subject: string, { callback }: { callback: Callback }) => void heard.set(subject, callback),
    } as never
    const purges: string[] = []
    const purge = async (of: string, _shard: number, seq: number) => void purges.push(`${of} ${seq}`)
    const faults: string[] = []
    const onFault = (what: string) => faults.push(what)
    const trim = trimmingTwoRegions({ region: 'a', peer: 'b', connection, owners, purge, onFault })
    return { trim, purges, said, faults, hear: (data: Uint8Array) => heard.get('trim.b')!(null, { data }) }
  }
  const word = (position: number) => Buffer.from(JSON.stringify({ shard: 0, position }))

  test('trims its mirror behind what it needs itself, and its own stream not before the other region has said a word', async () => {
    const { trim, purges, said } = archiver()
    expect(await trim(0, 20)).toBe(0)
    expect(purges).toEqual(['b 105'])
    expect(said).toEqual([{ subject: 'trim.a', data: new Uint8Array(word(20)) }])
  })

  test('trims its own stream behind what both need', async () => {
    const { trim, purges, hear } = archiver()
    hear(word(16))
    expect(await trim(0, 20)).toBe(16)
    expect(purges).toEqual(['b 105', 'a 22'])
    hear(word(12))
    expect(await trim(0, 20)).toBe(16)
    hear(word(99))
    expect(await trim(0, 20)).toBe(20)
    expect(purges).toEqual(['b 105', 'a 22', 'a 26'])
  })

  test('takes nothing for a word that is none', async () => {
    const { trim, hear, faults } = archiver()
    hear(Buffer.from('no word'))
    expect(faults).toHaveLength(1)
    expect(await trim(0, 20)).toBe(0)
  })
})

const missing = await natsMissing()
const timeoutMs = 120_000

test.skipIf(missing !== undefined)(
  `a log and its mirror in the other region are trimmed by their own archivers, and the mirror goes on ${missing ?? ''}`,
  { timeout: timeoutMs },
  async () => {
    const servers = await startTwoServers(1)
    try {
      const admins = { a: await servers.connect('a', 'admin'), b: await servers.connect('b', 'admin') }
      const sizes = { shardCount: 1, logBytesMax: 64 * 1024 ** 2 }
      const plans = { a: { region: 'a', peer: 'b', ...sizes }, b: { region: 'b', peer: 'a', ...sizes } }
      for (const at of ['a', 'b'] as const) await provisionStreams(admins[at], plans[at])
      await provisionMirrors(admins.a, admins.b, plans.a)
      await provisionMirrors(admins.b, admins.a, plans.b)
      const log = await openJetStreamLog(await servers.connect('a', 'worker'), 'a', 0)
      const append = async (count: number): Promise<void> => {
        for (let n = 0; n < count; n++) {
          const subject = commandSubject('a', 0, { kind: 'shard', shard: 0 })
          const outcome = await log.append(subject, new TextEncoder().encode('frame'), { timeoutMs: 5_000 })
          expect(outcome.kind).toBe('appended')
        }
      }
      const owners = new OwnerTable()
      owners.take(0, firstOwnerRecord('a', 'sync'), 1)
      const faults: string[] = []
      const archiver = async (region: 'a' | 'b') => {
        const connection = await servers.connect(region, 'archiver')
        const manager = await jetstreamManager(connection, { checkAPI: false })
        const purge = async (of: string, shard: number, seq: number) =>
          void (await manager.streams.purge(`LOG_${of}_${shard}`, { seq: seq + 1 }))
        const peer = region === 'a' ? 'b' : 'a'
        const onFault = (what: string): unknown => faults.push(what)
        const trim = trimmingTwoRegions({ region, peer, connection, owners, purge, onFault })
        await connection.flush()
        const held = async () => {
          const { first_seq: first, last_seq: last } = (await manager.streams.info('LOG_a_0')).state
          return [first, last]
        }
        return { trim, held }
      }
      const [here, there] = [await archiver('a'), await archiver('b')]
      await append(6)
      await expect.poll(there.held, { timeout: 60_000 }).toEqual([1, 6])
      expect(await here.trim(0, 5)).toBe(0)
      const inTurn = async (): Promise<number> => {
        await there.trim(0, 3)
        return here.trim(0, 5)
      }
      await expect.poll(inTurn, { timeout: 60_000 }).toBe(3)
      expect(await there.held()).toEqual([4, 6])
      expect(await here.held()).toEqual([4, 6])
      await append(2)
      await expect.poll(there.held, { timeout: 60_000 }).toEqual([4, 8])
      expect(faults).toEqual([])
    } finally {
      await servers.stop()
    }
  },
)
