import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Objm } from '@nats-io/obj'
import { describe, expect, test } from 'vitest'
import { createBlobs } from './blobs.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { removeOrphanChunks } from './objectOrphans.ts'
import { objectSnapshots, snapshotBucket } from './objectSnapshots.ts'
import { natsMissing } from './restartableNats.ts'
import { contentsOf, snapshotStoreContract } from './snapshotStoreContract.ts'
import { testNats } from './testNats.fixture.ts'

const missing = await natsMissing()
const region = 'a'
const bucketName = snapshotBucket(region)

describe.skipIf(missing !== undefined)(`with a real server${missing ? ` (skipped: ${missing})` : ''}`, () => {
  const server = testNats()

  const newBucket = () => new Objm(jetstream(server.connection)).create(bucketName)
  const chunksIn = async () => {
    const manager = await jetstreamManager(server.connection)
    const { state } = await manager.streams.info(`OBJ_${bucketName}`, { subjects_filter: `$O.${bucketName}.C.>` })
    return Object.keys(state.subjects ?? {})
  }
  const leaveChunk = () => jetstream(server.connection).publish(`$O.${bucketName}.C.dead`, new Uint8Array(1_000))

  snapshotStoreContract('the object store', async () => {
    const bucket = await newBucket()
    return {
      open: (blobs, options) => objectSnapshots(server.connection, blobs, { region, ...options }),
      async rewrite(name, change) {
        const { metadata } = (await bucket.info(name))!
        const bytes = change((await bucket.getBlob(name))!)
        await bucket.putBlob({ name, metadata: metadata! }, bytes)
      },
      dieHalfWay: async () => void (await leaveChunk()),
      close: async () => void (await bucket.destroy()),
    }
  })

  test('saves leave no bytes of what they replace', async () => {
    const bucket = await newBucket()
    const store = await objectSnapshots(server.connection, createBlobs(memoryKeyRing(['snapshot'])), { region })
    for (const seq of [1, 2, 3, 4, 5]) await store.save(contentsOf(seq))
    expect(await chunksIn()).toHaveLength(2)
    const { streamInfo } = await bucket.status()
    const [newest] = await store.list(0)
    expect(streamInfo.state.bytes).toBeLessThan(2.1 * newest!.bytes)
    await bucket.destroy()
  })

  test.each([
    ['an earlier position', { epoch: 1, seq: 3 }],
    ['an earlier epoch, however far that came', { epoch: 0, seq: 900 }],
  ])('a save that comes late, of %s, leaves the two that are newer', async (_, { epoch, seq }) => {
    const bucket = await newBucket()
    const store = await objectSnapshots(server.connection, createBlobs(memoryKeyRing(['snapshot'])), { region })
    for (const newer of [4, 5]) await store.save(contentsOf(newer))
    await store.save(contentsOf(seq, { epoch }))
    expect((await store.list(0)).map((info) => [info.epoch, info.seq])).toEqual([
      [1, 5],
      [1, 4],
    ])
    expect(await chunksIn()).toHaveLength(2)
    await bucket.destroy()
  })

  test('chunks that a dead save left are removed once they are old, and those of a save under way are not', async () => {
    const bucket = await newBucket()
    const manager = await jetstreamManager(server.connection)
    const store = await objectSnapshots(server.connection, createBlobs(memoryKeyRing(['snapshot'])), { region })
    await store.save(contentsOf(1))
    await leaveChunk()
    expect(await removeOrphanChunks(manager, region)).toBe(0)
    expect(await chunksIn()).toHaveLength(2)
    expect(await removeOrphanChunks(manager, region, Date.now() + 3_600_000)).toBe(1)
    expect((await store.newest(0))?.manifest.seq).toBe(1)
    await bucket.destroy()
  })

  test('of two leaders that save into one place at once each finds a whole snapshot', async () => {
    const bucket = await newBucket()
    const ring = memoryKeyRing(['snapshot'])
    const stores = await Promise.all(
      [1, 2].map(() => objectSnapshots(server.connection, createBlobs(ring), { region })),
    )
    await stores[0]!.save(contentsOf(1))
    const results = await Promise.allSettled(stores.map((store, index) => store.save(contentsOf(2 + index))))
    expect(results.filter((result) => result.status === 'fulfilled').length).toBeGreaterThan(0)
    const newest = await stores[0]!.newest(0)
    expect(newest?.manifest.seq).toBeGreaterThan(1)
    expect(await chunksIn()).toHaveLength(2)
    await bucket.destroy()
  })

  test('a server killed during a save leaves the older snapshot, and the next save works', async () => {
    const bucket = await newBucket()
    const blobs = createBlobs(memoryKeyRing(['snapshot']))
    const store = await objectSnapshots(server.connection, blobs, { region, chunkTimeoutMs: 1_000 })
    await store.save(contentsOf(1))
    const sections = [{ name: 'large', parts: [new Uint8Array(60_000_000)] }]
    const save = store.save(contentsOf(2, { sections }))
    const failed = expect(save).rejects.toThrow()
    await new Promise((resolve) => setTimeout(resolve, 30))
    await server.nats.kill()
    await server.nats.start()
    await failed
    expect((await store.newest(0))?.manifest.seq).toBe(1)
    await store.save(contentsOf(3))
    expect((await store.newest(0))?.manifest.seq).toBe(3)
    await bucket.destroy()
  }, 60_000)

  test('a bucket that was never made is named', async () => {
    const blobs = createBlobs(memoryKeyRing(['snapshot']))
    await expect(objectSnapshots(server.connection, blobs, { region: 'z' })).rejects.toThrow('object store not found')
  })
})
