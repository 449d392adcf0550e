import type { Replica } from './replica.ts'
import type { ShardLog } from './shardLog.ts'

/** Applies a log's entries up to and including `last` to a replica; for readers that need no live end. */
export function replayTo(replica: Replica, log: ShardLog, last: number): Promise<void> {
  if (replica.seq >= last) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const follower = log.follow(replica.seq + 1, (entry) => {
      if (entry.seq > last) return
      const applied = replica.apply(entry)
      if (!(applied instanceof Promise)) {
        if (entry.seq === last) end()
        return
      }
      return applied.then(() => {
        if (entry.seq === last) end()
      })
    })
    const end = (): void => {
      follower.stop().then(resolve, reject)
    }
    follower.failed.then(reject, reject)
  })
}
