import type { Opener, Sealer } from '../log/sealing.ts'
import type { FarPorts } from './farPorts.ts'

/** Where tests plant a bug into a region, to see that the auditor finds it. */
export type Mistakes = {
  /** How a replica reads its log; `who` is a worker's index, or `everybody` for what the auditor's postings come from. */
  opener(opener: Opener, shard: number, who: number | 'everybody'): Opener
  /** How a leader seals what it owes shard `to`. */
  hostSealer(sealer: Sealer, to: number): Sealer
  /** What the connector reaches at the far sides. */
  farPorts(ports: FarPorts): FarPorts
  /** What a person hears of a payment that was refused or done. */
  heard(outcome: string): string
}

export const noMistakes: Mistakes = {
  opener: (opener) => opener,
  hostSealer: (sealer) => sealer,
  farPorts: (ports) => ports,
  heard: (outcome) => outcome,
}
