import type { HostTown } from '../../actors/host/hostTown.fixture.ts'
import type { Followed } from './journal.ts'

/** Where the logs of a town end, as the owners of its shards say. */
export function logEndsOf({ observers }: HostTown): (shard: number) => Promise<Followed> {
  return async (shard) => {
    const { seq, ledger } = observers[shard]!
    return { shard, seq, timeMs: ledger.state.logTimeMs }
  }
}
