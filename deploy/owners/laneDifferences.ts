import { betweenRound } from '../../actors/ledger/money.ts'
import type { LaneEnds } from '../../actors/log/laneEnds.ts'

/** Records, by number, that two shards would disagree on for good once one of them goes on from its log here. */
export type LaneDifference = {
  /** Shard that numbered them. */
  readonly from: number
  /** Shard that they were for. */
  readonly to: number
  readonly first: number
  readonly last: number
} & (
  | {
      /** Taken in, and credited, while the sender's log does not hold them. */
      readonly kind: 'unsent'
      readonly fen: number
    }
  /** Not taken in, and forgotten by the sender: they cannot be sent again, and nothing behind them is taken. */
  | { readonly kind: 'forgotten' }
)

/** By shard, and in it by peer, as the replicas of one region have applied them. */
export type LaneEndsByShard = ReadonlyMap<number, readonly LaneEnds[]>

/**
 * What would be wrong between shards of which some go on without what only another region knew. A lane is whole where its
 * receiver stands between the first record that the sender keeps and the next that it will number.
 * @param ends of the region that goes on
 * @param given shards that are to go on without their tail; lanes between others cannot differ
 */
export function laneDifferences(ends: LaneEndsByShard, given: ReadonlySet<number>): LaneDifference[] {
  const found: LaneDifference[] = []
  for (const [from, ofSender] of ends) {
    for (const [to, ofReceiver] of ends) {
      if (from === to || (!given.has(from) && !given.has(to))) continue
      const { kept, next, sentFen } = ofSender[to]!
      const { received, takenFen } = ofReceiver[from]!
      const lane = { from, to }
      if (received > next) {
        const fen = betweenRound(takenFen, sentFen)
        found.push({ ...lane, kind: 'unsent', first: next, last: received - 1, fen })
      }
      if (received < kept) found.push({ ...lane, kind: 'forgotten', first: received, last: kept - 1 })
    }
  }
  return found
}

/** What it means, in a line for whoever is about to sign it. */
export function sayDifference(difference: LaneDifference): string {
  const { from, to, first, last, kind } = difference
  const records = `records ${first} to ${last} of shard ${from}`
  return kind === 'unsent'
    ? `shard ${to} has credited ${records}, ${difference.fen} fen, which nobody here was debited for; the next ${last - first + 1} that shard ${from} sends it would be debited and never credited`
    : `${records} never reached shard ${to} and cannot be sent again; whatever else shard ${from} sends it would wait behind them`
}
