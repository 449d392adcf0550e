import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryLog } from './memoryLog.ts'
import { OwnerTable } from './ownerDirectory.ts'
import { firstOwnerRecord, type OwnerRecord } from './ownerRecord.ts'
import { SafeLog } from './safeLog.ts'
import { SafePositions } from './safePositions.ts'
import { SegmentedLog } from './segmentedLog.ts'
import type { Follower } from './shardLog.ts'
import { shardLogContract } from './shardLogContract.ts'

const subject = 'cmd.a.0.edge.1'
const first = firstOwnerRecord('a', 'sync')

shardLogContract('a log that is safe to its end', {
  async open(bytesMax) {
    const log = new MemoryLog({ bytesMax })
    const owners = new OwnerTable()
    owners.take(0, first, 1)
    const safe = new SafePositions(owners)
    safe.take({ shard: 0, epoch: 0, position: Number.MAX_SAFE_INTEGER })
    return {
      log: new SafeLog(0, log, safe),
      subject,
      damage: async (seq) => log.damage(seq),
      trimTo: async (seq) => log.trimTo(seq),
      close: async () => undefined,
    }
  },
})

describe('a follower that can take nothing back', () => {
  let a: MemoryLog
  let b: MemoryLog
  let owners: OwnerTable
  let safe: SafePositions
  let segmented: SegmentedLog
  let follower: Follower
  let seen: string[]

  beforeEach(() => {
    a = new MemoryLog({ name: 'a' })
    b = new MemoryLog({ name: 'b' })
    owners = new OwnerTable()
    owners.take(0, first, 1)
    safe = new SafePositions(owners)
    segmented = new SegmentedLog({ region: 'a', segments: first.segments, logOf: (of) => (of === 'a' ? a : b) })
    owners.listen((_shard, { record }) => segmented.update(record.segments))
    seen = []
    const take = ({ seq, data }: { seq: number; data: Uint8Array }) => void seen.push(`${seq} ${Buffer.from(data)}`)
    follower = new SafeLog(0, segmented, safe).follow(1, take)
  })
  afterEach(() => follower.stop())

  const fill = async (log: MemoryLog, ...texts: string[]): Promise<void> => {
    for (const text of texts) await log.append(subject, Buffer.from(text))
  }
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10))
  const say = (epoch: number, position: number): void => safe.take({ shard: 0, epoch, position })
  const cutAt = (last: number, epoch = 1): OwnerRecord => ({
    epoch,
    owner: 'b',
    mode: 'solo',
    segments: [
      { epoch: 0, region: 'a', first: 1, last },
      { epoch, region: 'b', first: 1 },
    ],
  })

  test('is handed what is safe, in order, and the rest once it is', async () => {
    await fill(a, 'one', 'two', 'three')
    await settle()
    expect(seen).toEqual([])
    say(0, 2)
    await settle()
    expect(seen).toEqual(['1 one', '2 two'])
    say(0, 1)
    say(0, 3)
    await settle()
    expect(seen).toEqual(['1 one', '2 two', '3 three'])
  })

  test('never sees what waited and was cut off, but what the next owner wrote in its place', async () => {
    await fill(a, 'one', 'two', 'never')
    say(0, 2)
    await settle()
    await fill(b, 'three')
    owners.take(0, cutAt(2), 2)
    say(1, 3)
    await settle()
    expect(seen).toEqual(['1 one', '2 two', '3 three'])
  })

  test('is not misled by a position of a log that it has not heard of yet', async () => {
    await fill(a, 'one', 'two', 'never')
    say(0, 2)
    await fill(b, 'three')
    await settle()
    say(1, 3)
    await settle()
    expect(seen).toEqual(['1 one', '2 two'])
    owners.take(0, cutAt(2), 2)
    await settle()
    expect(seen).toEqual(['1 one', '2 two', '3 three'])
  })

  test('lets go of what an owner alone had said is safe, and was cut off by two operators after all', async () => {
    const held = Promise.withResolvers<void>()
    await follower.stop()
    const take = ({ seq, data }: { seq: number; data: Uint8Array }) => {
      seen.push(`${seq} ${Buffer.from(data)}`)
      return held.promise
    }
    follower = new SafeLog(0, segmented, safe).follow(1, take)
    await fill(a, 'one', 'never', 'never')
    say(0, 3)
    await settle()
    await fill(b, 'two', 'three')
    owners.take(0, cutAt(1), 2)
    held.resolve()
    // Said by a replica that had not heard of the cut.
    say(0, 3)
    await settle()
    expect(seen).toEqual(['1 one'])
    say(1, 2)
    await settle()
    expect(seen).toEqual(['1 one', '2 two'])
  })

  test('a word of the mode alone takes nothing back', async () => {
    await fill(a, 'one', 'two')
    owners.take(0, { ...first, mode: 'solo' }, 2)
    say(0, 2)
    owners.take(0, first, 3)
    expect(safe.of(0)).toBe(2)
  })

  test('fails when what it was told is safe is cut off after all', async () => {
    await fill(a, 'one', 'two')
    say(0, 2)
    await settle()
    owners.take(0, cutAt(1), 2)
    expect((await follower.failed).message).toBe('epoch 0 was cut at position 1, and position 2 was read')
  })

  test('can be stopped while an entry waits', async () => {
    await fill(a, 'one')
    await settle()
    await follower.stop()
    say(0, 1)
    await settle()
    expect(seen).toEqual([])
  })

  test('nothing grows with the entries that have waited', async () => {
    const texts = Array.from({ length: 50 }, (_, i) => String(i))
    await fill(a, ...texts)
    await settle()
    const waiters = new Map<Promise<unknown>, number>()
    const { then } = Promise.prototype
    const counting = function (this: Promise<unknown>, ...reactions: Parameters<typeof then>) {
      waiters.set(this, (waiters.get(this) ?? 0) + 1)
      return then.apply(this, reactions)
    }
    Object.defineProperty(Promise.prototype, 'then', { value: counting })
    for (const position of texts.keys()) {
      say(0, position + 1)
      await settle()
    }
    Object.defineProperty(Promise.prototype, 'then', { value: then })
    expect(seen).toHaveLength(texts.length)
    expect(Math.max(...waiters.values())).toBeLessThan(5)
  })
})
