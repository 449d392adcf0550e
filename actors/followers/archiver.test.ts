import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HostTown, type Resident, region } from '../host/hostTown.fixture.ts'
import type { ShardRunner } from '../host/shardRunner.ts'
import { ArchivedLog } from '../log/archivedLog.ts'
import { createBlobs } from '../log/blobs.ts'
import { folderSegments } from '../log/folderSegments.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import type { MemoryLog } from '../log/memoryLog.ts'
import { firstOwnerRecord, type OwnerSegment } from '../log/ownerRecord.ts'
import { createLogger } from '../log/process.ts'
import { replayTo } from '../log/replay.ts'
import { Replica } from '../log/replica.ts'
import { createOpener } from '../log/sealing.ts'
import { newestRun, type SegmentStore } from '../log/segmentStore.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'
import { Archiver, type ArchiverOptions, type ArchiverPorts } from './archiver.ts'

const options: ArchiverOptions = {
  segmentBytesMax: 4_096,
  segmentAgeMsMax: 1,
  logBytesKept: 0,
  trimEveryMs: 1_000_000,
  archiveBytesMax: undefined,
}
let folder: string
let town: HostTown
let runners: ShardRunner[]
let alice: Resident
let segments: SegmentStore
let copies: SnapshotStore
let archivers: Archiver[]
let hopeless: Error[]
let owners: readonly OwnerSegment[]
let tokens = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-archiver-'))
  town = new HostTown({ folder: join(folder, 'region') })
  await town.begin()
  runners = [await town.lead(0, 'one'), await town.lead(1, 'one')]
  alice = await town.open(0)
  await town.fund(alice, 100_000)
  const blobs = createBlobs(town.ring)
  segments = folderSegments(join(folder, 'segments'), blobs, region)
  copies = folderSnapshots(join(folder, 'snapshots'), blobs)
  archivers = []
  hopeless = []
  owners = firstOwnerRecord(region, 'alone').segments
})
afterEach(async () => {
  for (const archiver of archivers) await archiver.stop()
  await town.end()
  rmSync(folder, { recursive: true, force: true })
})

const ends = (): Promise<number[]> => Promise.all(town.logs.map(async (log) => (await log.bounds()).last))

async function begin(changes: Partial<ArchiverOptions> = {}, ports: Partial<ArchiverPorts> = {}): Promise<Archiver> {
  const archiver = new Archiver(
    {
      logger: createLogger('test', 'silent'),
      logs: town.logs,
      segments,
      snapshots: town.snapshots,
      copies,
      owners: () => owners,
      projectorSeqs: ends,
      projectorRestartSeqs: ends,
      trim: async (shard, seq) => {
        ;(town.logs[shard] as MemoryLog).trimTo(seq)
        return seq
      },
      onHopeless: (error) => hopeless.push(error),
      ...ports,
    },
    { ...options, ...changes },
  )
  archivers.push(archiver)
  await archiver.start()
  return archiver
}

async function stop(archiver: Archiver): Promise<void> {
  archivers.splice(archivers.indexOf(archiver), 1)
  await archiver.stop()
}

/** So many frames, each with one payment to the other shard. */
async function pay(frames: number): Promise<void> {
  const bob = { number: town.stranger(1).number }
  for (let n = 0; n < frames; n++) {
    const seq = await town.pay(0, [town.payment(alice, bob, 1, ++tokens)])
    await town.until('the payment came back', () => town.quiet({ 0: seq }))
  }
}

/** A snapshot of each shard now; two of them let a log be trimmed. */
async function snapshot(): Promise<void> {
  for (const runner of runners) await runner.snapshot()
}

async function archived(archiver: Archiver): Promise<void> {
  await town.until('all is archived', () =>
    archiver.shards.every(({ shard, archivedSeq }) => archivedSeq >= town.observers[shard]!.seq),
  )
}

/** A replica that begins with nothing, as a new reader of the log with its archive does. */
async function fromNothing(shard: number): Promise<Replica> {
  const replica = new Replica(shard, createOpener(town.ring, { shard }))
  const log = new ArchivedLog(shard, town.logs[shard]!, segments)
  await replayTo(replica, log, (await town.logs[shard]!.bounds()).last)
  return replica
}

const standing = ({ seq, chain, ledger }: Replica): unknown[] => [
  seq,
  Buffer.from(chain).toString('hex'),
  ledger.state.digestText(),
]

describe('an archiver', () => {
  test('trims a log behind archive, two snapshots and database, and a reader from nothing notices nothing', async () => {
    const archiver = await begin()
    await snapshot()
    await pay(5)
    await snapshot()
    await archived(archiver)
    await archiver.round()
    await pay(3)
    for (const shard of [0, 1]) {
      const { first } = await town.logs[shard]!.bounds()
      const older = (await town.snapshots.list(shard))[1]!.seq
      expect(first).toBe(older + 1)
      expect(standing(await fromNothing(shard))).toEqual(standing(town.observers[shard]!))
    }
    expect(hopeless).toEqual([])
  })

  test('trims nothing before two snapshots, and nothing that the database has not seen', async () => {
    const behind = await begin({}, { projectorSeqs: async () => [2, 0] })
    await archived(behind)
    await behind.round()
    expect((await town.logs[0]!.bounds()).first).toBe(1)
    await snapshot()
    await pay(5)
    await snapshot()
    await archived(behind)
    await behind.round()
    expect(await Promise.all(town.logs.map(async (log) => (await log.bounds()).first))).toEqual([3, 1])
  })

  test('goes on copying while the database is down, and says why nothing is trimmed', async () => {
    let down = true
    const projectorSeqs = (): Promise<number[]> => (down ? Promise.reject(new Error('no database')) : ends())
    const archiver = await begin({}, { projectorSeqs })
    await snapshot()
    await pay(5)
    await snapshot()
    await archived(archiver)
    await archiver.round()
    expect(archiver.trouble).toBe('no database')
    expect((await town.logs[0]!.bounds()).first).toBe(1)
    down = false
    await archiver.round()
    expect(archiver.trouble).toBe('')
    expect((await town.logs[0]!.bounds()).first).toBeGreaterThan(1)
  })

  test('trims nothing for a state that a cut has voided, and copies the state that comes after it', async () => {
    const archiver = await begin()
    await pay(2)
    await snapshot()
    const { seq: cut } = town.observers[0]!
    await pay(2)
    await snapshot()
    await archived(archiver)
    owners = [
      { epoch: 0, region, first: 1, last: cut },
      { epoch: 1, region: 'b', first: 1 },
    ]
    await archiver.round()
    expect((await town.logs[0]!.bounds()).first).toBe(1)
    expect((await copies.list(0)).map(({ seq }) => seq)).toEqual([cut])
  })

  test('that is started again goes on where its archive ends', async () => {
    const first = await begin()
    await pay(3)
    await archived(first)
    await stop(first)
    await pay(3)
    const second = await begin()
    await archived(second)
    for (const shard of [0, 1]) {
      const infos = await segments.list(shard)
      expect(newestRun(infos)).toEqual({ first: 1, last: town.observers[shard]!.seq })
      // No entry stands in two segments.
      for (const [n, { first: begins }] of infos.entries()) expect(begins).toBe(n === 0 ? 1 : infos[n - 1]!.last + 1)
    }
  })

  test('refuses a log that does not reach back to its archive, and one that ends before it', async () => {
    const first = await begin()
    await pay(3)
    await archived(first)
    await stop(first)
    await pay(3)
    const { last } = await town.logs[0]!.bounds()
    ;(town.logs[0] as MemoryLog).trimTo(last)
    await expect(begin()).rejects.toThrow(/the archive ends before it/)
    archivers.length = 0
    const [info] = (await segments.list(0)).slice(-1)
    await segments.save(0, (await segments.read(info!)).endChain, [
      { seq: info!.last + 1, stampMs: 1, subject: 'cmd.a.0.op', data: new Uint8Array(8) },
      ...Array.from({ length: last }, (_, n) => {
        return { seq: info!.last + 2 + n, stampMs: 1, subject: 'cmd.a.0.op', data: new Uint8Array(8) }
      }),
    ])
    await expect(begin()).rejects.toThrow(/the archive holds more than the log/)
    archivers.length = 0
  })

  test('keeps its archive within its bytes, and a shard still starts from snapshot and log', async () => {
    const archiveBytesMax = 20_000
    const archiver = await begin({ archiveBytesMax })
    for (let n = 0; n < 6; n++) {
      await pay(6)
      await snapshot()
      await archived(archiver)
      await archiver.round()
    }
    const infos = (await Promise.all([0, 1].map((shard) => segments.list(shard)))).flat()
    expect(infos.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(2 * archiveBytesMax)
    expect(infos.some(({ first }) => first === 1)).toBe(false)
    for (const shard of [0, 1]) {
      const replica = new Replica(shard, createOpener(town.ring, { shard }))
      // The archive's own older copy is enough, with what archive and log still hold.
      const [, older] = await copies.list(shard)
      expect(older!.seq + 1).toBeGreaterThanOrEqual(
        (await new ArchivedLog(shard, town.logs[shard]!, segments).bounds()).first,
      )
      const newest = (await copies.newest(shard))!
      replica.restore(newest.manifest, newest.sections)
      await replayTo(replica, new ArchivedLog(shard, town.logs[shard]!, segments), town.observers[shard]!.seq)
      expect(standing(replica)).toEqual(standing(town.observers[shard]!))
    }
  })

  test('forgets nothing that a projector which died might read again', async () => {
    const archiver = await begin({ archiveBytesMax: 1 }, { projectorRestartSeqs: async () => [0, 0] })
    for (let n = 0; n < 3; n++) {
      await pay(3)
      await snapshot()
      await archived(archiver)
      await archiver.round()
    }
    expect((await segments.list(0))[0]!.first).toBe(1)
    expect((await town.logs[0]!.bounds()).first).toBeGreaterThan(1)
  })
})

describe('a shard whose log was trimmed', () => {
  test('is led from a snapshot and what the log still holds', async () => {
    const archiver = await begin()
    await snapshot()
    await pay(4)
    await snapshot()
    await archived(archiver)
    await archiver.round()
    await pay(2)
    const next = await town.lead(0, 'two')
    expect(standing(next.leader!.replica)).toEqual(standing(town.observers[0]!))
  })
})
