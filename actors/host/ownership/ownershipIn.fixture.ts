import { encodeJson } from '../../log/jsonBytes.ts'
import { firstOwnerRecord } from '../../log/ownerRecord.ts'
import { createLogger } from '../../log/process.ts'
import type { ManualTimers } from '../manualTimers.fixture.ts'
import { type OwnedReplica, ShardOwnership } from './shardOwnership.ts'

/** How a region decides on a shard that a owns, over a witness in memory and a replica that is the test's. */
export function ownershipIn(
  region: 'a' | 'b',
  timers: Pick<ManualTimers, 'after' | 'nowMs'>,
  replica: Pick<OwnedReplica, 'ends' | 'holdAt'>,
): ShardOwnership {
  const nothing = (): void => undefined
  let revision = 1
  return new ShardOwnership({
    region,
    peer: region === 'a' ? 'b' : 'a',
    shard: 0,
    lease: { surelyHeld: true },
    witness: {
      get: async () => ({ revision, value: encodeJson(firstOwnerRecord('a', 'sync')) }),
      update: async () => ++revision,
    },
    replica: { ...replica, follow: nothing, rollBack: nothing, commit: nothing },
    ports: {
      after: (delayMs, work) => timers.after(delayMs, work),
      monotonicMs: () => timers.nowMs,
      random: () => 0.5,
    },
    logger: createLogger('test', 'silent'),
    vouch: nothing,
    onCommitted: nothing,
    onRecord: nothing,
    onSafe: nothing,
  })
}
