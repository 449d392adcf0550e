/**
 * How far what two shards owe each other has come, as one of them has it: the records that it numbered for the other
 * and still keeps, and those that it took in of the other's.
 */
export type LaneEnds = {
  /** First record for the peer that is still kept, and so can be sent again. */
  readonly kept: number
  /** Number of the next record for the peer. */
  readonly next: number
  /** Number of the next record awaited from the peer. */
  readonly received: number
  /** Running totals in fen of all that was sent and taken in; they go round at 2^53, so only differences say anything. */
  readonly sentFen: number
  readonly takenFen: number
}
