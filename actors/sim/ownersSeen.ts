import { decodeJson } from '../log/jsonBytes.ts'
import { loneOwner, type OwnerDirectory, OwnerTable } from '../log/ownerDirectory.ts'
import { ownerKey, parseOwnerRecord } from '../log/ownerRecord.ts'
import type { Region } from './region.ts'
import type { SimProcess } from './simProcess.ts'

const readEveryMs = 1_000

/** Who owns the shards as a process of a region sees it: by its region's copy of the records, now and then read again. */
export function ownersSeen(region: Region, process: SimProcess): OwnerDirectory {
  const { scenario } = region.world
  if (region.peer === undefined) return loneOwner(region.name)
  const table = new OwnerTable()
  const take = (shard: number, { value, revision }: { value: Uint8Array; revision: number }): void =>
    void table.take(shard, parseOwnerRecord(decodeJson(value)), revision)
  const shards = Array.from({ length: scenario.shardCount }, (_, shard) => shard)
  region.owners.watch(process, (key, entry) => {
    for (const shard of shards) if (ownerKey(shard) === key) take(shard, entry)
  })
  const bucket = region.owners.of(process)
  const read = (): void => {
    for (const shard of shards) {
      bucket.get(ownerKey(shard)).then(
        (entry) => entry && take(shard, entry),
        () => undefined,
      )
    }
    process.after(readEveryMs, read)
  }
  read()
  return table
}
