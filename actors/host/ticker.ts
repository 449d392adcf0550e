import type { HostPorts } from './ports.ts'

/** How often a leader looks whether something is due, and how soon again when more is due than one frame carries out. */
const lookEveryMs = 250
const lookSoonMs = 20
/** A tick that found nothing due was too early: the looks behind it are this far apart at most. */
const lookRarelyMs = 4_000
/** A leader that began on an idle log finds out after so long what log time it is, so that the day ends there too. */
const learnAfterMs = 60_000
const appendTimeoutMs = 5_000

export type TickerOptions = {
  /** Log time at which the next thing falls due in this shard, infinite when nothing ever does. */
  readonly nextDueMs: () => number
  /** Log time at which the business day of the newest frame is over. */
  readonly dayEndMs?: () => number
  /** Log time of what was applied last. */
  readonly logTimeMs: () => number
  /** Appends a tick to the shard's log; true when it is stored. */
  readonly append: (timeoutMs: number) => Promise<boolean>
  readonly ports: Pick<HostPorts, 'monotonicMs' | 'after' | 'onError'>
}

/**
 * Adds a frame that says nothing to a shard's log when something is due, or a business day is over, and no traffic moves
 * log time on: what was written on a day is complete once the shard's log time has passed it. It decides
 * nothing, and asks no wall clock: log time now is the newest that was applied, and what has passed since.
 */
export class Ticker {
  readonly #o: TickerOptions
  #cancel: (() => void) | undefined
  /** Counts starts and stops: what was scheduled before one of them schedules nothing more. */
  #run = 0
  #newestMs = 0
  /** When log time moved last; undefined before that is known, as it is where a leader begins on an idle log. */
  #movedAtMs: number | undefined
  #againMs = lookEveryMs
  #startedAtMs = 0

  constructor(options: TickerOptions) {
    this.#o = options
  }

  start(): void {
    this.stop()
    this.#newestMs = this.#o.logTimeMs()
    this.#movedAtMs = undefined
    this.#startedAtMs = this.#o.ports.monotonicMs()
    this.#schedule(lookEveryMs, this.#run)
  }

  #schedule(delayMs: number, run: number): void {
    if (run === this.#run) this.#cancel = this.#o.ports.after(delayMs, () => this.#look(run))
  }

  #look(run: number): void {
    const { ports, nextDueMs, append } = this.#o
    const [dueMs, latestMs] = [nextDueMs(), this.#latestLogTimeMs()]
    const isDue = dueMs !== Number.POSITIVE_INFINITY && dueMs <= latestMs
    if (!isDue && !this.#dayIsOver(latestMs)) {
      this.#againMs = lookEveryMs
      this.#schedule(lookEveryMs, run)
      return
    }
    append(appendTimeoutMs).then(
      (stored) => this.#schedule(stored ? this.#afterTickMs() : lookEveryMs, run),
      (error: unknown) => ports.onError(error),
    )
  }

  #dayIsOver(latestMs: number): boolean {
    const { ports, dayEndMs } = this.#o
    if (dayEndMs === undefined) return false
    if (latestMs !== Number.POSITIVE_INFINITY) return latestMs >= dayEndMs()
    return ports.monotonicMs() - this.#startedAtMs >= learnAfterMs
  }

  /** What log time may be by now: infinite while nobody can tell. */
  #latestLogTimeMs(): number {
    const { logTimeMs, ports } = this.#o
    const newestMs = logTimeMs()
    if (newestMs !== this.#newestMs) {
      this.#newestMs = newestMs
      this.#movedAtMs = ports.monotonicMs()
    }
    if (this.#movedAtMs === undefined) return Number.POSITIVE_INFINITY
    return newestMs + ports.monotonicMs() - this.#movedAtMs
  }

  /** Where the log's clock went back, or none of it is known, ticks must not fill the log. */
  #afterTickMs(): number {
    const { nextDueMs, logTimeMs } = this.#o
    if (nextDueMs() <= logTimeMs()) {
      this.#againMs = lookEveryMs
      return lookSoonMs
    }
    const againMs = this.#againMs
    this.#againMs = Math.min(2 * againMs, lookRarelyMs)
    return againMs
  }

  stop(): void {
    this.#run += 1
    this.#cancel?.()
  }
}
