import type { Site } from './site.ts'
import type { VirtualTime } from './virtualTime.ts'

/** A clock that may be wrong: virtual time from the world's first moment on, and a step. */
export class SimClock {
  offsetMs = 0
  readonly #time: VirtualTime
  readonly #startMs: number

  constructor(time: VirtualTime, startMs: number) {
    this.#time = time
    this.#startMs = startMs
  }

  /** Unix ms. */
  nowMs(): number {
    return this.#startMs + this.#time.nowMs + this.offsetMs
  }
}

/**
 * A process of the simulated world. What it scheduled or awaits is carried out only while it lives; while it is paused
 * it waits. A killed process does nothing more, not even clean up.
 */
export class SimProcess {
  readonly name: string
  readonly time: VirtualTime
  readonly clock: SimClock
  /** Where it runs; undefined for what belongs to no region. */
  readonly site: Site | undefined
  alive = true
  #pausedUntilMs = 0
  #cutUntilMs = 0
  readonly #onKill: (() => void)[] = []
  readonly #onStop: (() => void)[] = []
  readonly #onThrow: (error: unknown) => void

  constructor(name: string, time: VirtualTime, clock: SimClock, onThrow: (error: unknown) => void, site?: Site) {
    this.site = site
    this.name = name
    this.time = time
    this.clock = clock
    this.#onThrow = onThrow
  }

  get paused(): boolean {
    return this.time.nowMs < this.#pausedUntilMs
  }

  /** True while neither messages nor the logs reach it: it is cut off by itself, or its region's server is down. */
  get cutOff(): boolean {
    return this.time.nowMs < this.#cutUntilMs || this.site?.down === true
  }

  cut(forMs: number): void {
    this.#cutUntilMs = Math.max(this.#cutUntilMs, this.time.nowMs + forMs)
  }

  join(): void {
    this.#cutUntilMs = 0
  }

  after(delayMs: number, work: () => void): () => void {
    return this.time.after(delayMs, () => this.do(work))
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve)
    })
  }

  /** A promise that settles as this process does things: now, when it wakes, or never. */
  promise<T>(begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    return new Promise((resolve, reject) =>
      begin(
        (value) => this.do(() => resolve(value)),
        (error) => this.do(() => reject(error)),
      ),
    )
  }

  /** Does something as this process: now, when it wakes, or never. */
  do(work: () => void): void {
    if (!this.alive) return
    if (this.paused) {
      this.time.after(this.#pausedUntilMs - this.time.nowMs, () => this.do(work))
      return
    }
    try {
      work()
    } catch (error) {
      this.#onThrow(error)
    }
  }

  pause(forMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.time.nowMs + forMs)
  }

  wake(): void {
    this.#pausedUntilMs = 0
  }

  /** What the world cleans up after it, as an operating system does. */
  onKill(work: () => void): void {
    this.#onKill.push(work)
  }

  /** What the program does when it is asked to end. */
  onStop(work: () => void): void {
    this.#onStop.push(work)
  }

  /** Asks the program to end: it drains, as far as it gets before it is killed. */
  stop(): void {
    for (const work of this.#onStop) this.do(work)
  }

  kill(): void {
    if (!this.alive) return
    this.alive = false
    for (const work of this.#onKill) work()
  }
}
