import type { Replica } from '../log/replica.ts'

/** What a shard's state at one position says to the other shards, by their numbers. */
export type Watermarks = {
  seq: number
  /** Number of the next record that will be owed: all below are debited. */
  owed: number[]
  /** What was taken in of each source's records: all below are credited or returned. */
  received: { incarnation: number; number: number; returns: number }[]
}

export function watermarksOf({ seq, ledger: { state } }: Replica): Watermarks {
  return {
    seq,
    owed: state.lanes.map(({ next }) => next),
    received: state.lanes.map((_, source) => ({
      incarnation: state.receivedIncarnation[source]!,
      number: state.received[source]!,
      returns: state.returnsIssued[source]!,
    })),
  }
}
