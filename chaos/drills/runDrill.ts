import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../oneRegion/random.ts'
import { NotDemonstrated } from '../processState.ts'
import type { Drill, Field } from './drill.ts'
import type { Heals } from './heals.ts'
import { totalsAtRest } from './judge/readRegion.ts'
import { percentileMs } from './judge/recoveryTime.ts'
import { readersOf, type Verified, verify } from './judge/verify.ts'
import { failBack, homesOf } from './plans/ownership.ts'
import { boundChecks, recoveryOf } from './recovery.ts'
import { type Baseline, type Check, type DrillResult, verdictOf } from './result.ts'
import { servedSince } from './served.ts'
import { RegionControl } from './site/control.ts'
import type { Site } from './site/site.ts'
import { Edges } from './traffic/edges.ts'
import { finalAnswer, isAcknowledged, type Payment } from './traffic/payment.ts'
import { Payments } from './traffic/payments.ts'
import { Probes } from './traffic/probes.ts'
import { RecordFile } from './traffic/recordFile.ts'
import { askAgain, settle } from './traffic/settle.ts'
import { SteadyLoad } from './traffic/steadyLoad.ts'
import { type DrillWallet, openingFen, openWallets } from './traffic/wallets.ts'
import { OwnerWatch } from './watch/ownerWatch.ts'
import { ProcessWatch } from './watch/processWatch.ts'
import { Timeline, type TimelineEvent } from './watch/timeline.ts'

export type RunOptions = {
  readonly quick: boolean
  readonly perSecond: number
  readonly recordFile?: string
  readonly heals: Heals
  readonly onEvent: (event: TimelineEvent) => void
}

const walletsPerShard = 6
const preflightWithinMs = 30_000
const baselineWithinMs = 60_000
const settleWithinMs = 90_000
const endWithinMs = 95_000
const aroundFaultMs = 2_000
/** A probe that waits this long is not served, on however quiet a machine. */
const lateMsMin = 1_000
const lateFactor = 3

/** One drill on an installation that runs: preflight, baseline, what the drill does, healing, verification. */
export async function runDrill(site: Site, drill: Drill, options: RunOptions): Promise<DrillResult> {
  const run = new Run(site, drill, options)
  return run.toEnd()
}

class Run {
  readonly #site: Site
  readonly #drill: Drill
  readonly #o: RunOptions
  readonly #timeline = new Timeline()
  readonly #checks: Check[] = []
  readonly #figures: Record<string, number> = {}
  readonly #notes: string[] = []
  readonly #controls = new Map<string, RegionControl>()
  #owners: OwnerWatch | undefined
  #payments: Payments | undefined
  /** What two operators accepted to be missing. Asked for again it would be done anew: that is left to its senders. */
  #mayBeLost: (payment: Payment) => boolean = () => false
  #baseline: Baseline | undefined
  #verified: Verified | undefined

  constructor(site: Site, drill: Drill, options: RunOptions) {
    this.#site = site
    this.#drill = drill
    this.#o = options
    this.#timeline.onEvent = options.onEvent
  }

  async toEnd(): Promise<DrillResult> {
    try {
      await this.#all()
    } catch (error) {
      const verdict = error instanceof NotDemonstrated ? 'unknown' : 'fail'
      this.#checks.push({ name: 'the drill ran to its end', verdict, detail: messageOf(error) })
    }
    return this.#result()
  }

  async #all(): Promise<void> {
    const { regions } = this.#site
    if (regions.length < this.#drill.regions) throw new NotDemonstrated('it needs two regions, and one runs')
    this.#timeline.add('phase', 'preflight')
    const { nowMs } = this.#timeline
    const wallets = await openWallets(regions[0]!.facts(), walletsPerShard)
    const totals = await totalsAtRest(readersOf(regions), preflightWithinMs)
    const restless = totals.filter(({ inFlightFen }) => inFlightFen !== 0)
    if (restless.length > 0) throw new NotDemonstrated('money was on its way before the drill began')
    const record = new RecordFile(this.#o.recordFile)
    const edges = regions.map((region) => ({ region: region.letter, ...edgeOf(region.facts()) }))
    const payments = new Payments(wallets, new Edges(edges, nowMs), record, nowMs)
    this.#payments = payments
    const watches = regions.map((region) => new ProcessWatch(region, this.#timeline))
    for (const watch of watches) watch.start()
    try {
      if (regions.length > 1) await this.#connectOwners()
      await this.#underLoad(payments, wallets)
    } finally {
      for (const watch of watches) watch.stop()
      await this.#owners?.stop()
      await Promise.all([...this.#controls.values()].map((control) => control.close()))
    }
    this.#timeline.add('phase', 'verify')
    await settle(payments, settleWithinMs)
    const possiblyLost = new Set(payments.all.filter((payment) => isAcknowledged(payment) && this.#mayBeLost(payment)))
    this.#figures.asked_again = await askAgain(
      payments.all.filter((payment) => !possiblyLost.has(payment)),
      payments,
      ({ sentAtMs }) => this.#isAroundFault(sentAtMs),
    )
    const before = { openingFen: wallets.map(() => openingFen), totals }
    this.#verified = await verify(this.#site, wallets, payments.all, before, possiblyLost)
    await record.close()
  }

  async #connectOwners(): Promise<void> {
    this.#owners = new OwnerWatch(this.#timeline)
    await this.#owners.start(this.#site.regions)
    for (const region of this.#site.regions) {
      this.#controls.set(region.letter, await RegionControl.connect(region.letter, region.facts().nats))
    }
  }

  async #underLoad(payments: Payments, wallets: readonly DrillWallet[]): Promise<void> {
    const load = new SteadyLoad(payments, wallets, this.#o.perSecond, seededRandom(Date.now()))
    const probes = new Probes(payments, wallets, this.#o.perSecond)
    const [baselineMs, afterMs] = this.#o.quick ? [6_000, 5_000] : [20_000, 20_000]
    try {
      this.#timeline.add('phase', 'baseline')
      load.start()
      probes.start()
      this.#baseline = await this.#baselineOf(payments, baselineMs)
      this.#timeline.add('phase', 'drill')
      await this.#practise(this.#field(payments, this.#baseline))
      this.#timeline.add('phase', 'after')
      await this.#heal()
      await sleep(afterMs)
    } finally {
      await this.#heal()
      const ended = Promise.all([load.stop(), probes.stop()])
      await Promise.race([ended, sleep(endWithinMs, undefined, { ref: false })])
      payments.callOff()
      await ended
      this.#figures.held_back = load.heldBack
    }
  }

  /** A drill that breaks off leaves shards where they do not belong: the next one must find what this one found. */
  async #practise(field: Field): Promise<void> {
    const before = this.#owners === undefined ? undefined : await homesOf(field)
    try {
      await this.#drill.run(field)
    } catch (error) {
      await this.#heal()
      if (before !== undefined) await failBack(field, before).catch(() => undefined)
      throw error
    }
  }

  async #heal(): Promise<void> {
    for (const failure of await this.#o.heals.all()) {
      this.#checks.push({ name: 'everything that was done was undone', verdict: 'fail', detail: failure })
    }
  }

  /**
   * The first half warms up and counts for nothing. Processes that have just begun are slow at first, and so is a
   * machine that is busy: they get more time to come to the full load before anything is done to them.
   */
  async #baselineOf(payments: Payments, baselineMs: number): Promise<Baseline> {
    const deadlineMs = this.#timeline.nowMs() + baselineWithinMs
    for (;;) {
      await sleep(baselineMs)
      const untilMs = this.#timeline.nowMs() - 200
      const window = { fromMs: untilMs - baselineMs / 2, untilMs }
      const sent = payments.all.filter(({ sentAtMs }) => sentAtMs >= window.fromMs && sentAtMs <= untilMs)
      const p50Ms = percentileMs(sent, window, 0.5)
      const p99Ms = percentileMs(sent, window, 0.99)
      const answered = sent.filter((payment) => finalAnswer(payment) !== undefined).length
      const perSecond = answered / ((untilMs - window.fromMs) / 1_000)
      if (this.#timeline.nowMs() < deadlineMs && perSecond < this.#o.perSecond) continue
      if (p50Ms === undefined || p99Ms === undefined || answered < sent.length / 2) {
        throw new NotDemonstrated('too little was answered before the fault')
      }
      this.#checks.push({
        name: `the load was at least ${this.#o.perSecond} payments a second before the fault`,
        verdict: perSecond >= this.#o.perSecond ? 'pass' : 'unknown',
        detail: `${perSecond.toFixed(0)} a second answered, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
      })
      return { perSecond, p50Ms, p99Ms, lateMs: Math.max(lateMsMin, lateFactor * p99Ms) }
    }
  }

  #field(payments: Payments, baseline: Baseline): Field {
    const timeline = this.#timeline
    const site = this.#site
    const allShards = new Set(Array.from({ length: site.shardCount }, (_, shard) => shard))
    return {
      site,
      timeline,
      quick: this.#o.quick,
      payments: payments.all,
      lateMs: baseline.lateMs,
      strike: async (name, strike, heal) => {
        const window = timeline.beginFault(name)
        const healed = this.#o.heals.owe(name, async () => {
          await heal()
          timeline.endFault(window)
        })
        await strike()
        return healed
      },
      check: (name, holds, detail) => {
        this.#checks.push({ name, verdict: holds ? 'pass' : 'fail', detail })
      },
      mayBeLost: (which) => {
        this.#mayBeLost = which
      },
      figure: (name, value) => {
        this.#figures[name] = value
      },
      effect: (holds, detail) => {
        this.#checks.push({ name: 'what was done took effect', verdict: holds ? 'pass' : 'unknown', detail })
      },
      owner: (shard) => this.#owners?.of(shard),
      control: (region) => {
        const control = this.#controls.get(region)
        if (control === undefined) throw new Error(`there is no region ${region} to ask`)
        return control
      },
      served: (withinMs, shards = allShards) => servedSince(payments.all, timeline, shards, withinMs),
      sleep: (ms) => sleep(ms),
    }
  }

  #isAroundFault(atMs: number): boolean {
    return this.#timeline.faults.some(
      ({ fromMs, untilMs }) => atMs >= fromMs - aroundFaultMs && atMs <= (untilMs ?? fromMs) + aroundFaultMs,
    )
  }

  #result(): DrillResult {
    const { name, title, claim } = this.#drill
    const payments = this.#payments?.all ?? []
    const recovery = this.#baseline && recoveryOf(this.#timeline, payments, this.#baseline.lateMs)
    const checks = [...this.#checks, ...(this.#verified?.checks ?? []), ...boundChecks(this.#drill, recovery)]
    return {
      name,
      title,
      claim,
      startedAt: this.#timeline.startedAt,
      seconds: Math.round(this.#timeline.nowMs() / 100) / 10,
      regions: this.#site.regions.map(({ letter }) => letter),
      shardCount: this.#site.shardCount,
      perSecond: this.#o.perSecond,
      verdict: verdictOf(checks),
      checks,
      figures: this.#figures,
      notes: this.#notes,
      ...(this.#baseline && { baseline: this.#baseline }),
      ...(recovery && { recovery }),
      ...(this.#verified && { sets: this.#verified.sets }),
      possiblyLost: this.#verified?.possiblyLost ?? [],
      money: this.#verified?.money ?? [],
      payments,
      events: this.#timeline.events,
      faults: this.#timeline.faults,
      ownerships: this.#timeline.ownerships,
    }
  }
}

const edgeOf = ({ edgeUrl, caFile }: { edgeUrl: string; caFile: string }): { url: string; caFile: string } => ({
  url: edgeUrl,
  caFile,
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
