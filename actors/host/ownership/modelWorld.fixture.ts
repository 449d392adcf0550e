import { type OwnerRecord, placeOf } from '../../log/ownerRecord.ts'
import { isHeld, mayAct, safePosition } from './judgements.ts'
import type { Mistakes } from './mistakes.ts'
import { type Ownership, type OwnershipAction, type OwnershipEvent, unknownOwnership } from './ownership.ts'
import { confirmed, react } from './react.ts'
import { basePosition, positionAt } from './recordChanges.ts'

export type Region = 'a' | 'b'
export const other = (region: Region): Region => (region === 'a' ? 'b' : 'a')

/** A request to the witness that was sent and has not landed. */
export type Request = {
  readonly record: OwnerRecord
  readonly revision: number
  /** Two operators' word stands behind it. */
  readonly lossAccepted: boolean
}

/** One process with its replica. What it has decided and not yet done keeps it from anything else. */
export type Process = {
  region: Region
  /** It may stand still between deciding and doing something. Others do both in one go. */
  readonly freezes: boolean
  /** It acts as the holder of its region's lease; `leased` is what its clock says of that. */
  runs: boolean
  leased: boolean
  state: Ownership
  /** What its replica has applied: a frame's code at each position, 0 where one was skipped. */
  content: number[]
  pending: { action: OwnershipAction; checked: boolean }[]
  request: Request | undefined
  /** The revision whose grant of solo still runs, 0 without. */
  solo: number
}

export type Budget = {
  frames: number
  /** Frames of those that may come with the epoch of an owner that is one no more. */
  late: number
  crashes: number
  timeouts: number
  lapses: number
  soloLapses: number
  losses: number
  epochMax: number
}

/** A shard in two regions with their witness. Everything in it is data; a step makes another one. */
export type World = {
  record: OwnerRecord
  revision: number
  /** Codes of frames: 10 times the epoch that they carry, and a number. */
  streams: Record<Region, number[]>
  /** How much of a region's stream its mirror in the other holds. */
  mirrored: Record<Region, number>
  /** By epoch: the furthest that any standby has vouched. Marks are never lost for good, only late. */
  marks: number[]
  processes: Process[]
  /** Requests whose senders gave up on them; they may land at any time. */
  ghosts: Request[]
  /** By position: what somebody was told is done. */
  answered: number[]
  /** How far a log has been committed: what owners say is safe, and standbys once they hear of it. */
  safe: number
  /** By epoch: who has committed in it. */
  committers: (Region | undefined)[]
  left: Budget
}

export type Scene = { readonly dropped: Mistakes }

/** A law of the protocol does not hold. */
export class Violation extends Error {}

export function newProcess(region: Region, leased: boolean, freezes: boolean): Process {
  const state = unknownOwnership(region, other(region))
  return { region, freezes, runs: leased, leased, state, content: [], pending: [], request: undefined, solo: 0 }
}

export function frameAt(
  { streams }: World,
  { segments }: OwnerRecord,
  position: number,
  dropped: Mistakes = {},
): number {
  const { segment, seq } = placeOf(segments, position)!
  const code = streams[segment.region as Region][seq - 1] ?? 0
  return Math.floor(code / 10) === segment.epoch || dropped['epoch-unchecked'] ? code : 0
}

/** Copies what the steps change in place. */
export function copyOf(world: World): World {
  return {
    ...world,
    streams: { a: world.streams.a, b: world.streams.b },
    mirrored: { ...world.mirrored },
    marks: world.marks.slice(),
    processes: world.processes.map((process) => ({
      ...process,
      content: process.content.slice(),
      pending: process.pending.slice(),
    })),
    ghosts: world.ghosts.slice(),
    answered: world.answered.slice(),
    committers: world.committers.slice(),
    left: { ...world.left },
  }
}

/** What a process must look at its clocks for, when it comes to doing it. */
const guarded: ReadonlySet<OwnershipAction['kind']> = new Set(['compare-and-set', 'mark', 'commit'])

export function tell(world: World, process: Process, event: OwnershipEvent, scene: Scene): void {
  const { state, actions } = react(process.state, event, scene.dropped)
  // A change of a record that was heard of before its answer came: the answer says nothing new.
  if (process.state.asked !== undefined && state.asked === undefined) forget(process)
  process.state = state
  for (const action of actions) {
    if (process.freezes && guarded.has(action.kind)) process.pending.push({ action, checked: false })
    else act(world, process, action, mayActNow(process, action, scene), scene)
  }
}

function forget(process: Process): void {
  process.request = undefined
}

function mayActNow(process: Process, action: OwnershipAction, { dropped }: Scene): boolean {
  return mayAct(action, { region: process.leased, solo: process.solo > 0 }, dropped)
}

/** Looks at the clocks, or does what was decided: two moments, with anything in between. */
export function proceed(world: World, process: Process, scene: Scene): void {
  const [next, ...rest] = process.pending
  if (!next!.checked) {
    process.pending = mayActNow(process, next!.action, scene)
      ? [{ action: next!.action, checked: true }, ...rest]
      : rest
    return
  }
  process.pending = rest
  act(world, process, next!.action, true, scene)
}

function act(world: World, process: Process, action: OwnershipAction, may: boolean, scene: Scene): void {
  if (!may) return
  switch (action.kind) {
    case 'compare-and-set':
      process.request = {
        record: action.record,
        revision: action.revision,
        lossAccepted: process.state.intent === 'accept-loss',
      }
      return
    case 'mark':
      world.marks[action.epoch] = Math.max(world.marks[action.epoch] ?? 0, action.seq)
      break
    case 'commit':
      commit(world, process, action.position)
      break
    case 'find-own-end': {
      const position = positionAt(process.state.record!, world.streams[process.region].length)
      tell(world, process, { kind: 'own-end', position }, scene)
      return
    }
    case 'drain': {
      const position = positionAt(process.state.record!, world.mirrored[other(process.region)])
      tell(world, process, { kind: 'drained', position, ownLast: world.streams[process.region].length }, scene)
      return
    }
    case 'roll-back':
      process.content = []
      replayClosed(world, process, scene)
      return
    case 'follow':
      replayClosed(world, process, scene)
      return
    default:
      return
  }
  process.state = confirmed(process.state, action)
  if (action.kind === 'commit') world.safe = Math.max(world.safe, safePosition(process.state))
}

/** What can't change any more is read in one go. */
function replayClosed(world: World, process: Process, scene: Scene): void {
  const base = basePosition(process.state.record!)
  while (process.content.length < base && canRead(world, process, scene)) readNext(world, process, scene)
}

export function canRead(world: World, process: Process, { dropped }: Scene): boolean {
  const { record } = process.state
  if (record === undefined || isHeld(process.state, dropped)) return false
  const { segment, seq } = placeOf(record.segments, process.content.length + 1)!
  const region = segment.region as Region
  return seq <= world.streams[region].length
}

/** What a process reads of the other region's log, its mirror holds durably from then on. */
export function readNext(world: World, process: Process, scene: Scene): void {
  const { record } = process.state
  const position = process.content.length + 1
  const { segment, seq } = placeOf(record!.segments, position)!
  const region = segment.region as Region
  if (region !== process.region) world.mirrored[region] = Math.max(world.mirrored[region], seq)
  process.content.push(frameAt(world, record!, position, scene.dropped))
  tell(world, process, { kind: 'applied', position }, scene)
}

function commit(world: World, process: Process, position: number): void {
  const { epoch } = process.state.record!
  const committer = world.committers[epoch]
  if (committer !== undefined && committer !== process.region)
    throw new Violation(`both regions commit in epoch ${epoch}`)
  world.committers[epoch] = process.region
  for (let p = process.state.committed + 1; p <= position; p++) {
    const code = process.content[p - 1]!
    if (frameAt(world, world.record, p) !== code)
      throw new Violation(`frame ${code % 10} is answered and not in the log`)
    if (code !== 0) world.answered[p] = code
  }
}

/** The witness decides. */
export function land(world: World, { record, revision, lossAccepted }: Request): boolean {
  if (revision !== world.revision) return false
  const before = world.record
  world.record = record
  world.revision += 1
  if (record.epoch === before.epoch) return true
  const closedBefore = JSON.stringify(before.segments.slice(0, -1))
  if (JSON.stringify(record.segments.slice(0, before.segments.length - 1)) !== closedBefore) {
    throw new Violation('a closed segment changed')
  }
  const cut = basePosition(record)
  if (lossAccepted) {
    world.safe = Math.min(world.safe, cut)
    world.answered.length = Math.min(world.answered.length, cut + 1)
  }
  world.answered.forEach((code, p) => {
    if (code > 0 && frameAt(world, record, p) !== code)
      throw new Violation(`frame ${code % 10} is answered and cut off`)
  })
  if (world.safe > cut) throw new Violation(`${world.safe} is safe and cut off at ${cut}`)
  return true
}
