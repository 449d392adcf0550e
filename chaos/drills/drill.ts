import type { RegionControl } from './site/control.ts'
import type { Site } from './site/site.ts'
import type { Payment } from './traffic/payment.ts'
import type { OwnerSeen } from './watch/ownerWatch.ts'
import type { Timeline } from './watch/timeline.ts'

/** What a drill works with while its load runs. */
export type Field = {
  readonly site: Site
  readonly timeline: Timeline
  readonly quick: boolean
  /** Everything that was asked for so far. */
  readonly payments: readonly Payment[]
  /** What the baseline showed; a probe that waits longer than `lateMs` counts as not served. */
  readonly lateMs: number
  /**
   * Does something to the installation and opens its window on the timeline. It is undone by what this returns, and
   * at the drill's end if that was not called, however the drill ends.
   */
  strike(name: string, strike: () => Promise<void>, heal: () => Promise<void>): Promise<() => Promise<void>>
  /** One line of the report: whether something that was to be so was so. */
  check(name: string, holds: boolean, detail: string): void
  /** Whether what was done to the installation showed at all: without that the drill is not demonstrated. */
  effect(holds: boolean, detail: string): void
  /** In a drill that may lose payments: which ones may be missing in the end. All others must be there. */
  mayBeLost(which: (payment: Payment) => boolean): void
  /** A number of the report, its unit in the name. */
  figure(name: string, value: number): void
  /** What the regions say of a shard's owner, undefined in an installation of one region. */
  owner(shard: number): OwnerSeen | undefined
  /** Asks a region's replicas, as operators do. */
  control(region: string): RegionControl
  /** Waits until every shard, or those given, serves probes that were sent from now on. */
  served(withinMs: number, shards?: ReadonlySet<number>): Promise<void>
  sleep(ms: number): Promise<void>
}

export type Drill = {
  readonly name: string
  /** What happens, in one line. */
  readonly title: string
  /** What must be so however it goes. */
  readonly claim: string
  readonly regions: 1 | 2
  /** Sets the wall clocks of processes, which must read them through a library for that. */
  readonly setsClocks?: boolean
  /** Ends or stops processes, or cuts links: nothing to do to an installation that people use without saying so. */
  readonly dangerous: boolean
  /** From the fault to the last shard's return, as its clients see it. */
  readonly recoveryMsMax?: number
  /** From the operator's word to there. */
  readonly afterWordMsMax?: number
  run(field: Field): Promise<void>
}
