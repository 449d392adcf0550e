import type { Replica } from '../log/replica.ts'
import type { ShardLog } from '../log/shardLog.ts'
import type { SimProcess } from './simProcess.ts'
import type { World } from './world.ts'

/** Replicas are compared at every so manieth entry: what parts them once parts them for good. */
export const digestEvery = 8

/** A region's log or mirror as a worker follows it: what it reads is known above, and now and then the state it makes. */
export function watchedLog(
  world: World,
  process: SimProcess,
  place: { readonly shard: number; readonly region: string },
  log: ShardLog,
  replicaOf: () => Replica | undefined,
): ShardLog {
  const { shard } = place
  let toldSeq = 0
  const word = (): void => {
    const replica = replicaOf()
    if (replica === undefined || !process.alive || replica.seq === toldSeq || replica.seq % digestEvery !== 0) return
    const { seq, epoch } = replica
    toldSeq = seq
    world.auditor.applied({ shard, seq, epoch, who: process.name, digest: replica.ledger.state.digestText() })
  }
  return {
    append: (subject, frame, options) => log.append(subject, frame, options),
    bounds: () => log.bounds(),
    follow: (fromSeq, onEntry, options) => {
      const handOn = (entry: Parameters<typeof onEntry>[0]): void | Promise<void> => {
        world.committed.read(process, place, entry)
        const done = onEntry(entry)
        if (done instanceof Promise) return done.then(word)
        word()
      }
      return log.follow(fromSeq, handOn, options)
    },
  }
}
