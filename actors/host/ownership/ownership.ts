import type { OwnerRecord } from '../../log/ownerRecord.ts'

/** What a replica is about to have changed at the witness; `none` most of the time. */
export type Intent = 'none' | 'solo' | 'sync' | 'move' | 'takeover' | 'accept-loss'

/** A change that was asked for and whose fate is not known yet. */
export type Asked = {
  readonly record: OwnerRecord
  /** The revision that it may replace, and no other. */
  readonly revision: number
  /** No answer came: it may have happened, may happen yet or never. */
  readonly lost: boolean
}

/** Where a takeover or a move goes on: not before this position is read, and from there in the new owner's stream. */
export type Goal = { readonly position: number; readonly first: number }

/**
 * What one process knows and intends about one shard while it holds its region's lease: plain data, changed only by
 * `react`. Positions are those of the logical log. A process that gets the lease begins with `unknown`.
 */
export type Ownership = {
  readonly region: string
  readonly peer: string
  /** The newest record that was seen, and its revision. Without one nothing is known and nothing is done. */
  readonly record: OwnerRecord | undefined
  readonly revision: number
  /** The revision that was seen first: requests of earlier holders of the lease may still land on it. */
  readonly firstRevision: number
  readonly asked: Asked | undefined
  readonly intent: Intent
  readonly goal: Goal | undefined
  /** Read without a gap from the durable log, its chain checked, and applied. */
  readonly applied: number
  /** Owner: end of the own log, read under this lease; 0 in an epoch that began under it. */
  readonly ownEnd: number | undefined
  /** Owner: how far the peer vouches in this epoch. */
  readonly peerMark: number
  /** Owner: committed so far. */
  readonly committed: number
  /** Owner: the last position that was committed alone and that the peer must have before sync; 0 when there is none. */
  readonly alone: number | 'unknown'
  /** Standby: how far the owner has committed in this epoch, by its own word. */
  readonly ownerCommitted: number
  /** Standby: how far this process has vouched in this epoch; -1 when it has not yet. */
  readonly vouched: number
}

export type OwnershipEvent =
  /** A record was read at the witness, or heard of. */
  | { readonly kind: 'record'; readonly record: OwnerRecord; readonly revision: number }
  /** The answer to a compare-and-set of `asked`; `unknown` when none came in time. */
  | { readonly kind: 'answered'; readonly asked: number; readonly outcome: CasOutcome }
  | { readonly kind: 'applied'; readonly position: number }
  | { readonly kind: 'own-end'; readonly position: number }
  | { readonly kind: 'mark'; readonly epoch: number; readonly seq: number }
  /** Half a second has passed: what is owed is done again. */
  | { readonly kind: 'tick' }
  /** An owner's frame that its own log holds has been unmarked for too long, and that log is alive. */
  | { readonly kind: 'silent' }
  /** The solo lease is to be renewed. */
  | { readonly kind: 'renew' }
  /** The peer is close behind, or the owner's own log is dead: solo is to end. */
  | { readonly kind: 'want-sync' }
  /** The standby is to take over: an operator's word, or the hold-down is over and the direct probe silent. */
  | { readonly kind: 'takeover' }
  /** Two operators' word, after the solo lease that this revision granted has surely run out. */
  | { readonly kind: 'accept-loss'; readonly revision: number }
  /** The ends of the mirror, as a position, and of the own stream, as a sequence; read after `drain` was asked for. */
  | { readonly kind: 'drained'; readonly position: number; readonly ownLast: number }
  /** The owner is to hand over, not before `position`, to a peer whose stream goes on with `first`. */
  | { readonly kind: 'move'; readonly position: number; readonly first: number }
  /** Standby: how far the owner says that it has committed. */
  | { readonly kind: 'owner-committed'; readonly epoch: number; readonly position: number }
  /** What is intended takes too long. It is dropped unless it was asked for already. */
  | { readonly kind: 'abandon' }

export type CasOutcome =
  | { readonly kind: 'done'; readonly revision: number }
  | { readonly kind: 'raced' }
  | { readonly kind: 'unknown' }

/** What is to be done about a state; the first three only if `mayAct` says so when they are done. */
export type OwnershipAction =
  | { readonly kind: 'compare-and-set'; readonly record: OwnerRecord; readonly revision: number }
  | { readonly kind: 'mark'; readonly epoch: number; readonly seq: number; readonly position: number }
  | { readonly kind: 'commit'; readonly position: number; readonly alone: boolean }
  | { readonly kind: 'read-record' }
  | { readonly kind: 'find-own-end' }
  | { readonly kind: 'drain' }
  /** The record names other segments: go on behind what is applied, as owner or as standby. */
  | { readonly kind: 'follow'; readonly record: OwnerRecord }
  /** What is applied lies beyond a cut: begin anew from a snapshot that lies within the segments. */
  | { readonly kind: 'roll-back'; readonly record: OwnerRecord }

export type Reaction = { readonly state: Ownership; readonly actions: readonly OwnershipAction[] }

export function unknownOwnership(region: string, peer: string): Ownership {
  return {
    region,
    peer,
    record: undefined,
    revision: 0,
    firstRevision: 0,
    asked: undefined,
    intent: 'none',
    goal: undefined,
    applied: 0,
    ownEnd: undefined,
    peerMark: 0,
    committed: 0,
    alone: 0,
    ownerCommitted: 0,
    vouched: -1,
  }
}
