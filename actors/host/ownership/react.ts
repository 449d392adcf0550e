import type { OwnerRecord } from '../../log/ownerRecord.ts'
import { commitLimit, isClaimed, isOwner, mayVouch } from './judgements.ts'
import { type Mistakes, noMistakes } from './mistakes.ts'
import type { Intent, Ownership, OwnershipAction, OwnershipEvent, Reaction } from './ownership.ts'
import {
  basePosition,
  handedOver,
  inSolo,
  inSync,
  positionAt,
  sequenceAt,
  stillHolds,
  takenOver,
  touched,
} from './recordChanges.ts'

/** What a replica of a shard makes of an event, and what is to be done. Reads no clock and does no I/O. */
export function react(before: Ownership, event: OwnershipEvent, dropped: Mistakes = noMistakes): Reaction {
  const actions: OwnershipAction[] = []
  const state = take(before, event, actions, dropped)
  return { state: owe(pursue(state, actions, dropped), event, actions, dropped), actions }
}

/** To be called once a mark or a commit was done, before any other event. */
export function confirmed(state: Ownership, action: OwnershipAction): Ownership {
  if (action.kind === 'mark') {
    return action.epoch === state.record?.epoch ? { ...state, vouched: action.position } : state
  }
  if (action.kind !== 'commit') return state
  const alone = action.alone && state.alone !== 'unknown' ? Math.max(state.alone, action.position) : state.alone
  return { ...state, committed: action.position, alone }
}

function take(state: Ownership, event: OwnershipEvent, actions: OwnershipAction[], dropped: Mistakes): Ownership {
  const { record, asked, intent } = state
  switch (event.kind) {
    case 'record':
      if (event.revision > state.revision) return adopt(state, event.record, event.revision, actions, dropped)
      return event.revision === state.revision ? askAgain(state, actions, dropped) : state
    case 'answered':
      if (asked === undefined || asked.revision !== event.asked) return state
      if (event.outcome.kind === 'done') {
        const { revision } = event.outcome
        return revision > state.revision ? adopt(state, asked.record, revision, actions, dropped) : state
      }
      actions.push({ kind: 'read-record' })
      return { ...state, asked: { ...asked, lost: true } }
    case 'applied':
      return { ...state, applied: event.position }
    case 'own-end': {
      const alone = state.alone === 'unknown' ? Math.max(event.position, state.committed) : state.alone
      return { ...state, ownEnd: event.position, alone }
    }
    case 'mark':
      if (record === undefined || !isOwner(state)) return state
      if (event.epoch !== record.epoch && !dropped['epoch-unchecked']) return state
      return { ...state, peerMark: Math.max(state.peerMark, positionAt(record, event.seq)) }
    case 'owner-committed':
      if (event.epoch !== record?.epoch || isOwner(state)) return state
      return { ...state, ownerCommitted: Math.max(state.ownerCommitted, event.position) }
    case 'drained':
      if (intent !== 'takeover' && intent !== 'accept-loss') return state
      return { ...state, goal: { position: event.position, first: event.ownLast + 1 } }
    case 'abandon':
      return asked === undefined ? { ...state, intent: 'none', goal: undefined } : state
    case 'tick':
      if (asked?.lost || record === undefined) actions.push({ kind: 'read-record' })
      return state
    default:
      return begin(state, event, actions, dropped)
  }
}

type Wish = Extract<OwnershipEvent, { kind: 'silent' | 'renew' | 'want-sync' | 'takeover' | 'accept-loss' | 'move' }>

/** Intends something, if nothing else is under way. Whoever wishes for it wishes again while it is still due. */
function begin(state: Ownership, wish: Wish, actions: OwnershipAction[], dropped: Mistakes): Ownership {
  const { record, asked, intent, applied, peerMark } = state
  if (record === undefined || asked !== undefined || intent !== 'none' || !isClaimed(state, dropped)) return state
  const { mode } = record
  const owner = isOwner(state)
  switch (wish.kind) {
    case 'silent':
      return owner && mode === 'sync' && applied > Math.max(peerMark, basePosition(record))
        ? { ...state, intent: 'solo' }
        : state
    case 'renew':
      return owner && mode === 'solo' ? ask(state, touched(record), actions) : state
    case 'want-sync':
      return owner && mode === 'solo' && state.alone !== 'unknown' ? { ...state, intent: 'sync' } : state
    case 'move': {
      // All that an earlier holder of the lease may have committed must lie before the cut.
      if (!owner || mode !== 'sync' || state.ownEnd === undefined) return state
      const position = Math.max(wish.position, applied, state.ownEnd, basePosition(record))
      return { ...state, intent: 'move', goal: { position, first: wish.first } }
    }
    case 'takeover':
      if (owner || (mode !== 'sync' && !dropped['take-from-solo'])) return state
      break
    case 'accept-loss':
      if (owner || mode !== 'solo' || wish.revision !== state.revision) return state
      break
  }
  actions.push({ kind: 'drain' })
  return { ...state, intent: wish.kind }
}

/** A newer record is known. Whatever was asked of an older one has happened by now, or never will. */
function adopt(
  state: Ownership,
  record: OwnerRecord,
  revision: number,
  actions: OwnershipAction[],
  dropped: Mistakes,
): Ownership {
  const before = state.record
  const seen = { ...state, record, revision, asked: undefined }
  if (before === undefined) {
    actions.push({ kind: 'follow', record })
    if (isOwner(seen)) actions.push({ kind: 'find-own-end' })
    // Under an earlier lease more may have been committed alone than this process knows.
    const alone = record.mode === 'solo' && isOwner(seen) && !dropped['sync-too-early-after-restart'] ? 'unknown' : 0
    return { ...seen, firstRevision: revision, alone }
  }
  if (before.epoch !== record.epoch) {
    const holds = stillHolds(record, before.epoch, state.applied)
    actions.push({ kind: holds ? 'follow' : 'roll-back', record })
    const applied = holds ? state.applied : 0
    const fresh = { intent: 'none', goal: undefined, ownEnd: 0, peerMark: 0, committed: 0, alone: 0 } as const
    return { ...seen, ...fresh, ownerCommitted: 0, vouched: -1, applied }
  }
  const kept = isStillDue(state.intent, record, dropped)
  return {
    ...seen,
    intent: kept ? state.intent : 'none',
    goal: kept ? state.goal : undefined,
    alone: record.mode === 'sync' ? 0 : state.alone,
  }
}

function isStillDue(intent: Intent, { mode }: OwnerRecord, dropped: Mistakes): boolean {
  switch (intent) {
    case 'sync':
      return mode === 'solo'
    case 'takeover':
      return mode === 'sync' || dropped['take-from-solo'] === true
    case 'solo':
    case 'move':
      return mode === 'sync'
    default:
      // Who holds solo has shown himself: a loss is accepted only of a record that has not changed.
      return false
  }
}

/**
 * The record is as it was when a change was asked for: that may still land. Only a revision that moves on settles it,
 * so the same is asked once more.
 */
function askAgain(state: Ownership, actions: OwnershipAction[], dropped: Mistakes): Ownership {
  const { asked } = state
  if (!asked?.lost) return state
  if (dropped['read-settles-lost-answer']) return { ...state, asked: undefined, intent: 'none', goal: undefined }
  return ask(state, asked.record, actions)
}

function ask(state: Ownership, record: OwnerRecord, actions: OwnershipAction[]): Ownership {
  const { revision } = state
  actions.push({ kind: 'compare-and-set', record, revision })
  return { ...state, asked: { record, revision, lost: false } }
}

/** Asks the witness for what is intended, as soon as it may. */
function pursue(state: Ownership, actions: OwnershipAction[], dropped: Mistakes): Ownership {
  const { record, asked, intent, goal, applied, region } = state
  if (record === undefined || asked !== undefined) return state
  if (!isClaimed(state, dropped)) return ask(state, touched(record), actions)
  switch (intent) {
    case 'solo':
      return ask(state, inSolo(record), actions)
    case 'sync':
      return peerHasAllOfSolo(state) || dropped['sync-too-early'] ? ask(state, inSync(record), actions) : state
    case 'move': {
      if (goal === undefined || Math.min(applied, state.peerMark) < goal.position) return state
      return ask(state, handedOver(record, state.peer, goal.position, goal.first), actions)
    }
    case 'takeover':
    case 'accept-loss': {
      if (goal === undefined || applied < basePosition(record)) return state
      if (applied < goal.position && !dropped['cut-before-draining']) return state
      const taken = takenOver(record, region, applied, goal.first)
      if (!dropped['promote-without-witness']) return ask(state, taken, actions)
      return adopt(state, taken, state.revision + 1, actions, dropped)
    }
    default:
      return state
  }
}

function peerHasAllOfSolo({ alone, peerMark }: Ownership): boolean {
  return alone !== 'unknown' && peerMark >= alone
}

/** What the state owes others: a mark to the owner, or a commit to everybody who waits. */
function owe(state: Ownership, event: OwnershipEvent, actions: OwnershipAction[], dropped: Mistakes): Ownership {
  const { record, applied } = state
  if (record === undefined) return state
  if (!isOwner(state)) {
    if (!mayVouch(state, dropped) || (applied <= state.vouched && event.kind !== 'tick')) return state
    actions.push({ kind: 'mark', epoch: record.epoch, seq: sequenceAt(record, applied), position: applied })
    return state
  }
  const { position, alone } = commitLimit(state, dropped)
  if (position > state.committed) actions.push({ kind: 'commit', position, alone })
  return state
}
