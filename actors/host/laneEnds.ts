import type { State } from '../ledger/state.ts'
import type { LaneEnds } from '../log/laneEnds.ts'

/** By peer shard. */
export function laneEndsOf({ lanes, received, books }: State): LaneEnds[] {
  return lanes.map(({ kept, next }, peer) => ({
    kept,
    next,
    received: received[peer]!,
    sentFen: books.transitOut[peer]!,
    takenFen: books.transitIn[peer]!,
  }))
}
