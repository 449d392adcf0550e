import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBlobs } from '../log/blobs.ts'
import { chainStart, nextChain } from '../log/chain.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { MemoryLog } from '../log/memoryLog.ts'
import type { OwnerSegment } from '../log/ownerRecord.ts'
import { tagOf } from '../log/replica.ts'
import { SegmentedLog } from '../log/segmentedLog.ts'
import type { SegmentStore } from '../log/segmentStore.ts'
import type { LogEntry } from '../log/shardLog.ts'
import { cutArchive } from './cutArchive.ts'
import { ShardArchiver } from './shardArchiver.ts'

const subject = 'cmd.a.0.edge.1'
const owned: OwnerSegment[] = [{ epoch: 0, region: 'a', first: 1 }]
const cutAt = (last: number): OwnerSegment[] => [
  { epoch: 0, region: 'a', first: 1, last },
  { epoch: 1, region: 'b', first: 1 },
]
let folder: string
let a: MemoryLog
let b: MemoryLog
let store: SegmentStore

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-cut-'))
  store = folderSegments(folder, createBlobs(memoryKeyRing(['snapshot'])), 'a')
  a = await filled('a', 'one', 'two', 'three', 'four', 'five', 'six')
  b = await filled('b', 'new', 'newer', 'newest')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function filled(name: string, ...texts: string[]): Promise<MemoryLog> {
  const log = new MemoryLog({ name, nowMs: () => 1_000 })
  for (const text of texts) await log.append(subject, Buffer.from(text))
  return log
}

const chainOf = (entries: readonly LogEntry[]): Uint8Array =>
  entries.reduce((chain: Uint8Array, { data }) => nextChain(chain, tagOf(data)), chainStart)

/** Region a's log in segments that end at these entries. */
async function archive(...ends: number[]): Promise<void> {
  const entries = a.entries()
  let from = 0
  for (const end of ends) {
    await store.save(0, chainOf(entries.slice(0, from)), entries.slice(from, end))
    from = end
  }
}

async function archived(): Promise<string[]> {
  const segments = await Promise.all((await store.list(0)).map((info) => store.read(info)))
  return segments.map(({ entries }) => entries.map(({ seq, data }) => `${seq} ${Buffer.from(data)}`).join(', '))
}

describe('an archive whose log was cut', () => {
  test.each([
    [6, ['1 one, 2 two', '3 three, 4 four', '5 five, 6 six']],
    [5, ['1 one, 2 two', '3 three, 4 four', '5 five']],
    [4, ['1 one, 2 two', '3 three, 4 four']],
    [3, ['1 one, 2 two', '3 three']],
    [1, ['1 one']],
    [0, []],
  ])('behind %i holds what the log holds, and says where that ends', async (cut, left) => {
    await archive(2, 4, 6)
    const end = await cutArchive(0, store, cutAt(cut))
    expect(await archived()).toEqual(left)
    const chain = chainOf(a.entries().slice(0, cut))
    expect(end).toEqual(cut === 0 ? undefined : { epoch: 0, seq: cut, chain: Buffer.from(chain) })
  })

  test('is cut to the same when that ended half way before', async () => {
    await archive(2, 6)
    // The shorter one was written, and the one in whose place it comes was not removed yet.
    await store.save(0, chainOf(a.entries().slice(0, 2)), a.entries().slice(2, 3))
    await cutArchive(0, store, cutAt(3))
    expect(await archived()).toEqual(['1 one, 2 two', '3 three'])
  })

  test('is left as it is while nothing was cut', async () => {
    await archive(2, 6)
    await cutArchive(0, store, owned)
    expect(await archived()).toEqual(['1 one, 2 two', '3 three, 4 four, 5 five, 6 six'])
  })
})

describe('an archiver', () => {
  const options = { segmentBytesMax: 1, segmentAgeMsMax: 1 }
  const archiver = (owners: () => readonly OwnerSegment[]): ShardArchiver => {
    const logOf = (region: string): MemoryLog => (region === 'a' ? a : b)
    return new ShardArchiver(0, new SegmentedLog({ region: 'a', logOf, segments: owners() }), store, owners, options)
  }
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
  }

  test('goes on behind the cut with what the next owner wrote', async () => {
    await archive(2, 6)
    const again = archiver(() => cutAt(3))
    await again.begin()
    again.start(() => undefined)
    await until(() => again.archivedSeq === 6)
    await again.stop()
    expect(await archived()).toEqual(['1 one, 2 two', '3 three', '4 new', '5 newer', '6 newest'])
    const segments = await Promise.all((await store.list(0)).map((info) => store.read(info)))
    expect(segments.map(({ entries }) => entries[0]!.epoch ?? 0)).toEqual([0, 0, 1, 1, 1])
    for (const [n, { startChain }] of segments.entries()) {
      if (n > 0) expect(Buffer.from(startChain)).toEqual(segments[n - 1]!.endChain)
    }
  })

  test('that hears of a cut below its end before it has begun to read does not begin', async () => {
    await archive(6)
    let owners: readonly OwnerSegment[] = owned
    const running = archiver(() => owners)
    await running.begin()
    owners = cutAt(3)
    const failed: Error[] = []
    running.start((error) => failed.push(error))
    await running.stop()
    expect(failed[0]).toMatchObject({ name: 'CutBelow', cutPosition: 3, readPosition: 6 })
    expect(await archived()).toHaveLength(1)
  })

  test('that hears of a cut below its end counts nothing beyond it as archived', async () => {
    await archive(6)
    let owners: readonly OwnerSegment[] = owned
    const running = archiver(() => owners)
    await running.begin()
    expect(running.archivedSeq).toBe(6)
    owners = cutAt(3)
    expect(running.archivedSeq).toBe(3)
  })
})
