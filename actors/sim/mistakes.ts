import type { Mistakes as OwnershipMistakes } from '../host/ownership/mistakes.ts'
import type { WitnessStore } from '../host/ownership/witnessStore.ts'
import type { Opener, Sealer } from '../log/sealing.ts'
import type { FarPorts } from './farPorts.ts'

/** Where tests plant a bug into a region, to see that the auditor finds it. */
export type Mistakes = {
  /**
   * How a replica reads its log; `who` is a worker's index, or `everybody` for what the auditor's postings come from.
   * `epochHere` says whose epoch counts where the replica reads.
   */
  opener(opener: Opener, shard: number, who: number | 'everybody', epochHere: () => number): Opener
  /** How a leader seals what it owes shard `to`. */
  hostSealer(sealer: Sealer, to: number): Sealer
  /** What the connector reaches at the far sides. */
  farPorts(ports: FarPorts): FarPorts
  /** How a worker reaches the witness. */
  witness(store: WitnessStore): WitnessStore
  /** Rules of the ownership of shards that workers do not keep. */
  dropped: OwnershipMistakes
  /** What a person hears of a payment that was refused or done. */
  heard(outcome: string): string
}

export const noMistakes: Mistakes = {
  opener: (opener) => opener,
  hostSealer: (sealer) => sealer,
  farPorts: (ports) => ports,
  witness: (store) => store,
  dropped: {},
  heard: (outcome) => outcome,
}
