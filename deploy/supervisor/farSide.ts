import { Child, type OnHopeless } from './child.ts'
import { childPlan, type FarSidePlan, sandboxPlans } from './plan.ts'
import { StartsUnderWay } from './startsUnderWay.ts'

/** The sandbox banks: one far side for all regions, in none of them. */
export class FarSide {
  readonly #children: Child[]
  readonly #progress: (line: string) => void
  readonly #starts = new StartsUnderWay()

  constructor(plan: FarSidePlan, progress: (line: string) => void, onHopeless: OnHopeless) {
    this.#progress = progress
    this.#children = sandboxPlans(plan).map((one) => new Child(childPlan(plan, one), onHopeless))
  }

  async start(): Promise<void> {
    for (const child of this.#children) child.start()
    const ready = this.#children.map(async (child) => {
      await child.ready()
      this.#progress(child.plan.name)
    })
    await this.#starts.track(Promise.all(ready))
  }

  pids(): Record<string, number> {
    return Object.fromEntries(this.#children.flatMap(({ plan, pid }) => (pid === undefined ? [] : [[plan.name, pid]])))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()))
    await this.#starts.ended()
  }

  kill(): void {
    for (const child of this.#children) child.kill()
  }
}
