import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { type ObjectInfo, type ObjectStore, Objm, setSha256Backend } from '@nats-io/obj'
import type { Blobs } from './blobs.ts'
import { removeOrphanChunks } from './objectOrphans.ts'
import { type SnapshotContents, SnapshotError } from './snapshot.ts'
import { sealSnapshot } from './snapshotCodec.ts'
import {
  newestFirst,
  openNewest,
  type SnapshotInfo,
  type SnapshotStore,
  type SnapshotStoreOptions,
} from './snapshotStore.ts'

const chunkBytes = 1024 * 1024
/** While one of a shard's two places is written anew the other holds a whole snapshot. */
const slots = [0, 1] as const

export type ObjectSnapshotsOptions = SnapshotStoreOptions & {
  readonly region: string
  /** How long the store may take over one chunk. */
  readonly chunkTimeoutMs?: number
}

/** Bucket of a region's snapshots, and the stream behind it. */
export const snapshotBucket = (region: string): string => `snap_${region}`

/**
 * Snapshots in the region's JetStream object store. Each shard has two places and a save overwrites the older one,
 * unless both are newer than what it brings: the store's own entry of a place changes only after the last chunk is
 * stored, so a save that dies half way changes nothing, and no list of old names grows.
 * @throws Error when the bucket does not exist.
 */
export async function objectSnapshots(
  connection: NatsConnection,
  blobs: Blobs,
  options: ObjectSnapshotsOptions,
): Promise<SnapshotStore> {
  // The default hashes in JavaScript: seconds for a large shard, in which nothing else would run.
  setSha256Backend('native')
  const { region, onRefused, chunkTimeoutMs = 5_000 } = options
  const js = jetstream(connection, { timeout: chunkTimeoutMs })
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: chunkTimeoutMs })
  const bucket = await new Objm(js).open(snapshotBucket(region))

  const entries = async (shard: number): Promise<Entry[]> => {
    const found = await Promise.all(slots.map((slot) => entryOf(bucket, `shard-${shard}.${slot}`)))
    return found.toSorted((a, b) => (a.info && b.info ? newestFirst(a.info, b.info) : a.info ? -1 : 1))
  }
  const list = async (shard: number) => (await entries(shard)).flatMap(({ info }) => (info === undefined ? [] : [info]))

  return {
    list,
    async save(contents) {
      await removeOrphanChunks(manager, region)
      const oldest = (await entries(contents.shard)).at(-1)!
      // A worker that wakes late may bring one behind which the log is trimmed already.
      if (oldest.info !== undefined && newestFirst(oldest.info, { ...oldest.info, ...contents }) < 0) return
      const meta = { name: oldest.name, metadata: metadataOf(contents), options: { max_chunk_size: chunkBytes } }
      // Another process that leads the same shard may save too: who is second finds the place changed and gives up.
      const guard = { timeout: chunkTimeoutMs, previousRevision: oldest.revision }
      const stored = await bucket.put(meta, streamOf(sealSnapshot(blobs, contents)), guard)
      await checkStored(manager, region, stored)
    },
    async newest(shard, segments) {
      const read = (info: SnapshotInfo) => readObject(bucket, info.name, chunkTimeoutMs)
      return openNewest(await list(shard), segments, blobs, read, onRefused)
    },
  }
}

type Entry = { readonly name: string; readonly revision: number; readonly info: SnapshotInfo | undefined }

async function entryOf(bucket: ObjectStore, name: string): Promise<Entry> {
  const object = await bucket.info(name)
  if (object === null) return { name, revision: 0, info: undefined }
  return { name, revision: object.revision, info: infoOf(object) }
}

function metadataOf({ region, shard, epoch, seq, createdMs }: SnapshotContents): Record<string, string> {
  return {
    region,
    shard: String(shard),
    epoch: String(epoch),
    seq: String(seq),
    createdMs: String(createdMs),
  }
}

/** Metadata that anyone changed leads to a place that the manifest does not open for. */
function infoOf({ name, size, metadata = {}, deleted }: ObjectInfo): SnapshotInfo | undefined {
  const { region } = metadata
  const [shard, epoch, seq, createdMs] = ['shard', 'epoch', 'seq', 'createdMs'].map((key) => Number(metadata[key]))
  const numbers = [shard, epoch, seq, createdMs]
  if (deleted || region === undefined || !numbers.every(Number.isSafeInteger)) return undefined
  return { name, region, shard: shard!, epoch: epoch!, seq: seq!, createdMs: createdMs!, bytes: size }
}

/** A chunk that is missing must be known now, not when the snapshot is needed. */
async function checkStored(
  manager: Awaited<ReturnType<typeof jetstreamManager>>,
  region: string,
  { name, nuid, chunks }: ObjectInfo,
): Promise<void> {
  const bucket = snapshotBucket(region)
  const subject = `$O.${bucket}.C.${nuid}`
  const { state } = await manager.streams.info(`OBJ_${bucket}`, { subjects_filter: subject })
  const stored = state.subjects?.[subject] ?? 0
  if (stored !== chunks) throw new SnapshotError('damaged', name, `${stored} of its ${chunks} chunks are stored`)
}

function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 1 },
  )
}

async function* readObject(bucket: ObjectStore, name: string, timeoutMs: number): AsyncGenerator<Uint8Array> {
  const object = await bucket.get(name)
  if (object === null) throw new Error('it is gone')
  const reader = object.data.getReader()
  try {
    for (;;) {
      const { done, value } = await withTimeout(reader.read(), timeoutMs)
      if (done) break
      yield value
    }
    const failure = await withTimeout(object.error, timeoutMs)
    if (failure) throw failure
  } finally {
    await reader.cancel().catch(() => undefined)
    // The store reports through this promise too; nobody may be left to hear it.
    object.error.catch(() => undefined)
  }
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
