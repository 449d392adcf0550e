import type { ShardWord } from './auditor/auditor.ts'
import { Chronicle } from './chronicle.ts'
import { textOf } from './errorText.ts'
import { planFaults } from './faultPlan.ts'
import { type Mistakes, noMistakes } from './mistakes.ts'
import type { Observer } from './observer.ts'
import { Person } from './person.ts'
import { Prng } from './prng.ts'
import { RuleMaker } from './ruleMaker.ts'
import { calm, drawScenario, drawTwoRegions, type Scenario } from './swarm.ts'
import { VirtualTime } from './virtualTime.ts'
import { World } from './world.ts'

export type SimulationOptions = {
  /** 1 or 2. */
  regions?: number
  /** Without any fault. */
  calm?: boolean
  /** What is other than drawn. */
  change?: (drawn: Scenario) => Scenario
  mistakes?: Partial<Mistakes>
  /** Told each event as it happens. */
  print?: (line: string) => void
}

export type SimulationResult = {
  seed: number
  scenario: Scenario
  /** Over all that happened, in order. */
  digest: string
  violations: readonly string[]
  /** How often each kind of thing happened. */
  counts: ReadonlyMap<string, number>
  events: number
  digestsCompared: number
  virtualMs: number
}

const quietStartMsMax = 10_000
/** Once nothing goes wrong any more, how long what is under way may take to come to its end. */
const restMsMax = 180_000
/** Lets what was said last arrive, and the lanes forget what was taken in. */
const quietMs = 2_000
const nightMsMin = 20 * 3_600_000
const nightMsMax = 28 * 3_600_000

/** Runs the world of one seed: a time in which things go wrong, a time in which all must come right, and the audit. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const time = new VirtualTime()
  const chronicle = new Chronicle(time, options.print)
  const prng = new Prng(seed)
  const draw = options.regions === 2 ? drawTwoRegions : drawScenario
  const drawn = draw(prng.fork('scenario'))
  const { change = (scenario) => scenario } = options
  const scenario = change(options.calm ? { ...drawn, faults: calm } : drawn)
  const world = new World({ scenario, time, chronicle, prng, mistakes: { ...noMistakes, ...options.mistakes } })
  try {
    world.begin()
    const people = Array.from({ length: scenario.personCount }, (_, n) => new Person(world, n))
    let living = 0
    const live = (who: string, lives: Promise<void>): void => {
      living += 1
      void lives.then(
        () => living--,
        (error: unknown) => chronicle.violation(`${who} gave up: ${textOf(error)}`),
      )
    }
    for (const person of people) live('a person', person.live(people))
    const rules = new RuleMaker(world)
    live('the operators', rules.live())
    const broken = (): boolean => chronicle.violations.length > 0
    if (scenario.quietStart) await time.run(quietStartMsMax, () => broken() || people.every(({ settled }) => settled))
    world.setFaults(scenario.faults)
    const rest = (): boolean => living === 0 && atRest(world)
    const random = prng.fork('nights')
    for (let day = 0; day < scenario.days && !broken(); day++) {
      if (day > 0) {
        world.passNight(random.between(nightMsMin, nightMsMax))
        for (const person of people) live('a person', person.goAbout(people))
      }
      planFaults(world, prng.fork(day === 0 ? 'fault plan' : `fault plan ${day}`))
      await time.run(time.nowMs + scenario.chaosMs, broken)
      world.calmDown()
      await time.run(time.nowMs + restMsMax, () => broken() || rest())
      await time.run(time.nowMs + quietMs, broken)
      // A hold that falls due now puts a frame into a log: it must be committed like any other.
      await time.run(time.nowMs + restMsMax, () => broken() || rest())
    }
    if (chronicle.violations.length === 0) close(world, people)
    if (chronicle.violations.length === 0) rules.close()
    return resultOf(seed, world)
  } finally {
    world.close()
  }
}

/**
 * Nothing is owed to a far side or between shards, every shard has somebody who leads it to the end of its log, and each
 * other region a replica that stands there too.
 */
function atRest(world: World): boolean {
  const { far, committed, regions } = world
  if (far.books.processing > 0) return false
  return committed.observers.every(({ replica, shard }) => {
    if (!replica.started) return false
    const { state } = replica.ledger
    const arrived = state.lanes.every((lane, peer) => {
      const there = committed.observers[peer]!.replica
      return there.started && lane.next === there.ledger.state.received[shard]
    })
    if (!arrived || state.openSagas.size > 0 || replica.seq !== world.endOf(shard)) return false
    const { owner, mode } = world.recordOf(shard)
    if (mode === 'solo') return false
    return regions.every(({ name }) => replicaIn(world, name, shard)?.leading === (name === owner))
  })
}

function replicaIn(world: World, region: string, shard: number) {
  const { owner } = world.recordOf(shard)
  return world
    .regionOf(region)
    .replicasOf(shard)
    .find(({ leading }) => leading === (region === owner))
}

function close(world: World, people: readonly Person[]): void {
  const { committed, regions, auditor } = world
  for (const { shard } of committed.observers) committed.compare(shard, world.logNow(shard))
  const openings = new Map(people.map(({ accountNo, openingFen }) => [accountNo, openingFen]))
  for (const { name } of regions) {
    auditor.tellAll(committed.observers.map((observer) => wordOf(world, name, observer)))
  }
  auditor.close(openings)
}

/** What a region's replica of a shard holds; the observer's state where there is none, which is a violation of its own. */
function wordOf(world: World, region: string, { replica: seen, shard }: Observer): ShardWord {
  const found = replicaIn(world, region, shard)
  if (found === undefined) world.chronicle.violation(`region ${region} has no replica of shard ${shard} at the end`)
  const { seq, ledger } = found?.replica ?? seen
  const { wallets, accounts, openSagas, books, logTimeMs } = ledger.state
  for (const { who, replica } of [{ who: 'the observer', replica: seen }, ...(found === undefined ? [] : [found])]) {
    const digest = replica.ledger.state.digestText()
    world.chronicle.tell('end', `${shard}/${replica.seq} ${digest}`)
    world.auditor.applied({ shard, seq: replica.seq, epoch: replica.epoch, who, digest })
  }
  const balances = new Map<number, number>()
  for (let row = 0; row < wallets.count; row++) balances.set(wallets.at.number[row]!, accounts.balance(row))
  const sum = (fen: ArrayLike<number>): number => Array.from(fen).reduce((all, one) => all + one, 0)
  const sentFen = sum(books.transitOut)
  const receivedFen = sum(books.transitIn)
  return { shard, seq, balances, openSagas: openSagas.size, logTimeMs, sentFen, receivedFen }
}

function resultOf(seed: number, { scenario, chronicle, auditor, time }: World): SimulationResult {
  const { violations, counts, events } = chronicle
  const { digestsCompared } = auditor
  return {
    seed,
    scenario,
    digest: chronicle.digest(),
    violations,
    counts,
    events,
    digestsCompared,
    virtualMs: time.nowMs,
  }
}
