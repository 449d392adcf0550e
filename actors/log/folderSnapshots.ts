import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Blobs } from './blobs.ts'
import { namesIn, putFile } from './folderFiles.ts'
import type { SnapshotContents } from './snapshot.ts'
import { sealSnapshot } from './snapshotCodec.ts'
import {
  newestFirst,
  openNewest,
  type SnapshotInfo,
  type SnapshotStore,
  type SnapshotStoreOptions,
} from './snapshotStore.ts'

export type FolderSnapshotsOptions = SnapshotStoreOptions & {
  /** Snapshots of each shard that stay. */
  readonly keep?: number
}

const namePattern = /^([a-z])-(\d+)-(\d+)-(\d+)-(\d+)\.snap$/
const readBytes = 1024 * 1024

/** Snapshots as files of one folder, for backups: `<region>-<shard>-<epoch>-<seq>-<time>.snap`, mode 0600. */
export function folderSnapshots(dir: string, blobs: Blobs, options: FolderSnapshotsOptions = {}): SnapshotStore {
  const { keep = 2, onRefused } = options

  const list = async (shard: number): Promise<SnapshotInfo[]> => {
    const infos: SnapshotInfo[] = []
    for (const name of await namesIn(dir)) {
      const info = await infoOf(dir, name)
      if (info?.shard === shard) infos.push(info)
    }
    return infos.toSorted(newestFirst)
  }

  return {
    list,
    async save(contents) {
      await putFile(dir, nameOf(contents), sealSnapshot(blobs, contents))
      for (const old of (await list(contents.shard)).slice(keep)) await rm(join(dir, old.name), { force: true })
    },
    async newest(shard, segments) {
      const read = ({ name }: SnapshotInfo) => createReadStream(join(dir, name), { highWaterMark: readBytes })
      return openNewest(await list(shard), segments, blobs, read, onRefused)
    },
  }
}

function nameOf({ region, shard, epoch, seq, createdMs }: SnapshotContents): string {
  return `${region}-${shard}-${epoch}-${seq}-${createdMs}.snap`
}

async function infoOf(dir: string, name: string): Promise<SnapshotInfo | undefined> {
  const match = namePattern.exec(name)
  if (match === null) return undefined
  const [, region, ...numbers] = match
  const [shard, epoch, seq, createdMs] = numbers.map(Number) as [number, number, number, number]
  const { size } = await stat(join(dir, name))
  return { name, region: region!, shard, epoch, seq, createdMs, bytes: size }
}
