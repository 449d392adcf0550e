import type { RegionSite } from '../site/regionSite.ts'
import type { Timeline } from './timeline.ts'

const pollEveryMs = 250
const pollTimeoutMs = 1_000
const stoodStillMs = 300
/** One slow answer on a busy machine is no alert. */
const failuresToAlert = 2

type State = { failures: number; alerting: boolean }

/**
 * Asks every process of a region how it is, as its supervisor and its probes do, and raises an alert when one does not
 * answer or says that it does not do its work.
 */
export class ProcessWatch {
  readonly #site: RegionSite
  readonly #timeline: Timeline
  readonly #states = new Map<string, State>()
  #timer: NodeJS.Timeout | undefined
  #polling = false

  constructor(site: RegionSite, timeline: Timeline) {
    this.#site = site
    this.#timeline = timeline
  }

  start(): void {
    this.#timer = setInterval(() => void this.#poll(), pollEveryMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Names of processes that do not do their work now. */
  get alerting(): string[] {
    return [...this.#states].filter(([, { alerting }]) => alerting).map(([name]) => name)
  }

  async #poll(): Promise<void> {
    if (this.#polling) return
    this.#polling = true
    try {
      const beganMs = performance.now()
      const urls = [...this.#urls()]
      const answers = await Promise.all(urls.map(([, url]) => ask(url)))
      // Who stood still himself heard nobody, and knows nothing of them.
      if (performance.now() - beganMs > pollTimeoutMs + stoodStillMs) return
      for (const [i, [name]] of urls.entries()) this.#take(name, answers[i])
    } finally {
      this.#polling = false
    }
  }

  #last = new Map<string, string>()

  #urls(): Map<string, string> {
    try {
      const urls = new Map([...this.#site.statusUrls()].map(([name, url]) => [name, `${url}/readyz`]))
      this.#last = urls.set('nats-server', `${this.#site.facts().nats.monitorUrl}/healthz`)
    } catch {
      // The whole region is down, and its files with it: what was last known is still asked for.
    }
    return this.#last
  }

  #take(name: string, why: string | undefined): void {
    const state = this.#states.get(name) ?? { failures: 0, alerting: false }
    this.#states.set(name, state)
    state.failures = why === undefined ? 0 : state.failures + 1
    if (why === undefined && state.alerting) {
      state.alerting = false
      this.#timeline.add('clear', `region ${this.#site.letter}: ${name} does its work`)
    } else if (state.failures === failuresToAlert && !state.alerting) {
      state.alerting = true
      this.#timeline.alert(`region ${this.#site.letter}: ${name} ${why}`)
    }
  }
}

/** @returns what is wrong, undefined when nothing is */
async function ask(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(pollTimeoutMs) })
    await response.body?.cancel()
    return response.ok ? undefined : 'says that it is not ready'
  } catch {
    return 'does not answer'
  }
}
