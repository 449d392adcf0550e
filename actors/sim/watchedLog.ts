import type { Replica } from '../log/replica.ts'
import type { ShardLog } from '../log/shardLog.ts'
import type { SimProcess } from './simProcess.ts'
import type { World } from './world.ts'

/** Replicas are compared at every so manieth entry: what parts them once parts them for good. */
export const digestEvery = 8

/** A log as a worker follows it: what it reads is known above, and the auditor hears the state it makes now and then. */
export function watchedLog(
  world: World,
  process: SimProcess,
  shard: number,
  log: ShardLog,
  replicaOf: () => Replica | undefined,
): ShardLog {
  const word = (seq: number): void => {
    const replica = replicaOf()
    if (replica?.seq !== seq || !process.alive || seq % digestEvery !== 0) return
    const digest = replica.ledger.state.digestText()
    world.auditor.applied({ shard, seq, epoch: replica.epoch, who: process.name, digest })
  }
  return {
    append: (subject, frame, options) => log.append(subject, frame, options),
    bounds: () => log.bounds(),
    follow: (fromSeq, onEntry, options) => {
      const handOn = (entry: Parameters<typeof onEntry>[0]): void | Promise<void> => {
        world.committed.read(process, shard, entry)
        const done = onEntry(entry)
        if (done instanceof Promise) return done.then(() => word(entry.seq))
        word(entry.seq)
      }
      return log.follow(fromSeq, handOn, options)
    },
  }
}
