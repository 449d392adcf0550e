import type { Replica } from '../log/replica.ts'
import type { ShardWord } from './auditor/auditor.ts'
import { Chronicle } from './chronicle.ts'
import { planFaults } from './faultPlan.ts'
import { type Mistakes, noMistakes } from './mistakes.ts'
import { observe } from './observer.ts'
import { Person } from './person.ts'
import { Prng } from './prng.ts'
import { Region } from './region.ts'
import { calm, drawScenario, type Scenario } from './swarm.ts'
import { VirtualTime } from './virtualTime.ts'

export type SimulationOptions = {
  /** Without any fault. */
  calm?: boolean
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

/** Runs the region of one seed: a time in which things go wrong, a time in which all must come right, and the audit. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const time = new VirtualTime()
  const chronicle = new Chronicle(time, options.print)
  const prng = new Prng(seed)
  const drawn = drawScenario(prng.fork('scenario'))
  const scenario = options.calm ? { ...drawn, faults: calm } : drawn
  const region = new Region({ scenario, time, chronicle, prng, mistakes: { ...noMistakes, ...options.mistakes } })
  try {
    const observers = region.logs.map((_, shard) => observe(region, shard))
    region.begin()
    const people = Array.from({ length: scenario.personCount }, (_, n) => new Person(region, n))
    let living = people.length
    for (const person of people) {
      const lives = person.live(people)
      void lives.then(
        () => living--,
        (error: unknown) => chronicle.violation(`a person gave up: ${String(error)}`),
      )
    }
    const broken = (): boolean => chronicle.violations.length > 0
    if (scenario.quietStart) await time.run(quietStartMsMax, () => broken() || people.every(({ settled }) => settled))
    region.setFaults(scenario.faults)
    planFaults(region, prng.fork('fault plan'))
    await time.run(time.nowMs + scenario.chaosMs, broken)
    region.calmDown()
    const rest = (): boolean => living === 0 && atRest(region, observers)
    const endMs = time.nowMs + restMsMax
    await time.run(endMs, () => broken() || rest())
    await time.run(time.nowMs + quietMs, broken)
    if (chronicle.violations.length === 0) close(region, observers, people)
    return resultOf(seed, region)
  } finally {
    region.close()
  }
}

/** Nothing is owed to a far side or between shards, and every shard has somebody who leads it to the end of its log. */
function atRest(region: Region, observers: readonly Replica[]): boolean {
  if (region.far.books.processing > 0) return false
  return observers.every(({ ledger: { state } }, shard) => {
    const arrived = state.lanes.every((lane, peer) => lane.next === observers[peer]!.ledger.state.received[shard])
    return arrived && state.openSagas.size === 0 && region.leaderOf(shard) !== undefined
  })
}

function close(region: Region, observers: readonly Replica[], people: readonly Person[]): void {
  const words = observers.map((observer, shard) => wordOf(region, observer, shard))
  region.auditor.close(words, new Map(people.map(({ accountNo, openingFen }) => [accountNo, openingFen])))
}

/** What a shard's leader holds; the observer's state where nobody leads, which is a violation of its own. */
function wordOf(region: Region, observer: Replica, shard: number): ShardWord {
  const leader = region.leaderOf(shard)
  if (leader === undefined) region.chronicle.violation(`nobody leads shard ${shard} at the end`)
  const { seq, ledger } = leader ?? observer
  const { wallets, accounts, openSagas, books } = ledger.state
  for (const [who, replica] of [
    ['the observer', observer],
    ['the leader', leader ?? observer],
  ] as const) {
    const digest = replica.ledger.state.digestText()
    region.chronicle.tell('end', `${shard}/${replica.seq} ${digest}`)
    region.auditor.applied({ shard, seq: replica.seq, who, digest })
  }
  const balances = new Map<number, number>()
  for (let row = 0; row < wallets.count; row++) balances.set(wallets.at.number[row]!, accounts.at.balance[row]!)
  const sum = (fen: ArrayLike<number>): number => Array.from(fen).reduce((all, one) => all + one, 0)
  const sentFen = sum(books.transitOut)
  return { shard, seq, balances, openSagas: openSagas.size, sentFen, receivedFen: sum(books.transitIn) }
}

function resultOf(seed: number, { scenario, chronicle, auditor, time }: Region): SimulationResult {
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
