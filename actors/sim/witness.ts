import { decodeJson, encodeJson } from '../log/jsonBytes.ts'
import { firstOwnerRecord, type OwnerRecord, ownerKey, parseOwnerRecord } from '../log/ownerRecord.ts'
import { SimBucket } from './simBucket.ts'
import { Site } from './site.ts'
import type { Faults } from './swarm.ts'
import type { World } from './world.ts'

/** The third place: one record a shard, which is what both regions believe. */
export class SimWitness {
  readonly bucket: SimBucket

  constructor(world: World, faults: Faults) {
    const { time, chronicle, links, prng, scenario } = world
    const site = new Site('w', time)
    const options = { name: 'witness', faults: faults.witness, time, chronicle, links, site }
    this.bucket = new SimBucket({ ...options, prng: prng.fork('witness') })
    const { regions, shardCount } = scenario
    for (let shard = 0; shard < shardCount; shard++) {
      this.bucket.put(ownerKey(shard), encodeJson(firstOwnerRecord(regions[shard % regions.length]!, 'sync')))
    }
    this.bucket.onChange((key, { value, revision }) => {
      const { epoch, owner, mode } = recordOf(value)
      chronicle.tell(`record.${mode}`, `${key} ${epoch} ${owner} ${revision}`)
    })
  }

  valueOf(shard: number): Uint8Array {
    return this.bucket.peek(ownerKey(shard))!.value
  }

  recordOf(shard: number): OwnerRecord {
    return recordOf(this.valueOf(shard))
  }
}

function recordOf(value: Uint8Array): OwnerRecord {
  return parseOwnerRecord(decodeJson(value))
}
