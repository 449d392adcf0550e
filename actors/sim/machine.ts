import type { Chronicle } from './chronicle.ts'
import { SimClock, SimProcess } from './simProcess.ts'
import type { Site } from './site.ts'
import type { VirtualTime } from './virtualTime.ts'

export type MachineOptions = {
  name: string
  time: VirtualTime
  startMs: number
  chronicle: Chronicle
  site?: Site
  /** Starts the program of this machine in a process; `starts` counts from 1. */
  start: (process: SimProcess, starts: number) => void
}

/** A machine with a clock of its own, whose program is started again after it has died. */
export class Machine {
  readonly name: string
  readonly clock: SimClock
  starts = 0
  readonly #o: MachineOptions
  #process: SimProcess | undefined
  #lost = false

  constructor(options: MachineOptions) {
    this.name = options.name
    this.#o = options
    this.clock = new SimClock(options.time, options.startMs)
  }

  /** The program that runs now, if one does. */
  get process(): SimProcess | undefined {
    return this.#process?.alive ? this.#process : undefined
  }

  up(): void {
    const { time, chronicle, start, site } = this.#o
    // A machine of a region that is lost comes back with it.
    if (this.process !== undefined || this.#lost) return
    const onThrow = (error: unknown): void => {
      chronicle.violation(`${this.name} threw: ${error instanceof Error ? error.stack : String(error)}`)
    }
    const process = new SimProcess(this.name, time, this.clock, onThrow, site)
    this.#process = process
    this.starts += 1
    process.do(() => start(process, this.starts))
  }

  /** Drains, ends, and is started again. */
  restart(drainMs: number): void {
    const process = this.process
    if (process === undefined) return
    process.stop()
    this.#o.time.after(drainMs, () => {
      process.kill()
      this.up()
    })
  }

  /** Dies with all of its region, and stays dead until that is found again. */
  lose(): void {
    this.#process?.kill()
    this.#lost = true
  }

  find(): void {
    this.#lost = false
    this.up()
  }

  /** Dies at once, cleans nothing up, and is started again after a while. */
  crash(restartAfterMs: number): void {
    this.#process?.kill()
    this.#o.time.after(restartAfterMs, () => this.up())
  }
}
