import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Blobs } from './blobs.ts'
import { isCode, syncFolder } from './durableFile.ts'
import { openSegment, sealSegment } from './segment.ts'
import { logOrder, type SegmentInfo, type SegmentStore } from './segmentStore.ts'

const namePattern = /^([a-z])-(\d+)-(\d+)-(\d+)\.seg$/

/** Segments as files of one folder: `<region>-<shard>-<first>-<last>.seg`, mode 0600. */
export function folderSegments(dir: string, blobs: Blobs, region: string): SegmentStore {
  return {
    async save(shard, startChain, entries) {
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const { place, endChain, pieces } = sealSegment(blobs, region, shard, startChain, entries)
      const name = `${region}-${shard}-${place.first}-${place.last}.seg`
      const bytes = await writeSynced(join(dir, `${name}.partial`), pieces)
      await rename(join(dir, `${name}.partial`), join(dir, name))
      syncFolder(dir)
      return { ...place, name, bytes, endChain }
    },
    async list(shard) {
      const infos: SegmentInfo[] = []
      for (const name of await namesIn(dir)) {
        const [, inRegion, ...numbers] = namePattern.exec(name) ?? []
        const [ofShard, first, last] = numbers.map(Number)
        if (inRegion !== region || ofShard !== shard) continue
        const { size } = await stat(join(dir, name))
        infos.push({ region, shard, first: first!, last: last!, name, bytes: size })
      }
      return infos.toSorted(logOrder)
    },
    async read(info) {
      return openSegment(blobs, info.name, info, await readFile(join(dir, info.name)))
    },
    async remove({ name }) {
      await rm(join(dir, name), { force: true })
    },
  }
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
}

async function writeSynced(file: string, pieces: readonly Uint8Array[]): Promise<number> {
  const handle = await open(file, 'w', 0o600)
  try {
    const whole = Buffer.concat(pieces)
    for (let at = 0; at < whole.length; ) at += (await handle.write(whole, at)).bytesWritten
    await handle.sync()
    return whole.length
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}
