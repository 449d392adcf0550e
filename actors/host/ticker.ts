import type { HostPorts } from './ports.ts'

/** How often a leader looks whether something is due, and how soon again after it has said so. */
const lookEveryMs = 250
const lookSoonMs = 20
const appendTimeoutMs = 5_000

export type TickerOptions = {
  /** Log time at which the next thing falls due in this shard, infinite when nothing ever does. */
  readonly nextDueMs: () => number
  /** Appends a tick to the shard's log; true when it is stored. */
  readonly append: (timeoutMs: number) => Promise<boolean>
  readonly ports: Pick<HostPorts, 'nowMs' | 'after' | 'onError'>
}

/**
 * Adds a frame that says nothing to a shard's log when something is due and no traffic moves log time on. It decides
 * nothing: two leaders add two frames, and a clock that runs ahead adds some for nothing.
 */
export class Ticker {
  readonly #o: TickerOptions
  #cancel: (() => void) | undefined
  /** Counts starts and stops: what was scheduled before one of them schedules nothing more. */
  #run = 0

  constructor(options: TickerOptions) {
    this.#o = options
  }

  start(): void {
    this.stop()
    this.#schedule(lookEveryMs, this.#run)
  }

  #schedule(delayMs: number, run: number): void {
    if (run === this.#run) this.#cancel = this.#o.ports.after(delayMs, () => this.#look(run))
  }

  #look(run: number): void {
    const { ports, nextDueMs, append } = this.#o
    if (nextDueMs() > ports.nowMs()) {
      this.#schedule(lookEveryMs, run)
      return
    }
    append(appendTimeoutMs).then(
      (stored) => this.#schedule(stored ? lookSoonMs : lookEveryMs, run),
      (error: unknown) => ports.onError(error),
    )
  }

  stop(): void {
    this.#run += 1
    this.#cancel?.()
  }
}
