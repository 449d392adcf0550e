import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Blobs } from './blobs.ts'
import { namesIn, putFile } from './folderFiles.ts'
import { openSegment, sealSegment } from './segment.ts'
import { logOrder, type SegmentInfo, type SegmentStore } from './segmentStore.ts'

const namePattern = /^([a-z])-(\d+)-(\d+)-(\d+)\.seg$/

/** Segments as files of one folder: `<region>-<shard>-<first>-<last>.seg`, mode 0600. */
export function folderSegments(dir: string, blobs: Blobs, region: string): SegmentStore {
  return {
    async save(shard, startChain, entries) {
      const { place, endChain, pieces } = sealSegment(blobs, region, shard, startChain, entries)
      const name = `${region}-${shard}-${place.first}-${place.last}.seg`
      const bytes = await putFile(dir, name, pieces)
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
