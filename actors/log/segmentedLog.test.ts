import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryLog } from './memoryLog.ts'
import type { OwnerSegment } from './ownerRecord.ts'
import { CutBelow } from './segmentedFollower.ts'
import { SegmentedLog } from './segmentedLog.ts'
import { type Follower, type FollowerState, LogGap, type ShardLog } from './shardLog.ts'
import { shardLogContract } from './shardLogContract.ts'

const timeoutMs = 1_000
const subject = 'cmd.a.0.edge.1'
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const contracts: [string, OwnerSegment[]][] = [
  ['a log of one segment', [{ epoch: 0, region: 'a', first: 1 }]],
  [
    'a log whose first owner wrote nothing',
    [
      { epoch: 0, region: 'b', first: 1, last: 0 },
      { epoch: 3, region: 'a', first: 1 },
    ],
  ],
]
for (const [name, segments] of contracts) {
  shardLogContract(name, {
    async open(bytesMax) {
      const own = new MemoryLog({ bytesMax })
      const other = new MemoryLog()
      return {
        log: new SegmentedLog({ region: 'a', segments, logOf: (region) => (region === 'a' ? own : other) }),
        subject,
        damage: async (seq) => own.damage(seq),
        trimTo: async (seq) => own.trimTo(seq),
        close: async () => undefined,
      }
    },
  })
}

describe('the log of a shard that changed its owner', () => {
  let a: MemoryLog
  let b: MemoryLog
  let followers: Follower[]
  let waiting: (() => void)[]

  beforeEach(() => {
    a = new MemoryLog({ name: 'a' })
    b = new MemoryLog({ name: 'b' })
    followers = []
    waiting = []
  })
  afterEach(() => Promise.all(followers.map((follower) => follower.stop())))

  const fill = async (log: MemoryLog, ...texts: string[]): Promise<void> => {
    for (const text of texts) await log.append(subject, bytesOf(text), { timeoutMs })
  }
  const logOf = (region: string): ShardLog => (region === 'a' ? a : b)
  const open = (segments: OwnerSegment[], region = 'a'): SegmentedLog => {
    const after = (_delayMs: number, work: () => void): (() => void) => {
      waiting.push(work)
      return () => void waiting.splice(waiting.indexOf(work) >>> 0, 1)
    }
    return new SegmentedLog({ region, segments, logOf, after })
  }
  /** Everything that is handed out, as `position epoch text`. */
  const read = (log: SegmentedLog, from = 1) => {
    const seen: string[] = []
    const states: FollowerState[] = []
    const follower = log.follow(
      from,
      ({ seq, epoch, data }) => void seen.push(`${seq} ${epoch} ${new TextDecoder().decode(data)}`),
      { onState: (state) => states.push(state) },
    )
    followers.push(follower)
    return { seen, states, follower }
  }
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

  const first: OwnerSegment = { epoch: 0, region: 'a', first: 1 }
  const cutAt = (last: number): OwnerSegment => ({ ...first, last })

  test('is read through all segments, counted without holes, each entry with the epoch that counts there', async () => {
    await fill(a, 'a1', 'a2', 'late', 'a4', 'a5')
    await fill(b, 'early', 'b2', 'b3', 'later')
    const segments: OwnerSegment[] = [
      cutAt(2),
      { epoch: 1, region: 'b', first: 2, last: 3 },
      { epoch: 2, region: 'a', first: 4, last: 3 },
      { epoch: 4, region: 'a', first: 4 },
    ]
    const log = open(segments)
    const { seen } = read(log)
    const { seen: fromMiddle } = read(log, 4)
    await settle()
    await fill(a, 'a6')
    await settle()
    expect(seen).toEqual(['1 0 a1', '2 0 a2', '3 1 b2', '4 1 b3', '5 4 a4', '6 4 a5', '7 4 a6'])
    expect(fromMiddle).toEqual(seen.slice(3))
    expect(await log.bounds()).toEqual({ first: 1, last: 7 })
  })

  test('goes on in the new owner’s stream, exactly behind the cut', async () => {
    await fill(a, 'a1', 'a2')
    const log = open([first])
    const { seen, follower } = read(log)
    await settle()
    log.update([cutAt(3), { epoch: 1, region: 'b', first: 1 }])
    await fill(b, 'b1')
    await settle()
    expect(seen).toEqual(['1 0 a1', '2 0 a2'])
    await fill(a, 'a3', 'never')
    await settle()
    expect(seen).toEqual(['1 0 a1', '2 0 a2', '3 0 a3', '4 1 b1'])
    await follower.stop()
    await fill(b, 'b2')
    await settle()
    expect(seen).toHaveLength(4)
  })

  test('a list of segments that is older than the one known changes nothing', async () => {
    const log = open([cutAt(0), { epoch: 1, region: 'b', first: 1 }])
    log.update([first])
    await fill(a, 'a1')
    await fill(b, 'b1')
    const { seen } = read(log)
    await settle()
    expect(seen).toEqual(['1 1 b1'])
  })

  test('a reader that stands exactly at the cut goes on, also when an owner wrote nothing between', async () => {
    await fill(a, 'a1')
    await fill(b, 'b1')
    const log = open([first])
    const { seen } = read(log)
    await settle()
    log.update([cutAt(1), { epoch: 1, region: 'b', first: 2, last: 1 }, { epoch: 2, region: 'a', first: 2 }])
    await fill(a, 'a2')
    await settle()
    expect(seen).toEqual(['1 0 a1', '2 2 a2'])
  })

  test('a reader that has read beyond the cut hears that it must go back, and gets nothing more', async () => {
    await fill(a, 'a1', 'a2', 'a3')
    const log = open([first])
    const { seen, follower } = read(log)
    await settle()
    log.update([cutAt(1), { epoch: 1, region: 'b', first: 1 }])
    const failure = await follower.failed
    expect(failure).toBeInstanceOf(CutBelow)
    expect(failure).toMatchObject({ cutPosition: 1, readPosition: 3 })
    await fill(b, 'b1')
    await fill(a, 'a4')
    await settle()
    expect(seen).toHaveLength(3)
    const { seen: again } = read(log)
    await settle()
    expect(again).toEqual(['1 0 a1', '2 1 b1'])
  })

  test('a reader whose handler is at work when the cut comes ends the segment after it, and one entry at a time', async () => {
    await fill(a, 'a1', 'never')
    await fill(b, 'b1')
    const log = open([first])
    const held = Promise.withResolvers<void>()
    const seen: string[] = []
    followers.push(
      log.follow(1, async ({ seq, epoch }) => {
        seen.push(`begin ${seq} ${epoch}`)
        if (seq === 1) await held.promise
        seen.push(`end ${seq}`)
      }),
    )
    await settle()
    log.update([cutAt(1), { epoch: 1, region: 'b', first: 1 }])
    await settle()
    expect(seen).toEqual(['begin 1 0'])
    held.resolve()
    await settle()
    expect(seen).toEqual(['begin 1 0', 'end 1', 'begin 2 1', 'end 2'])
  })

  test('a mirror that lags is waited for, and says so', async () => {
    await fill(a, 'a1')
    const log = open([cutAt(1), { epoch: 1, region: 'b', first: 3 }])
    await fill(b, 'old')
    const { seen, states } = read(log)
    await settle()
    expect(seen).toEqual(['1 0 a1'])
    expect(states.at(-1)).toMatchObject({ kind: 'interrupted', reason: expect.stringContaining('log b') })
    expect(await log.bounds()).toEqual({ first: 1, last: 1 })
    await fill(b, 'old', 'b3')
    waiting.shift()!()
    await settle()
    expect(seen).toEqual(['1 0 a1', '2 1 b3'])
  })

  test('a mirror that lags within a closed segment ends what can be read', async () => {
    await fill(b, 'b1')
    await fill(a, 'a1', 'a2')
    const log = open([
      { epoch: 0, region: 'b', first: 1, last: 3 },
      { epoch: 1, region: 'a', first: 2 },
    ])
    expect(await log.bounds()).toEqual({ first: 1, last: 1 })
    await fill(b, 'b2', 'b3')
    expect(await log.bounds()).toEqual({ first: 1, last: 4 })
  })

  test('its own stream has no excuse: a lost tail stops the reader', async () => {
    await fill(a, 'a1')
    const { follower } = read(open([first]), 3)
    expect(await follower.failed).toBeInstanceOf(LogGap)
    expect(waiting).toEqual([])
  })

  test.each([
    [1, 2],
    [2, 3],
    [3, 3],
  ])(
    'a stream trimmed to %i begins the log later, at %i, and is not read as if nothing were missing',
    async (to, at) => {
      await fill(a, 'a1', 'a2', 'never')
      await fill(b, 'b1')
      a.trimTo(to)
      const log = open([cutAt(2), { epoch: 1, region: 'b', first: 1 }])
      expect(await log.bounds()).toEqual({ first: at, last: 3 })
      expect(await read(log).follower.failed).toBeInstanceOf(LogGap)
      const { seen } = read(log, at)
      await settle()
      expect(seen.at(-1)).toBe('3 1 b1')
      expect(seen).toHaveLength(4 - at)
    },
  )

  test('frames are appended to the stream of the owner', async () => {
    const log = open([cutAt(0), { epoch: 1, region: 'b', first: 1 }])
    await log.append('cmd.b.0.edge.1', bytesOf('x'), { timeoutMs })
    log.update([cutAt(0), { epoch: 1, region: 'b', first: 1, last: 1 }, { epoch: 2, region: 'a', first: 1 }])
    await log.append(subject, bytesOf('y'), { timeoutMs })
    expect([a.last, b.last]).toEqual([1, 1])
  })
})
