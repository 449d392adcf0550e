import type { OwnerRecord } from '../../log/ownerRecord.ts'
import { isOwner } from './judgements.ts'
import { tidy } from './modelForm.fixture.ts'
import {
  canRead,
  copyOf,
  land,
  newProcess,
  other,
  type Process,
  proceed,
  type Region,
  type Request,
  readNext,
  type Scene,
  tell,
  type World,
} from './modelWorld.fixture.ts'
import type { CasOutcome, OwnershipEvent } from './ownership.ts'
import { positionAt } from './recordChanges.ts'

/** One thing that can happen next: what it is called, and the world after it. */
type Step = { readonly label: string; readonly take: (world: World) => void }

/** Everything that can happen next. */
export function stepsOf(world: World, scene: Scene): Step[] {
  const steps: Step[] = [...frameSteps(world), ...ghostSteps(world)]
  world.processes.forEach((process, i) => {
    const add = (label: string, take: (w: World, p: Process) => void): void => {
      steps.push({ label: `${process.region}${i}: ${label}`, take: (w) => take(w, w.processes[i]!) })
    }
    leaseSteps(world, process, add)
    if (!process.runs) return
    if (world.left.crashes > 0 && process.state.record !== undefined) add('dies and starts anew', restart)
    if (process.pending.length > 0) {
      const { action, checked } = process.pending[0]!
      add(`${checked ? 'does' : 'looks at its clocks for'} ${action.kind}`, (w, p) => proceed(w, p, scene))
      return
    }
    requestSteps(world, process, scene, add)
    readSteps(world, process, scene, add)
    wishSteps(world, process, scene, add)
  })
  return steps
}

type Add = (label: string, take: (world: World, process: Process) => void) => void

/** An edge appends to the log of any owner that it may still take for one, with that owner's epoch. */
function frameSteps({ left, record, processes }: World): Step[] {
  if (left.frames === 0) return []
  const records = [record, ...processes.flatMap(({ state }) => (state.record ? [state.record] : []))]
  const known = new Map(
    records.flatMap(({ segments }) => segments.map(({ epoch, region }) => [epoch, region as Region])),
  )
  const newest = Math.max(...known.keys())
  return [...known].flatMap(([epoch, region]) => {
    const late = epoch < newest ? 1 : 0
    if (late > left.late) return []
    const take = (w: World): void => {
      w.streams[region] = [...w.streams[region], 10 * epoch + w.left.frames]
      w.left.frames -= 1
      w.left.late -= late
    }
    return [{ label: `frame ${left.frames} of epoch ${epoch} enters the log of ${region}`, take }]
  })
}

function ghostSteps(world: World): Step[] {
  return world.ghosts
    .map((ghost, i) => ({ ghost, i }))
    .filter(({ ghost }) => ghost.revision === world.revision)
    .map(({ i }) => ({
      label: 'a request that was given up lands',
      take: (w: World) => {
        const [ghost] = w.ghosts.splice(i, 1)
        land(w, ghost!)
      },
    }))
}

function leaseSteps({ processes, left }: World, process: Process, add: Add): void {
  const fellows = processes.filter((one) => one !== process && one.region === process.region)
  if (fellows.length === 0) return
  if (process.leased) {
    if (left.lapses > 0) {
      add('lease runs out', (w, p) => {
        p.leased = false
        w.left.lapses -= 1
      })
    }
  } else if (process.runs) {
    if (process.pending.length === 0) {
      add('notices that its lease is gone', (w, p) => {
        giveUp(w, p)
        Object.assign(p, newProcess(p.region, false, p.freezes))
      })
    }
  } else if (!fellows.some((one) => one.leased)) {
    add('takes the lease', (_, p) => void Object.assign(p, newProcess(p.region, true, p.freezes)))
  }
}

function restart(world: World, process: Process): void {
  giveUp(world, process)
  Object.assign(process, newProcess(process.region, process.leased, process.freezes))
  world.left.crashes -= 1
}

/** Whether it lands is the network's business from now on. */
function giveUp(world: World, process: Process): void {
  const { request } = process
  if (request?.revision === world.revision) world.ghosts.push(request)
}

function requestSteps(world: World, process: Process, scene: Scene, add: Add): void {
  const { request, state } = process
  const news = world.revision > state.revision || (world.revision === state.revision && state.asked?.lost === true)
  if (news) {
    add('sees the record', (w, p) => {
      tell(w, p, { kind: 'record', record: w.record, revision: w.revision }, scene)
    })
  }
  if (request !== undefined) {
    add('request lands and is answered', (w, p) => answer(w, p, request, scene))
    if (world.left.timeouts === 0) return
    if (request.revision === world.revision) {
      add('request lands and its answer is lost', (w, p) => {
        land(w, request)
        p.request = undefined
        w.left.timeouts -= 1
      })
    }
    add('waits no longer for an answer', (w, p) => {
      giveUp(w, p)
      p.request = undefined
      w.left.timeouts -= 1
      tell(w, p, { kind: 'answered', asked: request.revision, outcome: { kind: 'unknown' } }, scene)
    })
  } else if (state.asked !== undefined && !state.asked.lost) {
    add('waits no longer for an answer', (w, p) => {
      tell(w, p, { kind: 'answered', asked: p.state.asked!.revision, outcome: { kind: 'unknown' } }, scene)
    })
  }
}

export function answer(world: World, process: Process, request: Request, scene: Scene): void {
  const { record, revision } = request
  const done = land(world, request)
  process.request = undefined
  if (done && record.mode === 'solo' && record.owner === process.region) process.solo = world.revision
  const outcome: CasOutcome = done ? { kind: 'done', revision: world.revision } : { kind: 'raced' }
  tell(world, process, { kind: 'answered', asked: revision, outcome }, scene)
}

function readSteps(world: World, process: Process, scene: Scene, add: Add): void {
  const { record, peerMark } = process.state
  if (canRead(world, process, scene)) add('reads a frame', (w, p) => readNext(w, p, scene))
  if (record === undefined || !isOwner(process.state)) return
  for (const { epoch, region } of record.segments) {
    const seq = world.marks[epoch]
    if (seq === undefined || region !== process.region) continue
    if (epoch !== record.epoch && !scene.dropped['epoch-unchecked']) continue
    if (positionAt(record, seq) > peerMark) {
      add(`hears the mark ${seq} of epoch ${epoch}`, (w, p) => tell(w, p, { kind: 'mark', epoch, seq }, scene))
    }
  }
}

function wishSteps(world: World, process: Process, scene: Scene, add: Add): void {
  const { record, asked, intent } = process.state
  if (record === undefined || asked !== undefined) return
  const wish = (event: OwnershipEvent): void => add(event.kind, (w, p) => tell(w, p, event, scene))
  if (intent !== 'none') {
    wish({ kind: 'abandon' })
    return
  }
  const lastEpoch = record.epoch >= world.left.epochMax
  if (!isOwner(process.state)) {
    if (!lastEpoch) standbyWishes(world, record, scene, add)
  } else if (record.mode === 'solo') {
    wish({ kind: 'want-sync' })
    if (process.solo === 0) wish({ kind: 'renew' })
    else if (world.left.soloLapses > 0) {
      add('solo runs out', (w, p) => {
        p.solo = 0
        w.left.soloLapses -= 1
      })
    }
  } else {
    wish({ kind: 'silent' })
    // What it knows of the peer's end it has from its mirror, which may lag.
    if (!lastEpoch) wish({ kind: 'move', position: 0, first: world.mirrored[other(process.region)] + 1 })
  }
}

function standbyWishes(world: World, record: OwnerRecord, scene: Scene, add: Add): void {
  if (record.mode === 'sync' || scene.dropped['take-from-solo']) {
    add('takeover', (w, p) => tell(w, p, { kind: 'takeover' }, scene))
  }
  if (record.mode === 'solo' && world.left.losses > 0) {
    add('accept-loss', (w, p) => {
      w.left.losses -= 1
      const { revision } = p.state
      if (!scene.dropped['accept-loss-at-once']) waitOut(w, p, revision)
      tell(w, p, { kind: 'accept-loss', revision }, scene)
    })
  }
}

/** A solo lease is counted from when it was asked for: all that this revision or an older one granted has run out. */
function waitOut({ processes }: World, waiting: Process, revision: number): void {
  for (const process of processes) {
    if (process.region === waiting.region) continue
    if (process.solo <= revision) process.solo = 0
  }
}

export function after(world: World, step: Step): World {
  const next = copyOf(world)
  step.take(next)
  return tidy(next)
}
