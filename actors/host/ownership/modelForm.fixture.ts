import type { OwnerRecord } from '../../log/ownerRecord.ts'
import type { Process, Request, World } from './modelWorld.fixture.ts'
import type { Ownership } from './ownership.ts'

/** One object for each record that says the same, and how often solo was renewed is nobody's business. */
const known = new Map<string, { id: number; record: OwnerRecord }>()
const seen = new WeakMap<OwnerRecord, { id: number; record: OwnerRecord }>()

function entryOf(record: OwnerRecord): { id: number; record: OwnerRecord } {
  const before = seen.get(record)
  if (before !== undefined) return before
  const { epoch, owner, mode, segments } = record
  const text = JSON.stringify([epoch, owner, mode, segments])
  const entry = known.get(text) ?? { id: known.size, record: { epoch, owner, mode, segments } }
  known.set(text, entry)
  seen.set(record, entry)
  return entry
}

const plain = (record: OwnerRecord): OwnerRecord => entryOf(record).record

/** Gives equal worlds one form. Of revisions only the order matters. */
export function tidy(world: World): World {
  world.record = plain(world.record)
  world.ghosts = world.ghosts.filter(({ revision }) => revision === world.revision)
  const revisions = [0, world.revision]
  for (const { state, request, solo, pending } of world.processes) {
    revisions.push(state.revision, solo)
    for (const { action } of pending) if (action.kind === 'compare-and-set') revisions.push(action.revision)
    if (state.asked !== undefined) revisions.push(state.asked.revision)
    if (request !== undefined) revisions.push(request.revision)
  }
  const ordered = [...new Set(revisions)].sort((x, y) => x - y)
  const rank = (revision: number): number => ordered.indexOf(revision)
  for (const process of world.processes) {
    const { state, request } = process
    process.pending = process.pending.map(({ action, checked }) => {
      if (action.kind !== 'compare-and-set') return { action, checked }
      return { action: { ...action, record: plain(action.record), revision: rank(action.revision) }, checked }
    })
    process.solo = rank(process.solo)
    process.state = ranked(state, rank)
    if (request !== undefined)
      process.request = { ...request, record: plain(request.record), revision: rank(request.revision) }
  }
  world.ghosts = world.ghosts.map((ghost) => ({
    ...ghost,
    record: plain(ghost.record),
    revision: rank(ghost.revision),
  }))
  world.revision = rank(world.revision)
  return world
}

function ranked(state: Ownership, rank: (revision: number) => number): Ownership {
  const { record, asked, revision, firstRevision } = state
  return {
    ...state,
    record: record && plain(record),
    firstRevision: revision > firstRevision ? 0 : rank(revision),
    revision: rank(revision),
    asked: asked && { ...asked, record: plain(asked.record), revision: rank(asked.revision) },
  }
}

/** What tells one tidy world from another. */
export function keyOf(world: World): string {
  const { record, revision, streams, mirrored, marks, processes, ghosts, answered, safe, committers, left } = world
  const parts: unknown[] = [entryOf(record).id, revision, streams.a, '/', streams.b, mirrored.a, mirrored.b, '/', marks]
  parts.push('/', safe, answered, '/', committers)
  for (const ghost of ghosts) parts.push('g', requestKey(ghost))
  for (const process of processes) parts.push('p', processKey(process))
  const { frames, late, crashes, timeouts, lapses, soloLapses, losses } = left
  parts.push('/', frames, late, crashes, timeouts, lapses, soloLapses, losses)
  return parts.join()
}

function processKey({ runs, leased, state, content, pending, request, solo }: Process): string {
  const { record, revision, firstRevision, asked, intent, goal, applied, ownEnd, peerMark, committed, alone, vouched } =
    state
  const knows = record === undefined ? '-' : `${entryOf(record).id},${revision},${firstRevision}`
  const asks = asked === undefined ? '-' : `${entryOf(asked.record).id},${asked.revision},${asked.lost}`
  const aims = goal === undefined ? intent : `${intent},${goal.position},${goal.first}`
  const does = pending.map(({ action, checked }) => actionKey(action, checked)).join(';')
  const stands = [applied, ownEnd, peerMark, committed, alone, vouched, content, '/', solo].join()
  return [runs, leased, knows, asks, aims, stands, does, request === undefined ? '-' : requestKey(request)].join('|')
}

function actionKey(action: Process['pending'][number]['action'], checked: boolean): string {
  if (action.kind === 'compare-and-set') return `c${entryOf(action.record).id},${action.revision},${checked}`
  if (action.kind === 'mark') return `m${action.epoch},${action.seq},${checked}`
  return action.kind === 'commit' ? `o${action.position},${action.alone},${checked}` : action.kind
}

const requestKey = ({ record, revision, lossAccepted }: Request): string =>
  `${entryOf(record).id},${revision},${lossAccepted}`
