import { firstOwnerRecord } from '../../log/ownerRecord.ts'
import { type Mistakes, noMistakes } from './mistakes.ts'
import { keyOf, tidy } from './modelForm.fixture.ts'
import { after, answer, stepsOf } from './modelSteps.fixture.ts'
import {
  type Budget,
  newProcess,
  type Process,
  type Region,
  type Scene,
  tell,
  Violation,
  type World,
} from './modelWorld.fixture.ts'

export type Search = {
  /** Processes in each region; where there are two, one may stand still while the other goes on. */
  readonly processes: Readonly<Record<Region, number>>
  readonly budget: Partial<Budget>
  readonly dropped?: Mistakes
  readonly statesMax?: number
}

export type Found = {
  readonly states: number
  /** How long the longest of the shortest ways to a state is. */
  readonly depth: number
  /** False when the search stopped at `statesMax`. */
  readonly exhausted: boolean
  /** What was seen on the way, so that a search that goes nowhere is noticed. */
  readonly epochMax: number
  readonly answeredMax: number
  readonly violation: string | undefined
  /** The shortest way to it. */
  readonly trace: readonly string[]
}

const nothing: Budget = {
  frames: 0,
  late: 0,
  crashes: 0,
  timeouts: 0,
  lapses: 0,
  soloLapses: 0,
  losses: 0,
  epochMax: 2,
}

/** Goes through every order in which things can happen, shortest first, and checks the laws after each step. */
export function search({
  processes,
  budget,
  dropped = noMistakes,
  statesMax = Number.POSITIVE_INFINITY,
}: Search): Found {
  const scene: Scene = { dropped }
  const seen = new Set<string>()
  const cameFrom: number[] = [-1]
  const labels: string[] = ['']
  let frontier: { world: World; id: number }[] = [
    { world: firstWorld(processes, { ...nothing, ...budget }, scene), id: 0 },
  ]
  let depth = 0
  let epochMax = 0
  let answeredMax = 0
  const found = (violation?: string, last?: number, label?: string): Found => {
    const trace = label === undefined ? [] : [label]
    for (let id = last ?? 0; id > 0; id = cameFrom[id]!) trace.unshift(labels[id]!)
    return { states: labels.length, depth, exhausted: frontier.length === 0, epochMax, answeredMax, violation, trace }
  }
  for (; frontier.length > 0 && labels.length < statesMax; depth++) {
    const next: typeof frontier = []
    for (const { world, id } of frontier) {
      for (const step of stepsOf(world, scene)) {
        let reached: World
        try {
          reached = after(world, step)
        } catch (error) {
          if (!(error instanceof Violation)) throw error
          return found(error.message, id, step.label)
        }
        const key = keyOf(reached)
        if (seen.has(key)) continue
        seen.add(key)
        epochMax = Math.max(epochMax, reached.record.epoch)
        answeredMax = Math.max(answeredMax, reached.answered.filter((code) => code > 0).length)
        next.push({ world: reached, id: labels.length })
        cameFrom.push(id)
        labels.push(step.label)
      }
    }
    frontier = next
  }
  return found()
}

/** One process of each region has begun: it has read the record and made its revision its own. */
function firstWorld(processes: Search['processes'], left: Budget, scene: Scene): World {
  const inRegion = (region: Region): Process[] =>
    Array.from({ length: processes[region] }, (_, i) => newProcess(region, i === 0, false))
  const world: World = {
    record: firstOwnerRecord('a', 'sync'),
    revision: 1,
    streams: { a: [], b: [] },
    mirrored: { a: 0, b: 0 },
    marks: [],
    processes: [...inRegion('a'), ...inRegion('b')],
    ghosts: [],
    answered: [],
    safe: 0,
    committers: [],
    left,
  }
  const running = world.processes.filter(({ runs }) => runs)
  for (const process of running) {
    seeRecord(world, process, scene)
    if (process.request !== undefined) answer(world, process, process.request, scene)
  }
  for (const process of running) seeRecord(world, process, scene)
  world.processes = world.processes.map((process) => ({
    ...process,
    freezes: process.runs && processes[process.region] > 1,
  }))
  return tidy(world)
}

function seeRecord(world: World, process: Process, scene: Scene): void {
  tell(world, process, { kind: 'record', record: world.record, revision: world.revision }, scene)
}
