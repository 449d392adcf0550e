import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBlobs } from '../log/blobs.ts'
import { chainStart } from '../log/chain.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { regionPurposes } from '../log/keyRing.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { newestRun } from '../log/segmentStore.ts'
import type { LogEntry } from '../log/shardLog.ts'
import { contentsOf } from '../log/snapshotStoreContract.ts'
import { rejoinShard, type ShardStores } from './rejoin.ts'

/** Region a owned the shard up to position 7, and its log of that time is gone. */
const segments = [
  { epoch: 0, region: 'a', first: 1, last: 7 },
  { epoch: 1, region: 'b', first: 1 },
]
const place = { shard: 0, lost: 7, segments }
let folder: string
let here: ShardStores
let there: ShardStores
let entries: LogEntry[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-rejoin-'))
  const blobs = createBlobs(memoryKeyRing(regionPurposes(1)))
  const storesOf = (region: string): ShardStores => ({
    snapshots: folderSnapshots(join(folder, region, 'snapshots'), blobs),
    segments: folderSegments(join(folder, region, 'segments'), blobs, region),
  })
  here = storesOf('a')
  there = storesOf('b')
  entries = Array.from({ length: 10 }, (_, n) => ({
    seq: n + 1,
    epoch: n < 7 ? 0 : 1,
    timeMs: 1_760_000_000_000 + n,
    subject: 'cmd.a.0.edge.1',
    data: new Uint8Array(200).fill(n),
  })) as unknown as LogEntry[]
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const snapshot = (region: string, seq: number) => contentsOf(seq, { region, epoch: seq > 7 ? 1 : 0 })

async function archive(stores: ShardStores, ...lengths: number[]): Promise<void> {
  let chain: Uint8Array = chainStart
  let from = 0
  for (const length of lengths) {
    chain = (await stores.segments.save(0, chain, entries.slice(from, from + length))).endChain
    from += length
  }
}

async function archived(stores: ShardStores): Promise<LogEntry[]> {
  const infos = await stores.segments.list(0)
  return (await Promise.all(infos.map((info) => stores.segments.read(info)))).flatMap(({ entries: held }) => held)
}

test('what a region has itself it takes from nobody', async () => {
  await here.snapshots.save(snapshot('a', 9))
  await archive(here, 9)
  expect(await rejoinShard(place, there, here)).toBeUndefined()
})

test('a region that has nothing gets state and archive of the other, entry by entry', async () => {
  await there.snapshots.save(snapshot('b', 9))
  await archive(there, 4, 4)
  expect(await rejoinShard(place, there, here)).toBeUndefined()
  expect((await here.snapshots.newest(0, segments))?.manifest).toMatchObject({ seq: 9, digest: 'digest 9' })
  expect(await archived(here)).toEqual(await archived(there))
})

test('an archive of its own that ends too early gives way to the other’s', async () => {
  await here.snapshots.save(snapshot('a', 5))
  await archive(here, 3, 2)
  await there.snapshots.save(snapshot('b', 8))
  await archive(there, 8)
  expect(await rejoinShard(place, there, here)).toBeUndefined()
  expect(newestRun(await here.segments.list(0))).toEqual({ first: 1, last: 8 })
  expect(await archived(here)).toEqual(await archived(there))
})

test.each([
  ['snapshot', 6, 8, 'shard 0: the other region has no snapshot at or behind 7 yet'],
  ['archive', 8, 6, 'shard 0: the other region’s archive does not reach 7 yet'],
])('it waits for a %s that reaches far enough', async (_, snapshotSeq, archiveSeq, word) => {
  await there.snapshots.save(snapshot('b', snapshotSeq))
  await archive(there, archiveSeq)
  expect(await rejoinShard(place, there, here)).toBe(word.replace('’', "'"))
  expect(await here.segments.list(0)).toEqual([])
})

test('what a cut has voided does not make an archive reach far enough', async () => {
  await there.snapshots.save(snapshot('b', 9))
  await archive(there, 9)
  const [first] = await there.segments.list(0)
  const tail = entries.slice(7).map((entry) => ({ ...entry, epoch: 0 }))
  await here.segments.save(0, chainStart, [...(await there.segments.read(first!)).entries.slice(0, 7), ...tail])
  expect(await rejoinShard({ ...place, lost: 8 }, there, here)).toBeUndefined()
  expect(await archived(here)).toEqual(await archived(there))
})

test('a state that a cut has voided is none', async () => {
  await there.snapshots.save(contentsOf(9, { region: 'b', epoch: 0 }))
  await archive(there, 9)
  expect(await rejoinShard(place, there, here)).toContain('no snapshot')
})

test('begun again after it ended half way, it comes to the same', async () => {
  await there.snapshots.save(snapshot('b', 9))
  await archive(there, 4, 4)
  const [first] = await there.segments.list(0)
  const { startChain, entries: held } = await there.segments.read(first!)
  await here.segments.save(0, startChain, held)
  expect(await rejoinShard(place, there, here)).toBeUndefined()
  expect(await rejoinShard(place, there, here)).toBeUndefined()
  expect(await archived(here)).toEqual(await archived(there))
})
