import type { Replica } from './replica.ts'
import type { ShardLog } from './shardLog.ts'

/** Applies a log's entries up to and including `last` to a replica; for readers that need no live end. */
export function replayTo(replica: Replica, log: ShardLog, last: number): Promise<void> {
  return replayUntil(replica, log, () => replica.seq >= last)
}

/** Applies a log's entries to a replica, one after the other, until `reached` says that it stands where it should. */
export function replayUntil(replica: Replica, log: ShardLog, reached: () => boolean): Promise<void> {
  if (reached()) return Promise.resolve()
  return new Promise((resolve, reject) => {
    let ended = false
    const endIfReached = (): void => {
      if (!reached()) return
      ended = true
      follower.stop().then(resolve, reject)
    }
    const follower = log.follow(replica.seq + 1, (entry) => {
      if (ended) return
      const applied = replica.apply(entry)
      if (applied instanceof Promise) return applied.then(endIfReached)
      endIfReached()
    })
    follower.failed.then(reject, reject)
  })
}
