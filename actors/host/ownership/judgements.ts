import { type Mistakes, noMistakes } from './mistakes.ts'
import type { Ownership, OwnershipAction } from './ownership.ts'
import { basePosition } from './recordChanges.ts'

/** Each question about what a replica may do is answered here and nowhere else. */

export function isOwner({ record, region }: Ownership): boolean {
  return record?.owner === region
}

/**
 * True once the record's revision has moved while this process held the lease. Until then a request of the process
 * before it, which may have died half way, could still change the record behind everybody's back.
 */
export function isClaimed({ record, revision, firstRevision }: Ownership, dropped: Mistakes = noMistakes): boolean {
  return record !== undefined && (revision > firstRevision || dropped['restart-without-claim'] === true)
}

/** A standby that has decided to take over vouches for nothing more, whatever becomes of it, until it knows. */
export function mayVouch(state: Ownership, dropped: Mistakes = noMistakes): boolean {
  const { record, intent, applied } = state
  if (record === undefined || isOwner(state) || !isClaimed(state, dropped)) return false
  if (intent !== 'none' && !dropped['mark-while-deciding']) return false
  return applied >= basePosition(record)
}

/** Solo that is being given back is not used any more: first the own state changes, then the record. */
export function mayCommitAlone(state: Ownership, dropped: Mistakes = noMistakes): boolean {
  const { record, intent, asked } = state
  if (record?.mode !== 'solo' || !isOwner(state) || !isClaimed(state, dropped)) return false
  if (dropped['record-before-state']) return true
  return intent === 'none' && (asked === undefined || asked.record.mode === 'solo')
}

/** How far an owner has committed once it acts on what it knows. */
export function commitLimit(
  state: Ownership,
  dropped: Mistakes = noMistakes,
): { readonly position: number; readonly alone: boolean } {
  const { record, applied, peerMark } = state
  if (record === undefined || !isOwner(state) || !isClaimed(state, dropped)) return { position: 0, alone: false }
  const vouchedFor = Math.min(applied, Math.max(peerMark, basePosition(record)))
  if (dropped['answer-before-mark'] && record.mode === 'sync') return { position: applied, alone: false }
  const alone = applied > vouchedFor && mayCommitAlone(state, dropped)
  return alone ? { position: applied, alone } : { position: vouchedFor, alone }
}

/** What the clocks of this process say: whether leases that it was given can't have run out yet. */
export type Leases = {
  /** The region's lease for the shard. */
  readonly region: boolean
  /** Solo, as granted by the witness. */
  readonly solo: boolean
}

/**
 * Asked when an action is done, after everything that it says was read: a process that stood still in between may find
 * that another acts in its place.
 */
export function mayAct(action: OwnershipAction, leases: Leases, dropped: Mistakes = noMistakes): boolean {
  switch (action.kind) {
    case 'mark':
      return leases.region || dropped['vouch-after-waking'] === true
    case 'commit':
      return (leases.region || dropped['commit-after-waking'] === true) && (leases.solo || !action.alone)
    case 'compare-and-set':
      return leases.region
    default:
      return true
  }
}

/** True while nothing more may be applied, so that the cut at what is applied needs no rolling back. */
export function isHeld({ intent, goal, applied }: Ownership, dropped: Mistakes = noMistakes): boolean {
  if (goal === undefined || intent === 'none') return false
  if (dropped[intent === 'move' ? 'move-without-pause' : 'mark-while-deciding']) return false
  return applied >= goal.position
}

/** No later cut lies below it. What a standby has vouched for is not enough: its owner may hand over before that. */
export function safePosition(state: Ownership): number {
  const { record, applied, committed, ownerCommitted } = state
  if (record === undefined) return 0
  return Math.min(applied, Math.max(basePosition(record), isOwner(state) ? committed : ownerCommitted))
}
